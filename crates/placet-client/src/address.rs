//! Where a daemon is.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ureq::http::Uri;

use crate::error::ClientError;

/// What the URL of a Unix socket begins with.
const SOCKET: &str = "unix:";

/// The URL of a daemon, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    text: String,
    way: Way,
}

/// How a daemon is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    Plain,
    Encrypted,
    Socket(PathBuf),
}

impl Address {
    /// Reads a URL. Without encryption the daemon must be on this machine: a key that others can
    /// read on its way is everyone's.
    pub(crate) fn parse(url: &str) -> Result<Self, ClientError> {
        let wrong = || ClientError::NoUrl(url.to_owned());
        if let Some(path) = url.strip_prefix(SOCKET) {
            let way = Way::Socket(PathBuf::from(path));
            let address = Self { text: url.to_owned(), way };
            return if path.is_empty() { Err(wrong()) } else { Ok(address) };
        }
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        if !is_bare || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(wrong());
        }
        let way = match uri.scheme_str() {
            Some("https") => Way::Encrypted,
            Some("http") if is_here(host) => Way::Plain,
            Some("http") => return Err(ClientError::PlainText(host.to_owned())),
            _ => return Err(wrong()),
        };
        Ok(Self { text: url.trim_end_matches('/').to_owned(), way })
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.way == Way::Encrypted
    }

    /// The same place asked without encryption, where a key may travel so.
    pub(crate) fn in_plain_text(&self) -> Option<String> {
        let plain = format!("http://{}", self.text.strip_prefix("https://")?);
        Self::parse(&plain).ok().map(|address| address.text)
    }

    /// The same place asked with encryption.
    pub(crate) fn encrypted(&self) -> Option<String> {
        self.text.strip_prefix("http://").map(|place| format!("https://{place}"))
    }

    /// The Unix socket that it is, if it is one.
    pub(crate) fn socket(&self) -> Option<&Path> {
        match &self.way {
            Way::Socket(path) => Some(path),
            Way::Plain | Way::Encrypted => None,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL of something that the daemon has.
    pub(crate) fn with(&self, path: &str) -> String {
        match self.way {
            // Whoever opens a socket needs no name for what is behind it.
            Way::Socket(_) => format!("http://localhost{path}"),
            Way::Plain | Way::Encrypted => format!("{}{path}", self.text),
        }
    }
}

fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_key_travels_encrypted_or_not_at_all() {
        for url in
            ["http://127.0.0.1:4747", "http://[::1]:4747/", "http://localhost", "https://a.example"]
        {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.is_encrypted(), url.starts_with("https"), "{url}");
            assert_eq!(address.socket(), None);
        }
        let socket = Address::parse("unix:/run/placet.sock").unwrap();
        assert_eq!(socket.socket(), Some(Path::new("/run/placet.sock")));
        assert_eq!(socket.with("/v1/policy"), "http://localhost/v1/policy");
        for url in [
            "http://a.example",
            "http://10.0.0.1:4747",
            "http://127.0.0.1.example",
            "http://0.0.0.0",
        ] {
            assert!(matches!(Address::parse(url), Err(ClientError::PlainText(_))), "{url}");
        }
        for url in [
            "",
            "127.0.0.1:4747",
            "ftp://localhost",
            "http://localhost/v1",
            "http://a@localhost",
            "http://",
            "unix:",
        ] {
            assert!(matches!(Address::parse(url), Err(ClientError::NoUrl(_))), "{url}");
        }
    }
}
