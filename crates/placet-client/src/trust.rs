//! Why a certificate is not trusted, and what to do about it; and who was spoken to in the wrong way.

use std::fmt;

use rustls::{CertificateError, InvalidMessage};

use crate::address::Address;
use crate::error::ClientError;

/// Why the certificate of a daemon is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// It is good no more.
    Expired,
    /// It is not good yet.
    NotYet,
    /// Nobody who is trusted here has signed it.
    Stranger,
    /// It is for other names.
    OtherName,
    /// It is that of a CA.
    Authority,
    /// Anything else.
    Other(String),
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "it has expired; renew it, and send the daemon SIGHUP",
            Self::NotYet => "it is not valid yet; look at the clocks of both machines",
            Self::Stranger => {
                "nobody has signed it who is trusted here; name the certificate of the CA that has \
                 signed it with PLACET_CA or SSL_CERT_FILE"
            }
            Self::OtherName => "it is for other names; write one of those that it has into the URL",
            Self::Authority => {
                "it is the certificate of a CA, as openssl req -x509 makes it; sign one for the \
                 daemon with it, start the daemon with that one, and name the CA's with PLACET_CA or \
                 SSL_CERT_FILE"
            }
            Self::Other(why) => return write!(f, "{why}; give the daemon another"),
        })
    }
}

impl From<&CertificateError> for Distrust {
    fn from(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYet
            }
            CertificateError::UnknownIssuer => Self::Stranger,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::OtherName
            }
            CertificateError::Other(other) => match other.0.downcast_ref() {
                Some(webpki::Error::CaUsedAsEndEntity) => Self::Authority,
                _ => Self::Other(other.0.to_string()),
            },
            other => Self::Other(other.to_string()),
        }
    }
}

/// What it means that a request got no answer.
pub(crate) fn unanswered(address: &Address, source: ureq::Error) -> ClientError {
    let url = address.as_str().to_owned();
    match encryption(&source) {
        Some(rustls::Error::InvalidCertificate(error)) => {
            ClientError::Untrusted { url, distrust: error.into() }
        }
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            let advice = match address.in_plain_text() {
                Some(plain) => format!("if it is the daemon it has no certificate: write {plain}"),
                None => "see whether the port is that of the daemon".to_owned(),
            };
            ClientError::OtherScheme {
                there: format!("what answers at {url} does not speak TLS"),
                advice,
            }
        }
        _ => match (&source, address.encrypted()) {
            (ureq::Error::Protocol(_), Some(encrypted)) => ClientError::OtherScheme {
                there: format!("what answers at {url} does not speak HTTP in plain text"),
                advice: format!("if it is the daemon it has a certificate: write {encrypted}"),
            },
            _ => ClientError::Unreachable { url, source },
        },
    }
}

/// What went wrong with the encryption, if that is what went wrong.
fn encryption(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}
