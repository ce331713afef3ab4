//! Bringing an announcement to its receiver, again and again until it is there.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use placet::{TenantId, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;

use super::address::Checked;
use super::announcement::{Announcement, Kind};
use super::dead::{DeadLetter, DeadLetters};
use super::secret;
use super::settings::{Retries, Webhook};
use crate::limits::{MAX_WEBHOOK_CONNECTIONS, MAX_WEBHOOK_HEAD_BYTES, WEBHOOK_TIME};

/// The status with which a receiver says that it wants nothing any more.
const GONE: u16 = 410;

/// One receiver.
pub(super) struct Endpoint {
    webhook: Webhook,
    agent: ureq::Agent,
    retries: Retries,
    /// Connections that are open at the same time.
    connections: Arc<Semaphore>,
}

/// Why an attempt came to nothing.
enum Failed {
    /// It may well succeed later.
    Again(String),
    /// It will not.
    Never(String),
}

impl Endpoint {
    pub(super) fn new(webhook: &Webhook, retries: Retries) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A redirect could lead where the address was checked for nothing.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .max_idle_connections(0)
            .max_response_header_size(MAX_WEBHOOK_HEAD_BYTES)
            .timeout_global(Some(WEBHOOK_TIME))
            .https_only(!webhook.allow_private)
            .tls_config(webhook.tls.clone())
            .user_agent(concat!("placet/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver =
            Checked { allows_private: webhook.allow_private, inner: DefaultResolver::default() };
        let agent = ureq::Agent::with_parts(config, DefaultConnector::default(), resolver);
        let connections = Arc::new(Semaphore::new(MAX_WEBHOOK_CONNECTIONS));
        Self { webhook: webhook.clone(), agent, retries, connections }
    }

    /// Whether it wants to hear of this.
    pub(super) fn wants(&self, kind: Kind, tenant: &TenantId) -> bool {
        let events = &self.webhook.events;
        (events.is_empty() || events.contains(&kind))
            && self.webhook.tenant.as_ref().is_none_or(|own| own == tenant)
    }

    /// Tries until it is delivered or there is no sense in trying.
    pub(super) async fn deliver(self: Arc<Self>, what: &Arc<Announcement>, dead: &DeadLetters) {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.attempt(what).await {
                Ok(()) => return,
                Err(Failed::Again(why)) if attempt < self.retries.attempts => {
                    let wait = self.retries.wait(attempt, random());
                    self.tell(what, attempt, &why);
                    tokio::time::sleep(wait).await;
                }
                Err(Failed::Again(why) | Failed::Never(why)) => {
                    return self.give_up(what, attempt, &why, dead);
                }
            }
        }
    }

    /// Keeps it with those that could not be delivered.
    pub(super) fn give_up(
        &self,
        what: &Announcement,
        attempts: u32,
        reason: &str,
        dead: &DeadLetters,
    ) {
        let webhook = self.webhook.name.clone();
        tracing::error!(
            target: "placet::webhook",
            webhook, id = what.id, attempts, reason, "an announcement could not be delivered"
        );
        let at =
            Timestamp::from_millis(i64::try_from(since_epoch().as_millis()).unwrap_or(i64::MAX));
        let (kind, approval, id) = (what.kind, what.approval, what.id.clone());
        let reason = reason.to_owned();
        dead.add(DeadLetter { id, webhook, kind, approval, attempts, reason, at });
    }

    fn tell(&self, what: &Announcement, attempt: u32, why: &str) {
        let (webhook, id) = (self.webhook.name.as_str(), what.id.as_str());
        tracing::warn!(
            target: "placet::webhook",
            webhook, id, attempt, why, "an announcement is tried again"
        );
    }

    async fn attempt(self: &Arc<Self>, what: &Arc<Announcement>) -> Result<(), Failed> {
        let stopping = |_| Failed::Never("the daemon is stopping".to_owned());
        let _turn = self
            .connections
            .acquire()
            .await
            .map_err(|_| Failed::Never("the daemon is stopping".to_owned()))?;
        let (endpoint, what) = (Arc::clone(self), Arc::clone(what));
        spawn_blocking(move || endpoint.send(&what)).await.map_err(stopping)?
    }

    fn send(&self, what: &Announcement) -> Result<(), Failed> {
        let timestamp = since_epoch().as_secs();
        let signature = secret::sign(&self.webhook.secrets, &what.id, timestamp, &what.body);
        let answered = self
            .agent
            .post(self.webhook.url.as_str())
            .header("content-type", "application/json")
            .header("webhook-id", &what.id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature)
            .send(&what.body);
        // The status is all that is of interest: the body is not even read.
        let status = answered.map_err(|error| Failed::Again(error.to_string()))?.status();
        match status.as_u16() {
            200..=299 => Ok(()),
            GONE => Err(Failed::Never("it answered 410: it wants nothing any more".to_owned())),
            300..=399 => {
                Err(Failed::Again(format!("it answered {status}, and redirects are not followed")))
            }
            _ => Err(Failed::Again(format!("it answered {status}"))),
        }
    }
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Any number, or one that serves as well where the system has none.
fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX / 2)
}
