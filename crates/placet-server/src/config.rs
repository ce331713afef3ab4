//! What the daemon is told at its start.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use crate::limits::Limits;
use crate::telemetry::Export;
use crate::webhooks::Webhooks;

/// The port when none is named.
pub(crate) const DEFAULT_PORT: u16 = 4747;

/// Where the daemon listens, whom it believes, and how much it takes.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where it listens.
    pub listen: Vec<Listen>,
    /// Names under which it is reached, besides its addresses, as browsers write them in `Host`:
    /// `placet.example.com` or `placet.example.com:8443`.
    pub hosts: Vec<String>,
    /// Origins of others whose pages may use the API, such as `https://tools.example.com`. Its own
    /// pages always may: those under its addresses and `hosts`, and of `hosts` also by https, where
    /// something in front of it encrypts.
    pub origins: Vec<String>,
    /// The certificate for listening beyond this machine.
    pub tls: Option<Tls>,
    /// Whether it may listen beyond this machine without one, because something in front of it
    /// takes care of encryption.
    pub plaintext: bool,
    /// Whether anyone may read checkpoints and the hashes of the log, as witnesses and monitors of
    /// public logs do. They show how much was decided, and nothing of what.
    pub public_log: bool,
    /// The policy file that is read again when the daemon is asked to reload.
    pub policy: Option<PathBuf>,
    /// Where traces and metrics are sent, if anywhere.
    pub export: Option<Export>,
    /// Whom it tells that something waits for people.
    pub webhooks: Webhooks,
    /// The file in which it keeps what it could not tell them. Without one that is forgotten when it
    /// ends.
    pub dead_letters: Option<PathBuf>,
    /// How much it takes.
    pub limits: Limits,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: vec![Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)))],
            hosts: Vec::new(),
            origins: Vec::new(),
            tls: None,
            plaintext: false,
            public_log: false,
            policy: None,
            export: None,
            webhooks: Webhooks::default(),
            dead_letters: None,
            limits: Limits::default(),
        }
    }
}

/// A place to listen at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Listen {
    /// An address and port.
    Tcp(SocketAddr),
    /// A Unix socket, which only its owner and group can open.
    Unix(PathBuf),
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A text that is no place to listen at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no place to listen at; write 127.0.0.1:4747, [::1]:4747 or unix:/run/placet.sock"
)]
pub struct ListenError(String);

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        text.parse().map(Self::Tcp).map_err(|_| ListenError(text.to_owned()))
    }
}

/// A certificate and its private key.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate with its chain, in PEM.
    pub certificate: PathBuf,
    /// The private key, in PEM.
    pub key: PathBuf,
}
