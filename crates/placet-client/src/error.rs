//! Why there is no answer, or not the one that was hoped for.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use crate::trust::Distrust;

/// Statuses that may be others a moment later.
const PASSING: [u16; 4] = [429, 502, 503, 504];

/// Why there is no answer, or not the one that was hoped for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The URL is none.
    #[error(
        "{0:?} is no URL of a daemon; write http://127.0.0.1:4747, https://placet.example.com or unix:/run/placet.sock"
    )]
    NoUrl(String),
    /// The key would travel in plain text.
    #[error(
        "{0} is another machine, and the key would travel there in plain text; use https, or a tunnel to this machine"
    )]
    PlainText(String),
    /// The key cannot be one.
    #[error("the key is none: it begins with plc_ and has no spaces")]
    NotAKey,
    /// Nobody answers there.
    #[error("the daemon at {url} does not answer")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        source: ureq::Error,
    },
    /// Something answers there, and nobody who is trusted vouches for it.
    #[error("the daemon at {url} answers, but its certificate is not trusted: {distrust}")]
    Untrusted {
        /// Where.
        url: String,
        /// Why.
        distrust: Distrust,
    },
    /// Something answers there in another way than the URL says.
    #[error("{there}; {advice}")]
    OtherScheme {
        /// What it does not speak, and where.
        there: String,
        /// What to do.
        advice: String,
    },
    /// The daemon refuses.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// Something answers there that is no daemon.
    #[error("something else than a daemon answers there, with status {0}")]
    Strange(u16),
    /// The answer says nothing that is understood here.
    #[error("the answer of the daemon cannot be read; it may be of another version")]
    Unreadable,
    /// What was sent cannot be written where it shall go.
    #[error("what the daemon sent cannot be written")]
    NotKept(#[source] std::io::Error),
    /// The system has no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// The system trusts nobody.
    #[error("the system has no certificates to trust; name a file with SSL_CERT_FILE")]
    NoCertificates,
    /// The trusted certificates cannot be read.
    #[error("the certificates in {} cannot be read", path.display())]
    Certificates {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What the daemon says about a refusal (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Problem {
    /// Which kind of problem: `urn:placet:problem:` and a word that does not change.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, and what to do about it.
    pub detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ClientError {
    /// Whether what was given as the URL of a daemon cannot be one to ask.
    #[must_use]
    pub fn is_bad_url(&self) -> bool {
        matches!(self, Self::NoUrl(_) | Self::PlainText(_))
    }

    /// Whether the same request may well succeed a moment later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::OtherScheme { .. } => true,
            Self::Refused(problem) => PASSING.contains(&problem.status),
            Self::Strange(status) => PASSING.contains(status),
            _ => false,
        }
    }
}
