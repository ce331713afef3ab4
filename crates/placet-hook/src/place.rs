//! Where things are on a machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Whose settings are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of the user, for every project.
    User,
    /// Those of the project in the current folder.
    Project,
}

/// The folders that settings are found by.
#[derive(Clone, Debug)]
pub struct Folders {
    /// The user's own.
    pub home: PathBuf,
    /// The project's.
    pub project: PathBuf,
    /// Our configuration.
    pub config: PathBuf,
    /// What is remembered between calls, and the log where none is named.
    pub state: PathBuf,
    /// Where clients have been told to keep their settings instead.
    pub moved: Vec<(&'static str, PathBuf)>,
}

/// Variables by which clients are told to keep their settings elsewhere.
const MOVED: [&str; 3] = ["CLAUDE_CONFIG_DIR", "CODEX_HOME", "COPILOT_HOME"];

impl Folders {
    /// As the environment says; none where there is no home.
    #[must_use]
    pub fn from_env(project: PathBuf, variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let path = |name: &str| {
            let value = variable(name).filter(|value| !value.is_empty());
            value.map(PathBuf::from).filter(|path| path.is_absolute())
        };
        let home = path("HOME")?;
        let config = path("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
        let state = path("XDG_STATE_HOME").unwrap_or_else(|| home.join(".local/state"));
        let moved = MOVED.into_iter().filter_map(|name| Some((name, path(name)?))).collect();
        Some(Self {
            project,
            config: config.join("placet"),
            state: state.join("placet"),
            home,
            moved,
        })
    }

    /// A client's own folder: where a variable says, else in the home.
    #[must_use]
    pub fn of_client(&self, variable: &str, usual: &str) -> PathBuf {
        let moved = self.moved.iter().find(|(name, _)| *name == variable);
        moved.map_or_else(|| self.home.join(usual), |(_, path)| path.clone())
    }

    /// Where the configuration of a client's hook is, unless it is named.
    #[must_use]
    pub fn hook_config(&self, client: &str) -> PathBuf {
        self.config.join(format!("hook-{client}.toml"))
    }

    /// The log of those who name neither a log nor a daemon.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.state.join("placet.db")
    }

    /// The policy of those who name none, and use that log.
    #[must_use]
    pub fn policy(&self) -> PathBuf {
        self.config.join("policy.toml")
    }

    /// Where a hook remembers calls.
    #[must_use]
    pub fn memory(&self, client: &str) -> PathBuf {
        self.state.join("hook").join(client)
    }
}

/// A path as a shell reads it, whatever is in it.
pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
