//! How the tools of one server stand: as vetted, new, or changed.

use std::collections::BTreeMap;

use placet::{Json, Object};

use super::definition::Definition;
use super::lock::Vetted;
use crate::limits::MAX_TOOLS;

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
    is_current: bool,
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
    pub fn learn(&mut self, tools: Vec<Definition>) -> Vec<Change> {
        let mut changes = Vec::new();
        for tool in tools {
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

    fn takes(&self, tool: &Definition) -> bool {
        let is_new = !self.vetted.contains_key(&tool.name);
        self.trusts_first && is_new && tool.suspicions().is_empty()
    }

    /// Notes that the whole list is known.
    pub fn is_complete(&mut self) {
        self.is_current = true;
        self.trusts_first = false;
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

    /// How a tool stands.
    #[must_use]
    pub fn standing(&self, name: &str) -> Standing {
        self.listed.get(name).map_or(Standing::Unlisted, |tool| self.compare(tool))
    }

    /// What names a tool as its server lists it.
    #[must_use]
    pub fn digest(&self, name: &str) -> Option<&str> {
        self.listed.get(name).map(|tool| tool.digest.as_str())
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
