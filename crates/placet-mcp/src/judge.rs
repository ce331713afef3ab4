//! The judgement of a call: whether it goes on to its server.

mod beside;
mod late;
mod notices;
mod unjudged;
mod wait;
mod within;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use placet::policy::redact::Redactor;
use placet::{
    Action, ActionId, AgentId, Json, Object, Outcome, SessionId, TenantId, Timestamp, ToolName,
    Verdict, escape,
};
use placet_gate::{Call, Course, Gate, GateError};
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::client::Client;
use crate::held::{CallKey, Held, HeldCall};
use crate::limits::{CALL, DECIDE, FOREVER, HOLD};
use crate::message::{folded, imitates};
use crate::tools::{Book, Standing, Suspicion};
use within::Within;

/// What a state begins with that a client shows when it comes back (2026-07-28).
const STATE: &str = "placet:";

/// Longest text of somebody else that is repeated to a model.
const SHOWN: usize = 400;

/// What is said of a call whose tool is another than was judged.
const CHANGED: &str = "This call was not run: its tool has changed meanwhile. Make it again.";

/// How calls are judged.
#[derive(Clone, Debug)]
pub struct JudgeConfig {
    /// The server's name, where tools of several servers are told apart: its tool `t` is then
    /// `mcp__name__t`.
    pub server: Option<String>,
    /// The agent, where it is known; else what the client calls itself.
    pub agent: Option<AgentId>,
    /// On whose behalf.
    pub tenant: TenantId,
    /// What one client does from its start to its end.
    pub session: Option<SessionId>,
    /// How long a held call waits before the agent is told to come back.
    pub hold: Duration,
    /// How long a server may take for a call.
    pub call: Duration,
    /// How long it may take until a call is decided on. It does not run if that takes longer.
    pub decide: Duration,
    /// A folder in which the calls that wait are remembered for the next start. Only where all that
    /// comes in here comes from one client, or in sessions that are told apart.
    pub memory: Option<PathBuf>,
}

impl Default for JudgeConfig {
    fn default() -> Self {
        let (server, agent, tenant) = (None, None, TenantId::default());
        let (hold, call, decide) = (HOLD, CALL, DECIDE);
        Self { server, agent, tenant, session: session(), hold, call, decide, memory: None }
    }
}

/// Judges the calls of one client.
pub struct Judge {
    gate: Gate,
    config: JudgeConfig,
    held: Mutex<Held>,
}

/// What is known of the tool that a call is of.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) standing: Standing,
    /// What names it as its server lists it.
    pub(crate) digest: Option<String>,
    /// What is others about it than was vetted.
    pub(crate) difference: Object,
    /// What its server says of what it does. It can only tighten.
    pub(crate) annotations: Object,
    /// What in it is not what it seems, where nobody has vetted it.
    pub(crate) suspicions: Vec<Suspicion>,
    /// Whether its server runs it as a task and not otherwise (2025-11-25).
    pub(crate) is_always_task: bool,
}

/// A call that goes on.
pub(crate) struct Forward {
    pub(crate) action: Option<ActionId>,
    /// What a person put in the place of its arguments.
    pub(crate) edited: Option<Object>,
    /// Whether it goes on by permission, and not because nothing is stopped.
    pub(crate) binds: bool,
}

impl Known {
    /// Whether the tool is still the one that was judged.
    pub(crate) fn is_still(&self, book: &Book, name: &str) -> bool {
        book.digest(name) == self.digest.as_deref()
    }

    /// A tool of a book.
    pub(crate) fn of(book: &Book, name: &str) -> Self {
        let digest = book.digest(name).map(str::to_owned);
        let (standing, difference) = (book.standing(name), book.difference(name));
        let suspicions = match standing {
            Standing::Vetted => Vec::new(),
            _ => book.suspicions(name),
        };
        let (annotations, is_always_task) = (book.annotations(name), book.is_always_task(name));
        Self { standing, digest, difference, annotations, suspicions, is_always_task }
    }
}

/// A call as a client makes it.
#[derive(Clone, Debug)]
pub(crate) struct ToolCall {
    pub(crate) name: String,
    pub(crate) arguments: Object,
    /// What else the server is told with it, such as the answers to what it asked before.
    pub(crate) beside: Object,
    /// The held action that the client says it comes back for. Whether it may run is judged anew.
    pub(crate) comes_back_for: Option<ActionId>,
}

/// What permits a call, until it is spent.
pub(crate) struct Permit {
    call: Call,
    /// What was held, and permits the same call again where it could not be spent.
    held: Option<HeldCall>,
}

/// What is to become of a call.
pub(crate) enum Ruling {
    /// It may go on, once that is spent.
    Permitted(Box<Permit>),
    /// It goes on.
    Forward(Forward),
    /// It does not, and this is why.
    Refuse(String),
    /// Nobody wants it any more, and it was taken back.
    Cancelled,
    /// A person is to open a page, and the client is to come back with this state.
    Page(Value, String),
    /// It waits for people, and its client takes a task for it.
    Task(Box<Waiting>),
}

/// A call that waits for people.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) id: ActionId,
    tool: ToolName,
    /// When the answer is no, if nobody has answered.
    pub(crate) deadline: Timestamp,
    /// What asks its client to show a person the page, where it can.
    pub(crate) page: Option<Value>,
    /// What it waits for, in words.
    pub(crate) text: String,
}

impl Permit {
    fn of_held(call: Call, held: HeldCall) -> Box<Self> {
        Box::new(Self { call, held: Some(held) })
    }
}

impl ToolCall {
    /// Reads the params of a call, as strictly as they are judged.
    pub(crate) fn read(params: Option<&str>) -> Result<Self, String> {
        let text = params.ok_or("the params are missing")?;
        let json = Json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        let Json::Object(params) = json else { return Err("the params are no object".to_owned()) };
        let name = params.get("name").and_then(Json::as_str).ok_or("params.name is no text")?;
        let arguments = match params.get("arguments") {
            None => Object::new(),
            Some(Json::Object(arguments)) => arguments.clone(),
            Some(_) => return Err("params.arguments is no object".to_owned()),
        };
        if let Some((odd, _)) = params.iter().find(|(name, _)| imitates(name, &PARAMS)) {
            return Err(format!("params.{odd} could be taken for another param"));
        }
        if let Some(odd) = ambiguous(&arguments) {
            return Err(format!("{odd:?} is there twice to a server that reads either spelling"));
        }
        let state = params.get("requestState").and_then(Json::as_str);
        let comes_back_for = state.and_then(|state| state.strip_prefix(STATE)?.parse().ok());
        let mut beside = params.clone();
        for judged in ["name", "arguments"] {
            beside.remove(judged);
        }
        beside::reduce(&mut beside);
        if comes_back_for.is_some() {
            beside.remove("requestState");
            beside.remove("inputResponses");
        }
        Ok(Self { name: name.to_owned(), arguments, beside, comes_back_for })
    }
}

impl ToolCall {
    /// Whether its client wants a task for it, in the way of 2025-11-25.
    pub(crate) fn wants_task(&self) -> bool {
        self.beside.get("task").is_some_and(|task| task.as_object().is_some())
    }
}

impl Judge {
    /// A judge for one client, whose calls are decided at this gate.
    #[must_use]
    pub fn new(gate: Gate, config: JudgeConfig) -> Self {
        let held = Mutex::new(Held::open(config.memory.clone()));
        Self { gate, config, held }
    }

    /// How long a server may take for a call.
    pub(crate) fn call_time(&self) -> Duration {
        self.config.call
    }

    /// Judges a call of a tool of which this is known.
    pub(crate) async fn judge(&self, call: &ToolCall, known: &Known, ask: &mut Ask) -> Ruling {
        let ruled = self.ruled(call, known, ask).await;
        ruled.unwrap_or_else(|error| undecided(call, &error))
    }

    /// Waits for people in the place of a client that took a task for the call.
    pub(crate) async fn follow(
        &self,
        waiting: &Waiting,
        call: &ToolCall,
        known: &Known,
        ask: &mut Ask,
    ) -> Ruling {
        let Waiting { id, tool, .. } = waiting;
        let followed = self.wait(*id, tool, (call, known), None, FOREVER, ask).await;
        followed.unwrap_or_else(|error| undecided(call, &error))
    }

    /// Has the client of a call that waits come back instead.
    pub(crate) fn come_back(
        &self,
        waiting: &Waiting,
        (call, known): (&ToolCall, &Known),
        ask: &Ask,
    ) -> String {
        let key = self.key(&waiting.tool, call, ask.client());
        self.held().put(key, HeldCall { id: waiting.id, digest: known.digest.clone() });
        come_back(&waiting.id.approval().to_string(), self.gate.page(waiting.id).as_deref())
    }

    /// Takes back a call that nobody wants any more.
    pub(crate) async fn take_back(&self, waiting: &Waiting) {
        if let Err(error) = self.withdraw(waiting.id).await {
            tracing::warn!(id = %waiting.id, %error, "a call was not taken back");
        }
    }

    async fn withdraw(&self, id: ActionId) -> Result<(), GateError> {
        self.begin().time(self.gate.withdraw(id.approval())).await
    }

    /// The time that a decision has from now on.
    fn begin(&self) -> Within {
        Within::begin(self.config.decide)
    }

    async fn ruled(
        &self,
        call: &ToolCall,
        known: &Known,
        ask: &mut Ask,
    ) -> Result<Ruling, GateError> {
        let tool = match self.tool(&call.name) {
            Ok(tool) => tool,
            Err(why) => return Ok(self.unnameable(call, &why, ask.client()).await),
        };
        let key = self.key(&tool, call, ask.client());
        let within = self.begin();
        while let Some(id) = self.comes_back(key, call, known, ask.client(), within).await? {
            let course = self.gate.course(id, &tool, &call.arguments, Duration::ZERO);
            let course = within.time(course).await;
            let held = HeldCall { id, digest: known.digest.clone() };
            let course = match course {
                // It was remembered for another log.
                Err(error) if error.is_unknown() => {
                    self.held().forget(key, &held);
                    continue;
                }
                Err(error) => {
                    // It still waits, whatever has just gone wrong.
                    self.held().put(key, held);
                    return Err(error);
                }
                Ok(course) => course,
            };
            match course {
                Course::Pending => {
                    return self.wait(id, &tool, (call, known), None, self.config.hold, ask).await;
                }
                Course::Permitted(permitted) => {
                    return Ok(Ruling::Permitted(Permit::of_held(*permitted, held)));
                }
                // It ran, or came to nothing: this is another call.
                ended => {
                    self.held().forget(key, &held);
                    if let Course::Denied(reason) = ended {
                        return Ok(Ruling::Refuse(denied(&reason)));
                    }
                }
            }
        }
        let action = self.action(tool, call, ask.client(), known);
        let decided = self.decided(&action, known, within).await?;
        match (decided.is_permitted, decided.verdict, decided.id) {
            (true, ..) => Ok(Ruling::Permitted(Box::new(Permit { call: decided, held: None }))),
            (false, Verdict::RequireApproval, Some(id)) => {
                let hold = self.config.hold;
                self.wait(id, &action.tool, (call, known), Some(&decided), hold, ask).await
            }
            _ => Ok(Ruling::Refuse(format!("Blocked by policy: {}.", clip(&decided.because())))),
        }
    }

    /// What becomes of a call whose tool has a name that none can have.
    async fn unnameable(&self, call: &ToolCall, why: &str, client: &Client) -> Ruling {
        let arguments = Json::Object(call.arguments.clone()).canonical();
        let passed = self.let_pass(why, arguments.as_bytes(), client).await;
        passed.map_or_else(
            || Ruling::Refuse(format!("This call was not run: {why}.")),
            Ruling::Forward,
        )
    }

    /// The action that a call comes back for, if it does. For a tool that is another by now nobody has
    /// answered anything.
    async fn comes_back(
        &self,
        key: CallKey,
        call: &ToolCall,
        known: &Known,
        client: &Client,
        within: Within,
    ) -> Result<Option<ActionId>, GateError> {
        let Some(held) = self.held().take(key, call.comes_back_for) else { return Ok(None) };
        let withdrawn = async || within.time(self.gate.withdraw(held.id.approval())).await;
        // What was held before shadow began is not held any more.
        let is_in_shadow = async { Ok(self.is_in_shadow(client).await) };
        match within.time(is_in_shadow).await {
            Ok(false) => {}
            Ok(true) => {
                drop(withdrawn().await);
                self.held().forget(key, &held);
                return Ok(None);
            }
            Err(error) => {
                self.held().put(key, held);
                return Err(error);
            }
        }
        if held.digest == known.digest {
            return Ok(Some(held.id));
        }
        self.held().forget(key, &held);
        // Whatever becomes of it, it permits nothing here any more.
        if let Err(error) = withdrawn().await {
            tracing::warn!(id = %held.id, %error, "a call of another tool was not taken back");
        }
        Ok(None)
    }

    /// Spends what permits a call, so that it goes on. Whether its tool is still the one that was
    /// judged is to be known by then: what is spent is gone.
    pub(crate) async fn spend(
        &self,
        permit: &Permit,
        call: &ToolCall,
        is_still: bool,
        ask: &Ask,
    ) -> Ruling {
        let permitted = &permit.call;
        if ask.is_cancelled() {
            return Ruling::Cancelled;
        }
        if permitted.binds() && !is_still {
            return Ruling::Refuse(CHANGED.to_owned());
        }
        let redeemed = self.begin().time(self.gate.redeem(permitted)).await;
        match redeemed {
            // Where nothing is stopped it goes on, although nobody knows whether that is on record.
            Err(error) if permitted.binds() => {
                // Where nobody said no it may still be spent: whether it was, the log knows.
                if let (Some(held), false) = (&permit.held, error.is_final()) {
                    self.held().put(self.key(&permitted.tool, call, ask.client()), held.clone());
                }
                undecided(call, &error)
            }
            Ok(()) | Err(_) => {
                if permitted.id.is_none() {
                    let (tool, why) = (permitted.tool.as_str(), clip(&permitted.because()));
                    tracing::warn!(tool, why, "passed on without a record");
                }
                let edited = permitted.is_edited.then(|| permitted.params.clone());
                let (action, binds) = (permitted.id, permitted.binds());
                Ruling::Forward(Forward { action, edited, binds })
            }
        }
    }

    /// What becomes of a permitted call whose tool is another by now.
    pub(crate) async fn refuse_changed(&self, action: Option<ActionId>) -> Ruling {
        if let Some(action) = action {
            let detail = "its tool changed before it ran";
            self.conclude(action, Outcome::Failed, detail).await;
        }
        Ruling::Refuse(CHANGED.to_owned())
    }

    /// Says what came of a call that went on.
    pub(crate) async fn conclude(&self, id: ActionId, outcome: Outcome, detail: &str) {
        // The log replaces the secrets in it, but would not know one by the part that a cut leaves.
        let is_cut = detail.len() > SHOWN;
        let clean = is_cut.then(|| Redactor::default().scan_text(detail));
        let detail = escape::clipped(clean.as_deref().unwrap_or(detail), SHOWN);
        if let Err(error) = self.gate.conclude(id, outcome, &detail).await {
            tracing::warn!(%id, %error, "what came of a call was not recorded");
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, tool: &ToolName, call: &ToolCall, client: &Client) -> CallKey {
        let whose = (&self.config.tenant, self.config.agent.as_ref());
        CallKey::new(tool.as_str(), call, client, whose)
    }

    /// A tool's whole name.
    fn tool(&self, name: &str) -> Result<ToolName, String> {
        let whole = match &self.config.server {
            Some(server) => format!("mcp__{server}__{name}"),
            None => name.to_owned(),
        };
        ToolName::new(whole).map_err(|error| error.to_string())
    }

    fn action(&self, tool: ToolName, call: &ToolCall, client: &Client, known: &Known) -> Action {
        let claimed = || AgentId::new(client.name.as_deref()?).ok();
        Action {
            tenant: self.config.tenant.clone(),
            agent: self.config.agent.clone().or_else(claimed),
            session: self.config.session.clone(),
            context: Some(context(known, call)),
            ..Action::new(tool, call.arguments.clone())
        }
    }
}

/// A request to a client as part of an answer (2026-07-28).
fn elicitation(params: &Value) -> Value {
    json!({ "method": "elicitation/create", "params": params })
}

fn undecided(call: &ToolCall, error: &GateError) -> Ruling {
    tracing::warn!(tool = %escape::clipped(&call.name, SHOWN), %error, "not decided");
    Ruling::Refuse(format!("This call was not run: {}.", words(error)))
}

/// The params of a call that are known.
const PARAMS: [&str; 6] = ["name", "arguments", "_meta", "task", "inputResponses", "requestState"];

/// A name that stands twice in an object, but for how it is written: readers of JSON in some
/// languages take the last, whatever its spelling.
fn ambiguous(object: &Object) -> Option<String> {
    let mut names = BTreeSet::new();
    object.iter().find_map(|(name, value)| match names.insert(folded(name)) {
        true => ambiguous_in(value),
        false => Some(name.to_owned()),
    })
}

fn ambiguous_in(value: &Json) -> Option<String> {
    match value {
        Json::Object(object) => ambiguous(object),
        Json::Array(values) => values.iter().find_map(ambiguous_in),
        _ => None,
    }
}

/// What is on record beside the call: which tool it was, and what client and server say of it.
fn context(known: &Known, call: &ToolCall) -> Object {
    let mut mcp = Object::new();
    if let Some(digest) = &known.digest {
        mcp.insert("tool_digest".to_owned(), Json::String(digest.clone()));
    }
    if call.beside.iter().next().is_some() {
        mcp.insert("beside".to_owned(), Json::Object(call.beside.clone()));
    }
    if !known.annotations.is_empty() {
        mcp.insert("annotations".to_owned(), Json::Object(known.annotations.clone()));
    }
    let mut context = Object::new();
    context.insert("mcp".to_owned(), Json::Object(mcp));
    context
}

/// A name for what one client does from its start to its end.
pub(crate) fn session() -> Option<SessionId> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).ok()?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    SessionId::new(format!("mcp-{hex}")).ok()
}

fn denied(reason: &str) -> String {
    format!("A person denied this call: {}. Do not try it again.", clip(reason))
}

fn come_back(approval: &str, url: Option<&str>) -> String {
    let place = url.map(|url| format!(" at {url}")).unwrap_or_default();
    format!(
        "This call waits for a person's approval ({approval}){place}. It has not run. Once it is \
         approved, make exactly the same call again and it runs once."
    )
}

/// An error with its causes.
fn words(error: &GateError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    clip(&text)
}

pub(crate) fn clip(text: &str) -> String {
    escape::clipped(text, SHOWN)
}
