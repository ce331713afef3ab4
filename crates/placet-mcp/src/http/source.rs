//! Who may send requests to a gateway on this machine.
//!
//! A page in a browser can make it send requests here (DNS rebinding, CVE-2025-49596). Its requests
//! name another host, or say which page they come from.

use std::net::SocketAddr;

use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Whose requests are taken.
pub(super) struct Source {
    hosts: Vec<String>,
    /// What a client has to show.
    token: Option<Zeroizing<String>>,
}

impl Source {
    /// A gateway at this address, and under these names.
    pub(super) fn new(
        address: SocketAddr,
        names: &[String],
        token: Option<Zeroizing<String>>,
    ) -> Self {
        let port = address.port();
        let own = [address.to_string(), format!("localhost:{port}"), format!("127.0.0.1:{port}")];
        let hosts = own.into_iter().chain(names.iter().cloned());
        Self { hosts: hosts.map(|host| host.to_ascii_lowercase()).collect(), token }
    }

    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Why a request is not taken, if it is not.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        if hosts.next().is_some() || !host.is_some_and(|host| self.is_own(host)) {
            return Err((StatusCode::FORBIDDEN, "this gateway is not reached under that name"));
        }
        for origin in headers.get_all(ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            if !host.is_some_and(|host| self.is_own(host)) {
                return Err((
                    StatusCode::FORBIDDEN,
                    "pages of that origin may not call tools here",
                ));
            }
        }
        match &self.token {
            Some(token) if !shows(headers, token) => {
                Err((StatusCode::UNAUTHORIZED, "show the token of this gateway as a bearer token"))
            }
            _ => Ok(()),
        }
    }

    fn is_own(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }
}

/// The digests are compared, so that the time says nothing about the token.
fn shows(headers: &HeaderMap, token: &str) -> bool {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    Sha256::digest(shown) == Sha256::digest(token)
}
