//! Speaks to a running daemon: blocking, with the key of whoever asks.
//!
//! A command that shall stop an agent must not stop it twice, nor leave anyone in doubt whether it
//! did: every write carries an `Idempotency-Key` of its own, so that it can be sent again when the
//! connection breaks, and is carried out once. What the daemon refuses becomes an error in its own
//! words.
//!
//! ```no_run
//! use placet_client::Client;
//! use serde_json::{Value, json};
//!
//! # fn main() -> Result<(), placet_client::ClientError> {
//! let client = Client::new("http://127.0.0.1:4747", "plc_…")?;
//! let decision: Value = client.post("/v1/evaluate", &json!({ "tool": "issue_refund" }))?;
//! # Ok(())
//! # }
//! ```

mod address;
mod error;
mod socket;
pub mod tls;
mod trust;

use std::io::{Read as _, Write};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{Request, Response, StatusCode};
use zeroize::Zeroizing;

use address::Address;
pub use error::{ClientError, Problem};
pub use trust::Distrust;

/// Names a file with the certificates that are trusted instead of the system's.
const CERTIFICATES: &str = "PLACET_CA";

/// How long a request may take as a whole: the daemon itself gives up sooner.
const LONGEST: Duration = Duration::from_secs(60);

/// Longest wait for the next part of what may be large: before the first, the daemon copies a whole log.
const LONGEST_SILENCE: Duration = Duration::from_secs(600);

/// As much of it as is read at a time, in bytes.
const PART: usize = 64 * 1024;

/// Largest answer that is read, in bytes: the largest policy that the daemon takes, as JSON.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// Waits between one attempt and the next; after the last of them it is given up. A daemon that is
/// replaced by its next version is back within a second or two.
const WAITS: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(800),
    Duration::from_millis(2_000),
];

/// What is sent: the name under which it is carried out once, if it is a write, and the body.
type Sent<'a> = (Option<&'a str>, &'a str);

/// A daemon, as someone with a key speaks to it.
pub struct Client {
    agent: ureq::Agent,
    address: Address,
    key: Zeroizing<String>,
}

impl Client {
    /// A client for the daemon at this URL. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is none, or the key would travel in plain text to another machine.
    pub fn new(url: &str, key: &str) -> Result<Self, ClientError> {
        let address = Address::parse(url)?;
        let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_key {
            return Err(ClientError::NotAKey);
        }
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(LONGEST));
        config = match address.is_encrypted() {
            true => {
                let named = std::env::var_os(CERTIFICATES).map(PathBuf::from);
                config.tls_config(tls::config(named.as_deref())?)
            }
            // A proxy would read the key.
            false => config.proxy(None),
        };
        let agent = match address.socket() {
            Some(path) => socket::agent(config.build(), path.to_owned()),
            None => config.build().into(),
        };
        Ok(Self { agent, address, key: Zeroizing::new(key.to_owned()) })
    }

    /// Where the daemon is.
    #[must_use]
    pub fn url(&self) -> &str {
        self.address.as_str()
    }

    /// Whether a daemon answers there, asked once: for whoever has another place to go to.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.send_once("GET", "/health", None, None).is_ok()
    }

    /// Reads.
    ///
    /// # Errors
    /// When the daemon cannot be reached or refuses.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        read(&self.send("GET", path, None)?)
    }

    /// Reads what may change soon: the daemon answers when it has, at the latest after `time`, and
    /// never later than half of what a request may take.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn wait<T: DeserializeOwned>(&self, path: &str, time: Duration) -> Result<T, ClientError> {
        read(&self.send_and_wait("GET", path, None, Some(time.min(LONGEST / 2)))?)
    }

    /// Reads text that is no JSON.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn text(&self, path: &str) -> Result<String, ClientError> {
        String::from_utf8(self.send("GET", path, None)?).map_err(|_| ClientError::Unreadable)
    }

    /// Reads bytes.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        self.send("GET", path, None)
    }

    /// Reads what may be large into a writer, as it comes; how many bytes that were. `came` is told
    /// how many there are so far, and how many there will be where the daemon has said so.
    ///
    /// # Errors
    /// As [`Client::get`], when it breaks off, and when it cannot be written.
    pub fn fetch(
        &self,
        path: &str,
        to: &mut impl Write,
        came: impl Fn(u64, Option<u64>),
    ) -> Result<u64, ClientError> {
        let mut waits = WAITS.iter();
        let response = loop {
            match (self.open(path), waits.next()) {
                (Err(error), Some(wait)) if error.may_pass() => thread::sleep(*wait),
                (answer, _) => break answer?,
            }
        };
        let whole = response.body().content_length();
        let mut body = response.into_body().into_reader();
        let (mut part, mut written) = (vec![0; PART], 0_u64);
        let broken = |source| self.unreachable(ureq::Error::Io(source));
        loop {
            let length = body.read(&mut part).map_err(broken)?;
            let Some(read) = part.get(..length).filter(|read| !read.is_empty()) else { break };
            to.write_all(read).map_err(ClientError::NotKept)?;
            written = written.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
            came(written, whole);
        }
        if whole.is_some_and(|whole| whole != written) {
            return Err(broken(std::io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(written)
    }

    /// Sends a request whose answer is read as it comes, however long that takes.
    fn open(&self, path: &str) -> Result<Response<ureq::Body>, ClientError> {
        let request = Request::builder()
            .uri(self.address.with(path))
            .header("authorization", format!("Bearer {}", *self.key))
            .body(())
            .map_err(|error| self.unreachable(ureq::Error::Http(error)))?;
        let request = self.agent.configure_request(request).timeout_global(None);
        let request = request.timeout_per_read(Some(LONGEST_SILENCE)).build();
        let mut response = self.agent.run(request).map_err(|source| self.unreachable(source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let bytes = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
        Err(refusal(status, &bytes.map_err(|source| self.unreachable(source))?))
    }

    fn unreachable(&self, source: ureq::Error) -> ClientError {
        trust::unanswered(&self.address, source)
    }

    /// Asks with a body. Nothing is written by it, so it has no name under which it is carried out
    /// once.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_string(body).map_err(|_| ClientError::Unreadable)?;
        read(&self.send("POST", path, Some((None, &body)))?)
    }

    /// Writes, once, however often it has to be sent.
    ///
    /// # Errors
    /// When the daemon cannot be reached or refuses. Where it may have been carried out all the same, the
    /// error says so ([`ClientError::is_unknown`]).
    pub fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.write("POST", path, body)
    }

    /// The same, to put something in the place of another.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.write("PUT", path, body)
    }

    /// The same, to end something.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub fn delete<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.write("DELETE", path, body)
    }

    fn write<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_string(body).map_err(|_| ClientError::Unreadable)?;
        let name = fresh_name()?;
        read(&self.send(method, path, Some((Some(&name), &body)))?).map_err(ClientError::of_write)
    }

    /// Sends until there is an answer that will not change.
    fn send(
        &self,
        method: &str,
        path: &str,
        sent: Option<Sent<'_>>,
    ) -> Result<Vec<u8>, ClientError> {
        self.send_and_wait(method, path, sent, None)
    }

    /// The same, where the daemon may take its time.
    fn send_and_wait(
        &self,
        method: &str,
        path: &str,
        sent: Option<Sent<'_>>,
        wait: Option<Duration>,
    ) -> Result<Vec<u8>, ClientError> {
        let mut waits = WAITS.iter();
        let is_write = matches!(sent, Some((Some(_), _)));
        let mut is_open = false;
        loop {
            let error = match self.send_once(method, path, sent, wait) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            is_open |= is_write && error.leaves_open();
            match waits.next() {
                Some(wait) if error.may_pass() => thread::sleep(*wait),
                _ if is_open => return Err(error.of_write()),
                _ => return Err(error),
            }
        }
    }

    fn send_once(
        &self,
        method: &str,
        path: &str,
        sent: Option<Sent<'_>>,
        wait: Option<Duration>,
    ) -> Result<Vec<u8>, ClientError> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.address.with(path))
            .header("authorization", format!("Bearer {}", *self.key));
        if let Some(wait) = wait {
            request = request.header("prefer", format!("wait={}", wait.as_secs()));
        }
        let unreachable = |source| self.unreachable(source);
        let odd = |error| unreachable(ureq::Error::Http(error));
        let answered = match sent {
            None => self.agent.run(request.body(()).map_err(odd)?),
            Some((name, body)) => {
                let mut request = request.header("content-type", "application/json");
                if let Some(name) = name {
                    request = request.header("idempotency-key", name);
                }
                let config = request.body(body).map_err(odd)?;
                let request = self.agent.configure_request(config).allow_non_standard_methods(true);
                self.agent.run(request.build())
            }
        };
        let mut response = answered.map_err(unreachable)?;
        let bytes = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
        let bytes = bytes.map_err(unreachable)?;
        match response.status() {
            status if status.is_success() => Ok(bytes),
            status => Err(refusal(status, &bytes)),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.url())
    }
}

/// Text as one segment of a path.
#[must_use]
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(bytes).map_err(|_| ClientError::Unreadable)
}

/// What the daemon says about its refusal; anything else that answers there is no daemon.
fn refusal(status: StatusCode, bytes: &[u8]) -> ClientError {
    match serde_json::from_slice::<Problem>(bytes) {
        Ok(problem) => ClientError::Refused(Box::new(problem)),
        Err(_) => ClientError::Strange(status.as_u16()),
    }
}

/// A name that no other request has.
fn fresh_name() -> Result<String, ClientError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| ClientError::NoRandomness)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
