//! The file that says whom to tell.
//!
//! ```toml
//! console = "https://placet.example.com"
//!
//! [[webhook]]
//! name = "chat"
//! url = "https://chat.example.com/hooks/placet"
//! secret_env = "CHAT_WEBHOOK_SECRET"     # or secret_file = "chat.secret"
//! events = ["approval.opened"]           # all of them when not given
//! tenant = "acme"                        # of all tenants when not given
//! ```
//!
//! A secret is never in the file itself: it is in the environment or in a file of its own. Two
//! secrets, separated by a space, sign every announcement twice, while a receiver moves from one to
//! the other.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use placet::{TenantId, read_regular_file};
use placet_client::{ClientError, tls};
use serde::Deserialize;
use ureq::http::Uri;
use ureq::tls::TlsConfig;
use zeroize::Zeroizing;

use super::address::is_public;
use super::announcement::Kind;
use super::secret::{SigningSecret, SigningSecretError};
use crate::edge::{check_origin, ends_in_number};
use crate::limits::{ANNOUNCEMENT_TIME, MAX_ANNOUNCEMENTS, MAX_WEBHOOKS};

/// Largest file with secrets, in bytes: far more than two of them have.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// Whom to tell, and how often to try.
#[derive(Clone, Debug)]
pub struct Webhooks {
    /// The receivers.
    pub list: Vec<Webhook>,
    /// Where people reach the console, such as `https://placet.example.com`. Without it links are
    /// relative to the daemon's address.
    pub console: Option<String>,
    /// How often an announcement is tried.
    pub retries: Retries,
    /// How many announcements may be in the works at the same time. Each receiver has an equal part of
    /// these places, so that none takes those of another.
    pub places: usize,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            console: None,
            retries: Retries::default(),
            places: MAX_ANNOUNCEMENTS,
        }
    }
}

/// A receiver of announcements.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its name, for people.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What to sign with.
    pub secrets: Vec<SigningSecret>,
    /// What it is told; everything when empty.
    pub events: BTreeSet<Kind>,
    /// The only tenant whose actions it is told of.
    pub tenant: Option<TenantId>,
    /// Whether it may be on this machine or a private network, and be spoken to in plain text.
    pub allow_private: bool,
    /// Whom to trust to be it.
    pub tls: TlsConfig,
}

/// How often an announcement is tried. Most approvals are over after a quarter of an hour, and so
/// are these attempts.
#[derive(Clone, Copy, Debug)]
pub struct Retries {
    /// How often in all.
    pub attempts: u32,
    /// The wait after the first attempt; each further one is twice as long.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// How long all of it may take, the time included that an announcement waits for its turn.
    pub time: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: 10,
            first_wait: Duration::from_secs(2),
            longest_wait: Duration::from_secs(240),
            time: ANNOUNCEMENT_TIME,
        }
    }
}

impl Retries {
    /// How long to wait after an attempt: half of the time for sure, the rest by chance, so that many
    /// who wait for the same receiver do not come back all at once.
    pub(super) fn wait(&self, attempt: u32, random: u32) -> Duration {
        let doubled = self
            .first_wait
            .saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1).min(20)).unwrap_or(1));
        let half = doubled.min(self.longest_wait) / 2;
        half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no TOML, or has what it may not have.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// It makes no sense.
    #[error("{}: {message}", path.display())]
    Nonsense {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A webhook makes no sense.
    #[error("the webhook {name:?}: {why}")]
    Webhook {
        /// Its name.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// Nobody can be trusted.
    #[error(transparent)]
    Trust(#[from] ClientError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    console: Option<String>,
    #[serde(default)]
    webhook: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    url: String,
    secret_env: Option<String>,
    secret_file: Option<PathBuf>,
    events: Option<BTreeSet<Kind>>,
    tenant: Option<TenantId>,
    #[serde(default)]
    allow_private: bool,
    ca: Option<PathBuf>,
}

impl Webhooks {
    /// Reads the file, and the secrets that it names.
    ///
    /// # Errors
    /// When it cannot be read or makes no sense, or a secret is not there.
    pub fn read(path: &Path) -> Result<Self, WebhookError> {
        let unreadable = |source| WebhookError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let nonsense = |message: String| WebhookError::Nonsense { path: path.to_owned(), message };
        let file: File = toml::from_str(&text).map_err(|error| syntax(path, &text, &error))?;
        if file.webhook.len() > MAX_WEBHOOKS {
            return Err(nonsense(format!("at most {MAX_WEBHOOKS} webhooks are possible")));
        }
        if let Some(console) = &file.console
            && !is_web_origin(console)
        {
            let message =
                format!("console: {console:?} is no origin; write https://placet.example.com");
            return Err(nonsense(message));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let list = file.webhook.into_iter().map(|entry| entry.resolve(folder));
        let list = list.collect::<Result<_, _>>()?;
        Ok(Self { list, console: file.console, ..Self::default() })
    }
}

impl Entry {
    fn resolve(self, folder: &Path) -> Result<Webhook, WebhookError> {
        let wrong = |why: String| WebhookError::Webhook { name: self.name.clone(), why };
        check_url(&self.url, self.allow_private).map_err(wrong)?;
        if self.events.as_ref().is_some_and(BTreeSet::is_empty) {
            let why =
                "its events is empty, so it would be told nothing; leave it out for all of them";
            return Err(wrong(why.to_owned()));
        }
        let text = match (&self.secret_env, &self.secret_file) {
            (Some(variable), None) => {
                std::env::var(variable).map(Zeroizing::new).map_err(|_| {
                    wrong(format!("its secret is not in the environment as {variable}"))
                })?
            }
            (None, Some(file)) => secret(&folder.join(file)).map_err(|error| {
                wrong(format!("its secret cannot be read from {}: {error}", file.display()))
            })?,
            _ => return Err(wrong("name its secret by secret_env or by secret_file".to_owned())),
        };
        let secrets: Result<Vec<SigningSecret>, SigningSecretError> =
            text.split_whitespace().map(str::parse).collect();
        let secrets = secrets.map_err(|error| wrong(error.to_string()))?;
        if secrets.is_empty() {
            return Err(wrong("its secret is empty".to_owned()));
        }
        let ca = self.ca.as_ref().map(|ca| folder.join(ca));
        Ok(Webhook {
            tls: tls::config(ca.as_deref())?,
            name: self.name,
            url: self.url,
            secrets,
            events: self.events.unwrap_or_default(),
            tenant: self.tenant,
            allow_private: self.allow_private,
        })
    }
}

/// What a file with a secret holds, where nobody but its owner can read or change it.
fn secret(path: &Path) -> io::Result<Zeroizing<String>> {
    /// Everything that a group or the world may do.
    const OTHERS: u32 = 0o077;

    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        let message = format!(
            "others can use the file (its mode is {mode:03o}); make it its owner's with chmod 600, and \
             use another secret if somebody may have seen it"
        );
        return Err(io::Error::new(ErrorKind::PermissionDenied, message));
    }
    let bytes = Zeroizing::new(read_regular_file(path, MAX_SECRET_BYTES)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| ErrorKind::InvalidData)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Where the parser stopped, and why, on one line.
fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> WebhookError {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    WebhookError::Syntax {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: line.chars().count() + 1,
        message: error.message().lines().collect::<Vec<_>>().join("; "),
    }
}

/// Whether announcements can be sent to a URL. Plain text is for private networks only.
fn check_url(url: &str, allow_private: bool) -> Result<(), String> {
    let parsed: Uri = url.parse().map_err(|_| format!("{url:?} is no URL"))?;
    let authority = parsed.authority().ok_or_else(|| format!("{url:?} names no host"))?;
    if authority.as_str().contains('@') {
        return Err(
            "its URL holds a name or password; the signature says whom it is from".to_owned()
        );
    }
    if !allow_private && is_private(authority.host()) {
        return Err(format!(
            "{url:?} is on this machine or a private network, where nothing is sent; name a receiver on \
             the public Internet, or write allow_private = true for one that you run yourself"
        ));
    }
    match parsed.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if allow_private => Ok(()),
        _ => {
            Err(format!("{url:?} has to begin with https://; http:// is for allow_private = true"))
        }
    }
}

/// Whether a host leads nowhere public, as far as its text says so. Of a name nobody knows before it is
/// resolved; an address in an odd spelling is one that wants to be taken for another.
fn is_private(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let name = host.strip_suffix('.').unwrap_or(&host);
    match host.parse() {
        Ok(address) => !is_public(address),
        Err(_) => name == "localhost" || name.ends_with(".localhost") || ends_in_number(name),
    }
}

/// Whether a text is the origin of pages that a browser shows.
fn is_web_origin(text: &str) -> bool {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    is_web && check_origin(text).is_ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Retries;
    use crate::limits::{ANNOUNCEMENT_TIME, WEBHOOK_TIME};

    const RETRIES: Retries = Retries {
        attempts: 10,
        first_wait: Duration::from_secs(2),
        longest_wait: Duration::from_secs(240),
        time: ANNOUNCEMENT_TIME,
    };

    fn seconds(attempt: u32, random: u32) -> f64 {
        RETRIES.wait(attempt, random).as_secs_f64()
    }

    fn is_about(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-6
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let longest = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 240.0, 240.0];
        for (attempt, expected) in (1..).zip(longest) {
            let found = seconds(attempt, u32::MAX);
            assert!(is_about(found, expected), "{attempt}: {found}");
        }
        for attempt in [20, 21, 22, 32, 33, u32::MAX] {
            assert!(is_about(seconds(attempt, u32::MAX), 240.0), "{attempt}");
        }
    }

    #[test]
    fn half_of_a_wait_is_for_sure_and_the_rest_by_chance() {
        for attempt in 1..12 {
            let most = seconds(attempt, u32::MAX);
            assert!(is_about(seconds(attempt, 0), most / 2.0), "{attempt}");
            assert!(is_about(seconds(attempt, u32::MAX / 2), most * 0.75), "{attempt}");
            let mut before = -1.0;
            for random in (0..=u32::MAX).step_by(1 << 28) {
                let found = seconds(attempt, random);
                assert!(
                    before < found && (most / 2.0..=most).contains(&found),
                    "{attempt} {random}"
                );
                before = found;
            }
        }
    }

    #[test]
    fn nothing_is_waited_for_where_no_wait_is_set() {
        let none = Retries { first_wait: Duration::ZERO, ..RETRIES };
        assert_eq!(none.wait(5, u32::MAX), Duration::ZERO);
    }

    #[test]
    fn attempts_are_over_by_the_time_that_most_approvals_are() {
        let retries = Retries::default();
        let all: Duration =
            (1..retries.attempts).map(|attempt| retries.wait(attempt, u32::MAX)).sum();
        assert!(all + WEBHOOK_TIME * retries.attempts < retries.time, "{all:?}");
        assert!(all > Duration::from_secs(10 * 60), "a receiver may be away for a while: {all:?}");
    }
}
