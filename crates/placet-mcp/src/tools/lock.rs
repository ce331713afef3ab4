//! The lock file: which tools were vetted, and as what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use placet::Object;
use placet_gate::private;
use serde::{Deserialize, Serialize};

use super::definition::Definition;

/// The version of the file's form.
const VERSION: u8 = 1;

/// Largest lock file, in bytes: thousands of tools with long descriptions.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Vetted tools of any number of servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u8,
    servers: BTreeMap<String, BTreeMap<String, Vetted>>,
}

/// A tool as somebody has seen it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vetted {
    /// The digest of its definition.
    pub digest: String,
    /// The definition, to show what has changed.
    pub definition: Object,
}

impl From<&Definition> for Vetted {
    fn from(tool: &Definition) -> Self {
        Self { digest: tool.digest.clone(), definition: tool.content.clone() }
    }
}

impl Default for Lock {
    fn default() -> Self {
        Self { version: VERSION, servers: BTreeMap::new() }
    }
}

/// A lock file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The system does not let us.
    #[error("cannot use the lock file {}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no lock file.
    #[error("{} is no lock file of this version; move it away and vet the tools again", path.display())]
    Form {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// It is none of this version, or too large to be one.
    #[error("{} is of another version, or too large; move it away and vet the tools again", .0.display())]
    Strange(PathBuf),
}

impl Lock {
    /// Reads a lock file; an empty one where there is none.
    ///
    /// # Errors
    /// When there is one that cannot be read.
    pub fn read(path: &Path) -> Result<Self, LockError> {
        let io = |source| LockError::Io { path: path.to_owned(), source };
        match path.metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(io(error)),
            Ok(found) if found.len() > MAX_BYTES => {
                return Err(LockError::Strange(path.to_owned()));
            }
            Ok(_) => {}
        }
        let text = std::fs::read(path).map_err(io)?;
        let form = |source| LockError::Form { path: path.to_owned(), source };
        let lock: Self = serde_json::from_slice(&text).map_err(form)?;
        if lock.version == VERSION { Ok(lock) } else { Err(LockError::Strange(path.to_owned())) }
    }

    /// Writes it, so that there is the old or the new one whenever the power fails.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn write(&self, path: &Path) -> Result<(), LockError> {
        let io = |source| LockError::Io { path: path.to_owned(), source };
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|source| LockError::Form { path: path.to_owned(), source })?;
        text.push(b'\n');
        private::write(path, &text).map_err(io)
    }

    /// The tools of a server, if any were vetted.
    #[must_use]
    pub fn server(&self, name: &str) -> Option<&BTreeMap<String, Vetted>> {
        self.servers.get(name)
    }

    /// Notes that somebody has looked at the tools of a server, and found one more of them good.
    pub fn add(&mut self, server: &str, tool: Option<&Definition>) {
        let tools = self.servers.entry(server.to_owned()).or_default();
        tools.extend(tool.map(|tool| (tool.name.clone(), Vetted::from(tool))));
    }

    /// Notes that somebody has looked at these, and forgets all others of the server.
    pub fn vet<'a>(&mut self, server: &str, tools: impl IntoIterator<Item = &'a Definition>) {
        let vetted = |tool: &Definition| (tool.name.clone(), Vetted::from(tool));
        self.servers.insert(server.to_owned(), tools.into_iter().map(vetted).collect());
    }
}
