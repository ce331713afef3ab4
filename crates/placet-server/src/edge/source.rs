//! Where a request may come from.
//!
//! A browser sends requests for any page that asks it to, also to this machine. Its `Host` says
//! under which name it found us: a name that is not ours means that a foreign name was pointed at
//! our address. Its `Origin` and `Sec-Fetch-Site` say which page asked. Other clients send neither,
//! and what they claim they could not abuse: they have no cookie, and no key that is not theirs.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{HOST, HeaderName, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};

use crate::config::{Listen, ServerConfig};
use crate::console;
use crate::wire::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where requests may come from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    hosts: Vec<String>,
    origins: Vec<String>,
    /// Origins that are not ours, whose pages may use the API.
    others: Vec<String>,
}

impl Source {
    /// What follows from where the daemon listens and what it is called.
    pub(crate) fn new(config: &ServerConfig, listening: &[Listen]) -> Self {
        let ports: Vec<u16> = listening.iter().filter_map(port).collect();
        let mut hosts: Vec<String> = listening.iter().flat_map(names).collect();
        for host in &config.hosts {
            let host = host.to_ascii_lowercase();
            // A name without a port is meant on the ports where we listen, and behind a proxy.
            if !has_port(&host) {
                hosts.extend(ports.iter().map(|port| format!("{host}:{port}")));
            }
            hosts.push(host);
        }
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let own = hosts.iter().map(|host| format!("{scheme}://{host}"));
        // Without TLS of our own there may be some before us, for the name that others know.
        let named =
            config.hosts.iter().map(|host| format!("https://{}", host.to_ascii_lowercase()));
        let origins: Vec<String> = own.chain(named).collect();
        let given = config.origins.iter().map(|origin| origin.to_ascii_lowercase());
        let others = given.filter(|origin| !origins.contains(origin)).collect();
        Self { hosts, origins, others }
    }

    /// The origin of the page that sends a request to the API, if it is one of those that are not ours
    /// and may.
    pub(crate) fn page_of_another(&self, request: &Request) -> Option<HeaderValue> {
        let origin = one(request.headers(), &ORIGIN).ok()??;
        let may = self.others.contains(&origin) && !console::is_page(request.uri().path());
        may.then(|| request.headers().get(ORIGIN).cloned()).flatten()
    }

    /// Whether pages of any other origin may use the API.
    pub(crate) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// Whether a request may be answered at all.
    pub(crate) fn check(&self, request: &Request) -> Result<(), Problem> {
        let headers = request.headers();
        let host = one(headers, &HOST)?.ok_or_else(|| Problem::malformed("Host is missing"))?;
        if !self.hosts.contains(&host) {
            return Err(Problem::misdirected(format!(
                "the daemon is not called {host:?}; if it shall be, start it with --host"
            )));
        }
        // A target with a name in it must say the same as the header.
        let target = request.uri().authority().map(|name| name.as_str().to_ascii_lowercase());
        if target.is_some_and(|target| target != host) {
            return Err(Problem::malformed(
                "the request names one host in its line, another in Host",
            ));
        }
        if let Some(origin) = one(headers, &ORIGIN)?
            && !self.origins.contains(&origin)
            && !self.others.contains(&origin)
        {
            return Err(Problem::cross_site(format!(
                "pages of {origin:?} may not send requests here; if they shall, start the daemon \
                 with --origin"
            )));
        }
        if console::is_visit(request.method(), request.uri().path(), headers) {
            return Ok(());
        }
        match one(headers, &SEC_FETCH_SITE)?.as_deref() {
            None | Some("same-origin" | "none") => Ok(()),
            Some(_) if headers.contains_key(ORIGIN) => Ok(()),
            Some(_) => Err(Problem::cross_site("a page of another site asked for this")),
        }
    }
}

/// A header that may be there once, in lower case.
fn one(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|_| values.next().is_none());
    let text = text.ok_or_else(|| Problem::malformed(format!("{name}: send it once, in ASCII")))?;
    Ok(Some(text.to_ascii_lowercase()))
}

fn port(listen: &Listen) -> Option<u16> {
    match listen {
        Listen::Tcp(address) => Some(address.port()),
        Listen::Unix(_) => None,
    }
}

/// The names that a place to listen at has of itself.
fn names(listen: &Listen) -> Vec<String> {
    match listen {
        // Whoever opens the socket names what they like; nothing is resolved.
        Listen::Unix(_) => vec!["localhost".to_owned()],
        Listen::Tcp(address) => {
            let (ip, port) = (address.ip(), address.port());
            let mut names = vec![address.to_string()];
            if ip.is_loopback() || ip.is_unspecified() {
                names.push(format!("localhost:{port}"));
                names.push(format!("127.0.0.1:{port}"));
                names.push(format!("[::1]:{port}"));
            }
            if port == 80 || port == 443 {
                let bare = names.iter().filter_map(|name| name.rsplit_once(':'));
                let bare: Vec<String> = bare.map(|(name, _)| name.to_owned()).collect();
                names.extend(bare);
            }
            names
        }
    }
}

fn has_port(host: &str) -> bool {
    let tail = host.rsplit_once(':').map(|(_, port)| port);
    host.parse::<IpAddr>().is_err() && tail.is_some_and(|port| port.parse::<u16>().is_ok())
}
