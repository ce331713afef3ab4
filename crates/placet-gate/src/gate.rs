//! The gate: one way for a call, wherever it is decided.

use std::sync::Arc;
use std::time::Duration;

use placet::Object;
use placet::core::mode::Treatment;
use placet::{
    Action, ActionId, ApprovalId, Config, Guard, LogPlace, Mode, Notice, Outcome, PolicySource,
    ToolName, Verdict,
};
use placet_client::Client;
use zeroize::Zeroizing;

use crate::call::{Call, Course};
use crate::error::GateError;
use crate::{daemon, here};

/// How long a log is waited for that another process has: as long as a few short-lived ones need, also
/// on a machine that does much else.
const LOG_IN_USE: Duration = Duration::from_secs(12);

/// How often it is looked whether a log is free.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Where a gate is to decide: at a daemon if one is named and answers, else in the log.
#[derive(Clone, Default)]
pub struct GateConfig {
    /// The daemon's URL, with the key of an agent.
    pub daemon: Option<(String, Zeroizing<String>)>,
    /// The log to open where no daemon answers.
    pub log: Option<LogPlace>,
    /// The policy for that log.
    pub policy: PolicySource,
    /// Whether nothing is ever stopped: what goes wrong lets the call through, and so does a verdict
    /// wherever the policy permits it.
    pub is_shadow: bool,
}

impl std::fmt::Debug for GateConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = self.daemon.as_ref().map(|(url, _)| url);
        write!(f, "GateConfig(daemon: {url:?}, log: {:?})", self.log)
    }
}

/// Where calls are decided. Clones share it.
#[derive(Clone)]
pub struct Gate {
    place: Place,
    is_shadow: bool,
    /// Where the pages of the console begin, for a log of its own.
    console: Option<Arc<str>>,
}

#[derive(Clone)]
enum Place {
    Here(Guard),
    Daemon(Arc<Client>),
}

impl Gate {
    /// Finds the daemon or opens the log. Blocks meanwhile; a log that another process has open is
    /// waited for a few seconds.
    ///
    /// # Errors
    /// When there is neither.
    pub fn open(config: GateConfig) -> Result<Self, GateError> {
        let GateConfig { daemon, log, policy, is_shadow } = config;
        let client = daemon.map(|(url, key)| Client::new(&url, &key)).transpose()?;
        let place = match (client, log) {
            (Some(client), None) => Place::Daemon(Arc::new(client)),
            (Some(client), Some(_)) if client.answers() => Place::Daemon(Arc::new(client)),
            (_, Some(log)) => Place::Here(open_log(&Config { policy, log })?),
            (None, None) => return Err(GateError::Nowhere),
        };
        Ok(Self { place, is_shadow, console: None })
    }

    /// A gate at a guard that is open already, with the console in which people answer, if there is
    /// one: `http://127.0.0.1:4747/console`.
    #[must_use]
    pub fn at(guard: Guard, is_shadow: bool, console: Option<&str>) -> Self {
        Self { place: Place::Here(guard), is_shadow, console: console.map(Arc::from) }
    }

    /// The daemon's URL; none where it decides in a log of its own.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match &self.place {
            Place::Here(_) => None,
            Place::Daemon(client) => Some(client.url()),
        }
    }

    /// Decides on a call and makes the decision durable.
    ///
    /// # Errors
    /// When that failed; then the call is not permitted. A gate in shadow has no such error.
    pub async fn propose(&self, action: &Action) -> Result<Call, GateError> {
        self.propose_with(action, &[]).await
    }

    async fn propose_with(&self, action: &Action, notices: &[Notice]) -> Result<Call, GateError> {
        if !self.is_shadow {
            return self.propose_as(action, Treatment::Binding, notices).await;
        }
        let error = match self.propose_as(action, Treatment::Shadow, notices).await {
            Ok(call) => return Ok(call),
            Err(error) => error,
        };
        // A policy that permits no shadow binds here too. Anything else stops nobody.
        let bound = match error.is_refusal() {
            true => self.propose_as(action, Treatment::Binding, notices).await,
            false => Err(error),
        };
        Ok(bound.unwrap_or_else(|error| unrecorded(action, &error)))
    }

    /// The same for a call that a person has to approve in any case, unless nothing is ever stopped
    /// here, and who is shown why. In a log of its own that is the gate's word; at a daemon, which knows
    /// only an agent's key, it is a claim in the context of the action.
    ///
    /// # Errors
    /// As [`Gate::propose`].
    pub async fn propose_gated(
        &self,
        action: &Action,
        notices: &[Notice],
    ) -> Result<Call, GateError> {
        if self.is_shadow || self.mode(action).await? == Mode::Shadow {
            return self.propose_with(action, notices).await;
        }
        self.propose_as(action, Treatment::Gated, notices).await
    }

    /// Whether nothing is ever stopped here: because it is to look on only, or because the policy for
    /// this action is in shadow. Where nobody can say, something is.
    pub async fn stops_nobody(&self, action: &Action) -> bool {
        self.is_shadow || matches!(self.mode(action).await, Ok(Mode::Shadow))
    }

    /// Takes down what cannot be judged, as an action that says so in its place, and what it goes on
    /// with where nothing is stopped; none where it must not go on. Nobody is asked for it.
    pub async fn note(&self, action: &Action) -> Option<Call> {
        let noted = if self.is_shadow {
            match self.propose_as(action, Treatment::Shadow, &[]).await {
                // A policy that permits no shadow binds here too, unless it is in shadow itself.
                Err(error) if error.is_refusal() => {
                    self.propose_as(action, Treatment::Unasked, &[]).await
                }
                noted => noted,
            }
        } else if self.stops_nobody(action).await {
            self.propose_as(action, Treatment::Unasked, &[]).await
        } else {
            return None;
        };
        let call = noted.unwrap_or_else(|error| unrecorded(action, &error));
        call.is_lenient.then_some(call)
    }

    /// A call that goes on although it was not decided on, because nothing is stopped here.
    ///
    /// # Errors
    /// The one that kept it from being decided on, where something is.
    pub async fn pass_undecided(
        &self,
        action: &Action,
        error: GateError,
    ) -> Result<Call, GateError> {
        if error.is_silence() && !self.is_shadow {
            return Err(error);
        }
        // What cannot be decided on cannot be asked about either.
        let about = Action {
            tenant: action.tenant.clone(),
            agent: action.agent.clone(),
            ..Action::new(action.tool.clone(), Object::new())
        };
        match self.stops_nobody(&about).await {
            true => Ok(unrecorded(action, &error)),
            false => Err(error),
        }
    }

    /// The mode that the policy has for an action.
    ///
    /// # Errors
    /// When the daemon does not say.
    pub async fn mode(&self, action: &Action) -> Result<Mode, GateError> {
        match &self.place {
            Place::Here(guard) => Ok(guard.policy().terms().mode),
            Place::Daemon(client) => {
                let action = action.clone();
                asked(client, move |client| daemon::mode(client, &action)).await
            }
        }
    }

    async fn propose_as(
        &self,
        action: &Action,
        treatment: Treatment,
        notices: &[Notice],
    ) -> Result<Call, GateError> {
        let mut call = match &self.place {
            Place::Here(guard) => here::propose(guard, action, treatment, notices).await?,
            Place::Daemon(client) => {
                let (action, notices) = (action.clone(), notices.to_vec());
                let proposed =
                    move |client: &Client| daemon::propose(client, &action, treatment, &notices);
                asked(client, proposed).await?
            }
        };
        self.place_page(&mut call);
        let is_shadow =
            call.mode == Mode::Shadow && treatment != Treatment::Gated && !action.enforce;
        call.is_lenient =
            call.verdict == Verdict::Allow && (is_shadow || treatment == Treatment::Shadow);
        Ok(call)
    }

    fn place_page(&self, call: &mut Call) {
        if let (Place::Here(_), Some(id), Some(held)) = (&self.place, call.id, &mut call.approval) {
            held.url = self.page(id);
        }
    }

    /// Where people answer a held action, if there is such a place.
    #[must_use]
    pub fn page(&self, id: ActionId) -> Option<String> {
        match &self.place {
            Place::Here(_) => Some(format!("{}/actions/{id}", self.console.as_ref()?)),
            Place::Daemon(client) => Some(daemon::page(client, id)),
        }
    }

    /// Waits until people have answered a held call, at most as long as `time`.
    ///
    /// # Errors
    /// When the action is not there, or cannot be read.
    pub async fn wait(&self, call: &Call, time: Duration) -> Result<Course, GateError> {
        let id = call.id.ok_or(GateError::NotPermitted)?;
        self.course(id, &call.tool, &call.params, time).await
    }

    /// Says how far a call is that was held under this id, waiting at most as long as `time` for
    /// people to answer. Whether it is that very call turns out when it is redeemed.
    ///
    /// # Errors
    /// When the action is not there, or cannot be read.
    pub async fn course(
        &self,
        id: ActionId,
        tool: &ToolName,
        params: &Object,
        time: Duration,
    ) -> Result<Course, GateError> {
        let (tool, params) = (tool.clone(), params.clone());
        match &self.place {
            Place::Here(guard) => here::course(guard, id, tool, params, time).await,
            Place::Daemon(client) => {
                asked(client, move |client| daemon::course(client, id, tool, params, time)).await
            }
        }
    }

    /// Spends what permits a call, once, for exactly these params. Only then it may go on.
    ///
    /// # Errors
    /// When nothing permits it any more.
    pub async fn redeem(&self, call: &Call) -> Result<(), GateError> {
        if !call.is_permitted {
            return Err(GateError::NotPermitted);
        }
        let Some(id) = call.id else { return Ok(()) };
        let redeemed = match &self.place {
            Place::Here(guard) => here::redeem(guard, id, call).await,
            Place::Daemon(client) => {
                let call = call.clone();
                asked(client, move |client| daemon::redeem(client, &call)).await
            }
        };
        if call.is_lenient { Ok(()) } else { redeemed }
    }

    /// Says what came of a call that went on.
    ///
    /// # Errors
    /// When that was not recorded; the log then shows it in doubt.
    pub async fn conclude(
        &self,
        id: ActionId,
        outcome: Outcome,
        detail: &str,
    ) -> Result<(), GateError> {
        match &self.place {
            Place::Here(guard) => Ok(guard.conclude(id, outcome, detail).await.map(drop)?),
            Place::Daemon(client) => {
                let detail = detail.to_owned();
                asked(client, move |client| daemon::conclude(client, id, outcome, &detail)).await
            }
        }
    }

    /// Takes a held call back that nobody waits for any more.
    ///
    /// # Errors
    /// When that was not recorded; its deadline ends it then.
    pub async fn withdraw(&self, approval: ApprovalId) -> Result<(), GateError> {
        match &self.place {
            Place::Here(guard) => Ok(guard.withdraw(approval).await.map(drop)?),
            Place::Daemon(client) => {
                asked(client, move |client| daemon::withdraw(client, approval)).await
            }
        }
    }
}

/// Asks a daemon on a thread that may block.
async fn asked<T: Send + 'static>(
    client: &Arc<Client>,
    ask: impl FnOnce(&Client) -> Result<T, GateError> + Send + 'static,
) -> Result<T, GateError> {
    let client = Arc::clone(client);
    let asked = tokio::task::spawn_blocking(move || ask(&client)).await;
    asked.unwrap_or(Err(GateError::Dropped))
}

/// Opens a log, also when others open it for a moment now and then.
fn open_log(config: &Config) -> Result<Guard, GateError> {
    let until = std::time::Instant::now() + LOG_IN_USE;
    loop {
        match Guard::open(config.clone()).map_err(GateError::from) {
            Err(error) if error.is_in_use() && std::time::Instant::now() < until => {
                std::thread::sleep(LOOK_AGAIN);
            }
            opened => return opened,
        }
    }
}

/// What shadow lets through although nothing could be recorded.
fn unrecorded(action: &Action, error: &GateError) -> Call {
    Call {
        id: None,
        tool: action.tool.clone(),
        params: action.params.clone(),
        is_edited: false,
        verdict: Verdict::Allow,
        would_have: None,
        mode: Mode::Shadow,
        reasons: vec![format!("not recorded: {error}")],
        approval: None,
        is_permitted: true,
        is_lenient: true,
        warrant: None,
    }
}
