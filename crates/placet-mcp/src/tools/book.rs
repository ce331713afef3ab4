//! How the tools of one server stand: as vetted, new, or changed.

use std::collections::BTreeMap;

use placet::{Json, Object};

use super::definition::Definition;
use super::lock::Vetted;
use crate::limits::MAX_TOOLS;

/// The hints that say what a tool does.
const HINTS: [&str; 4] = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];

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

/// To whom a list was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// To a client: its first page.
    First,
    /// To a client: a further page.
    Further,
    /// To one of the clients of a gateway that has several; what one of them was shown is not
    /// forgotten because another was shown something else.
    Shared,
    /// To the gateway, which had asked.
    Asked,
}

impl Listed {
    /// How a client is shown what it asks for with these params.
    pub(crate) fn shown(params: Option<&str>) -> Self {
        #[derive(serde::Deserialize)]
        struct Params {
            cursor: Option<serde::de::IgnoredAny>,
        }
        let params = params.and_then(|params| serde_json::from_str::<Params>(params).ok());
        match params.and_then(|params| params.cursor) {
            None => Self::First,
            Some(_) => Self::Further,
        }
    }
}

/// A tool that is not as it was vetted, or counts as vetted now.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The tool, as it is now.
    pub tool: Definition,
    /// How it stands.
    pub standing: Standing,
}

/// The tools of one server: those that were vetted, and those that it lists now.
#[derive(Clone, Debug, Default)]
pub struct Book {
    vetted: BTreeMap<String, Vetted>,
    listed: BTreeMap<String, Definition>,
    /// What clients were shown last, which is what their models know; none for a name that was shown
    /// for two tools.
    shown: BTreeMap<String, Option<Definition>>,
    is_current: bool,
    in_doubt: bool,
    /// Whether nobody has vetted anything yet, so that what is listed first is taken as it is.
    trusts_first: bool,
}

impl Standing {
    /// Why its calls are held; none for a vetted one.
    #[must_use]
    pub fn concern(&self) -> Option<String> {
        match self {
            Self::Vetted => None,
            Self::New => Some("nobody has vetted this tool".to_owned()),
            Self::Changed(parts) => {
                Some(format!("this tool has changed since it was vetted: {}", parts.join(", ")))
            }
            Self::Unlisted => Some("the server does not list this tool".to_owned()),
        }
    }
}

impl Book {
    /// The tools of a server of which these were vetted.
    #[must_use]
    pub fn new(vetted: BTreeMap<String, Vetted>) -> Self {
        Self { vetted, ..Self::default() }
    }

    /// The tools of a server that nobody has looked at: those on its first list count as vetted, but
    /// for those that are suspicious.
    #[must_use]
    pub fn first() -> Self {
        Self { trusts_first: true, ..Self::default() }
    }

    /// Takes in a list, or a page of it. Those that are not as they were vetted, and those that count
    /// as vetted from here on.
    pub fn learn(&mut self, tools: Vec<Definition>, listed: Listed) -> Vec<Change> {
        let mut changes = Vec::new();
        if listed == Listed::First {
            self.shown.clear();
        }
        for tool in tools {
            if listed != Listed::Asked {
                self.show(&tool);
            }
            if self.listed.len() >= MAX_TOOLS && !self.listed.contains_key(&tool.name) {
                continue;
            }
            let is_known =
                self.listed.get(&tool.name).is_some_and(|before| before.digest == tool.digest);
            if self.takes(&tool) {
                self.vetted.insert(tool.name.clone(), Vetted::from(&tool));
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

    fn takes(&self, tool: &Definition) -> bool {
        let is_new = !self.vetted.contains_key(&tool.name);
        self.trusts_first && is_new && tool.suspicions().is_empty()
    }

    /// Notes that all is known that the server says.
    pub fn is_complete(&mut self) {
        self.is_current = true;
        self.trusts_first = false;
    }

    /// Notes that clients may have been shown tools that could not be read here.
    pub fn is_in_doubt(&mut self) {
        self.in_doubt = true;
    }

    /// Notes that the server said that its tools are others now.
    pub fn is_stale(&mut self) {
        self.is_current = false;
        self.listed.clear();
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
            Some(None) => Standing::Changed(vec!["shown in two ways".to_owned()]),
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

    /// What is others about a tool than was vetted: each part as it was and as it is.
    #[must_use]
    pub fn difference(&self, name: &str) -> Object {
        let mut difference = Object::new();
        let (Some(now), Some(vetted)) = (self.listed.get(name), self.vetted.get(name)) else {
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
        match self.vetted.get(&tool.name) {
            Some(vetted) if vetted.digest == tool.digest => Standing::Vetted,
            Some(vetted) => Standing::Changed(tool.differs_in(&vetted.definition)),
            None => Standing::New,
        }
    }
}
