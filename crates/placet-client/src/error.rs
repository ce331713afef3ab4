//! Why there is no answer, or not the one that was hoped for.

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::Deserialize;

use crate::trust::Distrust;

/// Statuses that may be others a moment later.
const PASSING: [u16; 4] = [429, 502, 503, 504];

/// Statuses that say nothing of what was asked: who asks may have lost the right to by asking.
const ABOUT_WHO_ASKS: [u16; 2] = [401, 403];

/// How the kind of a problem ends where the daemon itself does not know whether something was recorded.
const UNKNOWN: &str = ":unknown";

/// Failures of connecting: nothing was sent to anybody.
const NOT_CONNECTED: [ErrorKind; 8] = [
    ErrorKind::ConnectionRefused,
    ErrorKind::NotFound,
    ErrorKind::PermissionDenied,
    ErrorKind::HostUnreachable,
    ErrorKind::NetworkUnreachable,
    ErrorKind::NetworkDown,
    ErrorKind::AddrNotAvailable,
    ErrorKind::InvalidInput,
];

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
    /// It was sent, and there is no answer that says whether it was carried out.
    #[error(
        "{}; what was asked for may have been carried out all the same, so look before you ask for it again",
        with_cause(.0)
    )]
    Unknown(Box<Self>),
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

    /// Whether the daemon may have carried out what it was asked for.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::Refused(problem) => problem.kind.ends_with(UNKNOWN),
            _ => false,
        }
    }

    /// Whether something was sent that may have been carried out although this came of it.
    pub(crate) fn leaves_open(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => may_be_sent(source),
            Self::Strange(status) => *status >= 500,
            Self::Unreadable => true,
            other => other.is_unknown(),
        }
    }

    /// What it is to one who asked for something to be done, of whose attempts one left that open. A
    /// refusal that is about what was asked settles it: the same request has one outcome.
    pub(crate) fn of_write(self) -> Self {
        match self {
            Self::Refused(problem)
                if problem.kind.ends_with(UNKNOWN)
                    || !(PASSING.contains(&problem.status)
                        || ABOUT_WHO_ASKS.contains(&problem.status)) =>
            {
                Self::Refused(problem)
            }
            Self::Unknown(inner) => Self::Unknown(inner),
            other => Self::Unknown(Box::new(other)),
        }
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

/// Whether a request may have got to somebody, whatever became of it. Where that is not clear it may.
fn may_be_sent(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => !NOT_CONNECTED.contains(&error.kind()),
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect)
        | ureq::Error::ConnectionFailed
        | ureq::Error::HostNotFound
        | ureq::Error::BadUri(_)
        | ureq::Error::Http(_) => false,
        _ => true,
    }
}

/// An error in one line, with why it came to that.
fn with_cause(error: &ClientError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error} ({source})"),
        None => error.to_string(),
    }
}
