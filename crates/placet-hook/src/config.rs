//! The hook's own configuration: one small TOML file, named on its command line.
//!
//! It says where calls are decided. Secrets are neither in it nor in the client's settings: the key
//! of an agent is in a file of its own, for its owner only.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use placet::core::name::NameError;
use placet::{AgentId, LogPlace, PolicySource, TenantId};
use placet_gate::GateConfig;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::limits::{DEFAULT_WAIT, MAX_WAIT};

/// What a hook needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookConfig {
    /// The daemon's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daemon: Option<String>,
    /// The file with the key of an agent to show there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The log to decide in where no daemon answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<PathBuf>,
    /// The policy for that log; without one, the policy that it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PathBuf>,
    /// The agent's name; the client's when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// The tenant; `default` when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// Where calls are remembered.
    pub state: PathBuf,
    /// How long people are waited for at a daemon.
    #[serde(default = "default_wait")]
    pub wait_seconds: u64,
    /// Whether nothing is ever stopped.
    #[serde(default)]
    pub shadow: bool,
    /// Whether the client shall not ask its user again about what is allowed here.
    #[serde(default)]
    pub auto_approve: bool,
    /// Whether a headless session ends at a held call, to be resumed there.
    #[serde(default)]
    pub park: bool,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("the hook's configuration {} cannot be read: {error}", path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It makes no sense.
    #[error("the hook's configuration {} makes no sense: {error}", path.display())]
    Invalid {
        /// Where it is.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// The key cannot be read.
    #[error("the key in {} cannot be read: {error}", path.display())]
    Key {
        /// Where it is.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A daemon without a key.
    #[error("the hook's configuration names a daemon, but no \"key_file\" with the key to show")]
    NoKey,
    /// A name that cannot be one.
    #[error(transparent)]
    Name(#[from] NameError),
}

fn default_wait() -> u64 {
    DEFAULT_WAIT.as_secs()
}

impl HookConfig {
    /// One that remembers calls there, and nothing else.
    #[must_use]
    pub fn new(state: PathBuf) -> Self {
        Self {
            daemon: None,
            key_file: None,
            log: None,
            policy: None,
            agent: None,
            tenant: None,
            state,
            wait_seconds: default_wait(),
            shadow: false,
            auto_approve: false,
            park: false,
        }
    }

    /// Reads it. Paths in it are taken from where it is.
    ///
    /// # Errors
    /// When it cannot be read or makes no sense.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
        let invalid = |error| ConfigError::Invalid { path: path.to_owned(), error };
        let mut config: Self =
            toml::from_str(&text).map_err(|error| invalid(error.message().to_owned()))?;
        if config.daemon.is_none() && config.log.is_none() {
            return Err(invalid("it names neither a \"daemon\" nor a \"log\"".to_owned()));
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let named = [&mut config.key_file, &mut config.log, &mut config.policy];
        named.into_iter().flatten().for_each(|path| *path = folder.join(&*path));
        config.state = folder.join(&config.state);
        Ok(config)
    }

    /// As it is written into a file.
    #[must_use]
    pub fn render(&self) -> String {
        let fields = toml::to_string(self).unwrap_or_default();
        format!(
            "# Where the calls of this client are decided. `placet hook install` wrote it.\n{fields}"
        )
    }

    /// How long people are waited for.
    #[must_use]
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.wait_seconds).min(MAX_WAIT)
    }

    /// The gate that it describes.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub fn gate(&self, is_shadow: bool) -> Result<GateConfig, ConfigError> {
        let daemon = self.daemon.clone().map(|url| Ok::<_, ConfigError>((url, self.key()?)));
        Ok(GateConfig {
            daemon: daemon.transpose()?,
            log: self.log.clone().map(LogPlace::File),
            policy: self.policy.clone().map_or(PolicySource::Log, PolicySource::Path),
            is_shadow: is_shadow || self.shadow,
        })
    }

    fn key(&self) -> Result<Zeroizing<String>, ConfigError> {
        let path = self.key_file.as_ref().ok_or(ConfigError::NoKey)?;
        let key = fs::read_to_string(path).map(Zeroizing::new);
        let key = key.map_err(|error| ConfigError::Key { path: path.clone(), error })?;
        Ok(Zeroizing::new(key.trim().to_owned()))
    }
}
