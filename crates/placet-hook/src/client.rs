//! What every client has, each in its own way.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use placet::Json;
use serde_json::Value;

use crate::answer::Answer;
use crate::clients::{ClaudeCode, Codex, Copilot, Cursor, Gemini};
use crate::event::{Event, EventError, Fields};
use crate::json::Tree;
use crate::line::Lines;
use crate::place::{Folders, Scope};

/// A coding agent that asks hooks before it calls a tool.
pub trait Client: Send + Sync {
    /// Its name on the command line, which is also the agent's where nothing else is configured.
    fn name(&self) -> &'static str;

    /// Its name for people.
    fn title(&self) -> &'static str;

    /// Reads what it says.
    ///
    /// # Errors
    /// When it cannot be read, or is not about tools.
    fn read(&self, event: &Json) -> Result<Event, EventError> {
        self.read_fields(Fields::of(event)?)
    }

    /// Reads the fields of what it says.
    ///
    /// # Errors
    /// As [`Client::read`].
    fn read_fields(&self, fields: Fields<'_>) -> Result<Event, EventError>;

    /// Puts an answer into its words. `is_approving` is whether what we let go on shall not be asked
    /// about again by the client itself.
    fn write(&self, answer: &Answer, is_approving: bool) -> Value;

    /// Whether it goes on with exactly the params that it is answered. Where it does not, the call is
    /// stopped, and the model told to call with what was approved.
    fn can_edit(&self) -> bool {
        false
    }

    /// Whether a session can end at a call and be resumed there.
    fn can_park(&self) -> bool {
        false
    }

    /// Its settings file.
    fn settings(&self, folders: &Folders, scope: Scope) -> PathBuf;

    /// What is written into its settings: the command lines, and how long it waits for them.
    fn entries(&self, lines: &Lines, time: Duration) -> Vec<Entry>;

    /// What a settings file of its has at the top beside the hooks.
    fn head(&self) -> &'static [(&'static str, u64)] {
        &[]
    }

    /// What in its settings turns hooks off, if it is there.
    fn turned_off(&self, _settings: &Tree) -> Option<&'static str> {
        None
    }

    /// Other files of its that may turn hooks off or hold hooks.
    fn other_settings(&self, folders: &Folders) -> Vec<PathBuf> {
        let _ = folders;
        Vec::new()
    }

    /// What has to be done by hand after installing.
    fn next_step(&self) -> Option<&'static str> {
        None
    }

    /// How the gate can be got round there.
    fn ways_round(&self) -> &'static [&'static str];

    /// A call as it would announce it, which does no harm.
    fn sample(&self, session: &str) -> Value;
}

/// One entry in a client's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The event's name.
    pub event: &'static str,
    /// What stands there.
    pub value: Value,
    /// Whether it is asked before a call, and not told after one.
    pub is_before: bool,
}

/// The clients there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientName {
    /// Anthropic's Claude Code.
    ClaudeCode,
    /// OpenAI's Codex CLI.
    Codex,
    /// Google's Gemini CLI.
    Gemini,
    /// Cursor.
    Cursor,
    /// GitHub's Copilot CLI.
    Copilot,
}

impl ClientName {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::ClaudeCode, Self::Codex, Self::Gemini, Self::Cursor, Self::Copilot];

    /// The client of this name.
    #[must_use]
    pub fn client(self) -> &'static dyn Client {
        match self {
            Self::ClaudeCode => &ClaudeCode,
            Self::Codex => &Codex,
            Self::Gemini => &Gemini,
            Self::Cursor => &Cursor,
            Self::Copilot => &Copilot,
        }
    }

    /// As it is written on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.client().name()
    }
}

impl FromStr for ClientName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str).join(", ");
        let mut all = Self::ALL.into_iter();
        all.find(|name| name.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no client; the clients are {known}"))
    }
}
