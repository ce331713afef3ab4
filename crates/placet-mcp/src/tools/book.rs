//! How the tools of one server stand: as vetted, new, or changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use placet::{Json, Object};

use super::definition::{Definition, Page};
use super::lock::Vetted;
use super::suspect::Suspicion;
use crate::limits::MAX_TOOLS;

/// The hints that say what a tool does.
const HINTS: [&str; 4] = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];

/// The parts of a definition that the protocol knows, with what the gateway calls them itself.
const PARTS: [&str; 9] = [
    "name",
    "title",
    "description",
    "inputSchema",
    "outputSchema",
    "annotations",
    "execution",
    "unreadable",
    SHOWN_TWICE,
];

/// What is others about a tool that clients were shown as two.
const SHOWN_TWICE: &str = "shown in two ways";

/// How a tool stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the one that was vetted.
    Vetted,
    /// Nobody has vetted it.
    New,
    /// It is not the one any more that was vetted; these parts are others.
    Changed(Vec<String>),
    /// Its server does not have it, or does not say.
    Unlisted,
}

/// To whom a page of a list was given, and what it was asked for with: the first page with no cursor,
/// each further one with that of the page before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// To a client: its first page.
    First,
    /// To a client: a further page.
    Further(String),
    /// To one of the clients of a gateway that has several; what one of them was shown is not
    /// forgotten because another was shown something else.
    Shared(Option<String>),
    /// To the gateway, which had asked.
    Asked(Option<String>),
}

impl Listed {
    /// How a client is shown what it asks for with these params.
    pub(crate) fn shown(params: Option<&str>) -> Self {
        cursor(params).map_or(Self::First, Self::Further)
    }

    /// The same for one of several clients.
    pub(crate) fn shared(params: Option<&str>) -> Self {
        Self::Shared(cursor(params))
    }

    fn cursor(&self) -> Option<&str> {
        match self {
            Self::First => None,
            Self::Further(cursor) => Some(cursor),
            Self::Shared(cursor) | Self::Asked(cursor) => cursor.as_deref(),
        }
    }
}

/// The cursor in these params. One that is no text is named by how it is written.
fn cursor(params: Option<&str>) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Params {
        cursor: Option<serde_json::Value>,
    }
    let params = serde_json::from_str::<Params>(params?).ok()?;
    Some(match params.cursor? {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    })
}

/// A tool that is not as it was vetted, or counts as vetted now.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The tool, as it is now.
    pub tool: Definition,
    /// How it stands.
    pub standing: Standing,
}

/// Which tools of one server were vetted. All its sessions share that, so that it is listed first
/// only once.
#[derive(Debug, Default)]
struct Vetting {
    vetted: BTreeMap<String, Vetted>,
    trust: Trust,
}

/// What of a server counts as vetted although nobody has looked at it: what it lists first, page
/// after page, and nothing that it lists after that.
#[derive(Debug, Default)]
enum Trust {
    /// Nothing.
    #[default]
    Over,
    /// The first page; there was none yet.
    First,
    /// The page that is asked for with this cursor. Those before it came.
    Next(String),
}

/// The tools of one server: those that were vetted, and those that it lists now. Clones share which
/// were vetted.
#[derive(Clone, Debug, Default)]
pub struct Book {
    vetting: Arc<Mutex<Vetting>>,
    listed: BTreeMap<String, Definition>,
    /// What clients were shown last, which is what their models know; none for a name that was shown
    /// for two tools.
    shown: BTreeMap<String, Option<Definition>>,
    is_current: bool,
    in_doubt: bool,
    /// Whether the pages of a list come from several clients, each of which begins anew.
    has_several_clients: bool,
}

impl Trust {
    /// Whether this page counts as vetted; which one does after it.
    fn takes(&mut self, page: &Page, cursor: Option<&str>) -> bool {
        let is_next = match self {
            Self::Over => false,
            Self::First => cursor.is_none(),
            Self::Next(next) => cursor == Some(next),
        };
        if is_next {
            *self = page.next.clone().map_or(Self::Over, Self::Next);
        }
        is_next
    }
}

impl Standing {
    /// Why its calls are held; none for a vetted one.
    #[must_use]
    pub fn concern(&self) -> Option<String> {
        match self {
            Self::Vetted => None,
            Self::New => Some("nobody has vetted this tool".to_owned()),
            Self::Changed(parts) => Some(format!(
                "this tool has changed since it was vetted: {}",
                known(parts).join(", ")
            )),
            Self::Unlisted => Some("the server does not list this tool".to_owned()),
        }
    }
}

/// Parts by their names. Any other name than the protocol's is in the words of the server, which are not
/// to be read as the gateway's.
fn known(parts: &[String]) -> Vec<&str> {
    let is_known = |part: &&String| PARTS.contains(&part.as_str());
    let mut known: Vec<_> = parts.iter().filter(is_known).map(String::as_str).collect();
    if known.len() < parts.len() {
        known.push("what the protocol does not know");
    }
    known
}

impl Book {
    /// The tools of a server of which these were vetted.
    #[must_use]
    pub fn new(vetted: BTreeMap<String, Vetted>) -> Self {
        Self::of(Vetting { vetted, trust: Trust::Over })
    }

    /// The tools of a server that nobody has looked at: those on its first list count as vetted, but
    /// for those that are suspicious.
    #[must_use]
    pub fn first() -> Self {
        Self::of(Vetting { vetted: BTreeMap::new(), trust: Trust::First })
    }

    fn of(vetting: Vetting) -> Self {
        Self { vetting: Arc::new(Mutex::new(vetting)), ..Self::default() }
    }

    /// The tools of the same server for another session, in which nothing was listed yet.
    #[must_use]
    pub fn of_another_session(&self) -> Self {
        Self { vetting: Arc::clone(&self.vetting), ..Self::default() }
    }

    fn vetting(&self) -> MutexGuard<'_, Vetting> {
        self.vetting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a list, or a page of it. Those that are not as they were vetted, and those that count
    /// as vetted from here on.
    pub fn learn(&mut self, page: Page, listed: &Listed) -> Vec<Change> {
        let mut changes = Vec::new();
        if *listed == Listed::First && !self.has_several_clients {
            self.shown.clear();
        }
        let is_trusted = self.vetting().trust.takes(&page, listed.cursor());
        for tool in page.tools {
            if !matches!(listed, Listed::Asked(_)) {
                self.show(&tool);
            }
            if self.listed.len() >= MAX_TOOLS && !self.listed.contains_key(&tool.name) {
                continue;
            }
            let is_known =
                self.listed.get(&tool.name).is_some_and(|before| before.digest == tool.digest);
            if is_trusted && self.vet(&tool) {
                changes.push(Change { tool: tool.clone(), standing: Standing::Vetted });
            }
            let standing = self.compare(&tool);
            if standing != Standing::Vetted && !is_known {
                changes.push(Change { tool: tool.clone(), standing });
            }
            self.listed.insert(tool.name.clone(), tool);
        }
        changes
    }

    /// Lets a tool that is listed first count as vetted, unless it is suspicious; whether it now does
    /// and did not before.
    fn vet(&self, tool: &Definition) -> bool {
        let mut vetting = self.vetting();
        let is_new = !vetting.vetted.contains_key(&tool.name) && tool.suspicions().is_empty();
        if is_new {
            vetting.vetted.insert(tool.name.clone(), Vetted::from(tool));
        }
        is_new
    }

    /// Notes what a client was shown.
    fn show(&mut self, tool: &Definition) {
        let has_room = self.shown.len() < MAX_TOOLS;
        match self.shown.get_mut(&tool.name) {
            Some(before) if before.as_ref().is_none_or(|it| it.digest != tool.digest) => {
                *before = None;
            }
            None if has_room => {
                self.shown.insert(tool.name.clone(), Some(tool.clone()));
            }
            // What there is no room for is not listed either.
            Some(_) | None => {}
        }
    }

    /// Notes that several clients are shown what the server lists: what one of them was shown is not
    /// forgotten because another asks.
    pub fn is_of_several_clients(&mut self) {
        self.has_several_clients = true;
    }

    /// Notes that all is known that the server says.
    pub fn is_complete(&mut self) {
        self.is_current = true;
        self.vetting().trust = Trust::Over;
    }

    /// Notes that clients may have been shown tools that could not be read here.
    pub fn is_in_doubt(&mut self) {
        self.in_doubt = true;
    }

    /// Notes that the server said that its tools are others now.
    pub fn is_stale(&mut self) {
        self.is_current = false;
        self.listed.clear();
        let mut vetting = self.vetting();
        // Before it has listed any, none are others than those that it lists first.
        if matches!(vetting.trust, Trust::Next(_)) {
            vetting.trust = Trust::Over;
        }
    }

    /// Whether the list is known as the server has it now.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.is_current
    }

    /// How a tool stands: as its server lists it, and as clients were shown it. What a server tells
    /// the gateway it may tell a client otherwise.
    #[must_use]
    pub fn standing(&self, name: &str) -> Standing {
        let listed = self.listed.get(name).map_or(Standing::Unlisted, |tool| self.compare(tool));
        match self.shown.get(name) {
            _ if self.in_doubt => Standing::Unlisted,
            _ if listed != Standing::Vetted => listed,
            Some(Some(shown)) => self.compare(shown),
            Some(None) => Standing::Changed(vec![SHOWN_TWICE.to_owned()]),
            None => listed,
        }
    }

    /// What a tool is as its server lists it.
    #[must_use]
    pub fn definition(&self, name: &str) -> Option<&Object> {
        self.listed.get(name).map(|tool| &tool.content)
    }

    /// What names a tool as its server lists it.
    #[must_use]
    pub fn digest(&self, name: &str) -> Option<&str> {
        self.listed.get(name).map(|tool| tool.digest.as_str())
    }

    /// What in a tool is not what it seems, as its server lists it: where, and what.
    #[must_use]
    pub fn suspicions(&self, name: &str) -> Vec<Suspicion> {
        self.listed.get(name).map(Definition::suspicions).unwrap_or_default()
    }

    /// The hints of a tool, as its server lists them.
    #[must_use]
    pub fn annotations(&self, name: &str) -> Object {
        let listed = self.listed.get(name).and_then(|tool| tool.content.get("annotations"));
        let mut hints = Object::new();
        for (name, hint) in listed.and_then(Json::as_object).into_iter().flat_map(Object::iter) {
            if HINTS.contains(&name) && matches!(hint, Json::Bool(_)) {
                hints.insert(name.to_owned(), hint.clone());
            }
        }
        hints
    }

    /// Whether a tool is run as a task and not otherwise, as its server lists it.
    pub(crate) fn is_always_task(&self, name: &str) -> bool {
        let execution = self.definition(name).and_then(|tool| tool.get("execution")?.as_object());
        execution.and_then(|it| it.get("taskSupport")?.as_str()) == Some("required")
    }

    /// What is others about a tool than was vetted: each part as it was and as it is.
    #[must_use]
    pub fn difference(&self, name: &str) -> Object {
        let mut difference = Object::new();
        let vetting = self.vetting();
        let (Some(now), Some(vetted)) = (self.listed.get(name), vetting.vetted.get(name)) else {
            return difference;
        };
        for part in now.differs_in(&vetted.definition) {
            let mut change = Object::new();
            for (when, of) in [("was", &vetted.definition), ("is", &now.content)] {
                change.insert(when.to_owned(), of.get(&part).cloned().unwrap_or(Json::Null));
            }
            difference.insert(part, Json::Object(change));
        }
        difference
    }

    fn compare(&self, tool: &Definition) -> Standing {
        match self.vetting().vetted.get(&tool.name) {
            Some(vetted) if vetted.digest == tool.digest => Standing::Vetted,
            Some(vetted) => Standing::Changed(tool.differs_in(&vetted.definition)),
            None => Standing::New,
        }
    }
}
