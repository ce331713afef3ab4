//! Bringing an announcement to its receiver, again and again until it is there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use placet::{ApprovalId, TenantId, Timestamp};
use tokio::sync::Notify;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep_until};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;

use super::address::Checked;
use super::announcement::{Announcement, Kind};
use super::dead::{DeadLetter, DeadLetters};
use super::queue::{Item, Queue};
use super::secret;
use super::settings::{Retries, Webhook};
use crate::limits::{MAX_WEBHOOK_CONNECTIONS, MAX_WEBHOOK_HEAD_BYTES, WEBHOOK_TIME};

/// The status with which a receiver says that it wants nothing any more.
const GONE: u16 = 410;

/// How often is looked for what has waited too long.
const LOOK: Duration = Duration::from_secs(1);

/// One receiver.
pub(super) struct Endpoint {
    webhook: Webhook,
    agent: ureq::Agent,
    retries: Retries,
    /// What is in the works.
    queue: Mutex<Queue>,
    /// Something was taken in.
    changed: Notify,
    /// An attempt has ended.
    settled: Notify,
}

/// Why an attempt came to nothing.
enum Failed {
    /// It may well succeed later.
    Again(String),
    /// It will not.
    Never(String),
}

impl Endpoint {
    /// With so many places for what is in the works.
    pub(super) fn new(webhook: &Webhook, retries: Retries, places: usize) -> Self {
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
        let queue = Mutex::new(Queue::new(places, retries.time));
        let (changed, settled) = (Notify::new(), Notify::new());
        Self { webhook: webhook.clone(), agent, retries, queue, changed, settled }
    }

    /// Whether it wants to hear of this.
    pub(super) fn wants(&self, kind: Kind, tenant: &TenantId) -> bool {
        let events = &self.webhook.events;
        (events.is_empty() || events.contains(&kind))
            && self.webhook.tenant.as_ref().is_none_or(|own| own == tenant)
    }

    /// Takes in what is to be sent.
    pub(super) fn take_in(&self, what: Arc<Announcement>, dead: &DeadLetters) {
        let out = self.queue().add(Item::new(what));
        if let Some(item) = out {
            self.give_up(&item, "too many of its tenant are in the works", dead);
        }
        self.changed.notify_one();
    }

    /// An approval has ended, whether or not the receiver wants to hear of that.
    pub(super) fn over(&self, approval: ApprovalId) {
        self.queue().over(approval);
    }

    /// Sends what is to be sent, for ever.
    pub(super) async fn run(self: Arc<Self>, dead: Arc<DeadLetters>) {
        let mut attempts = JoinSet::new();
        let mut looked = Instant::now();
        loop {
            let now = Instant::now();
            if now.saturating_duration_since(looked) >= LOOK {
                looked = now;
                self.give_up_late(now, &dead);
            }
            while attempts.len() < MAX_WEBHOOK_CONNECTIONS
                && let Some(item) = self.next(now)
            {
                let endpoint = Arc::clone(&self);
                attempts.spawn(async move {
                    let outcome = endpoint.attempt(&item.what).await;
                    (item, outcome)
                });
            }
            let wake = self.wake(attempts.len() < MAX_WEBHOOK_CONNECTIONS, looked);
            tokio::select! {
                () = self.changed.notified() => {}
                Some(done) = attempts.join_next() => {
                    if let Ok((item, outcome)) = done {
                        self.attempted(item, outcome, &dead);
                    }
                    self.settled.notify_one();
                }
                () = sleep_until(wake.unwrap_or(now)), if wake.is_some() => {}
            }
        }
    }

    fn next(&self, now: Instant) -> Option<Item> {
        self.queue().next(now)
    }

    /// When to look again, even if nothing happens.
    fn wake(&self, has_room: bool, looked: Instant) -> Option<Instant> {
        let queue = self.queue();
        let look = (!queue.is_empty()).then(|| looked + LOOK);
        let due = has_room.then(|| queue.due()).flatten();
        look.into_iter().chain(due).min()
    }

    /// Ends when nothing is being sent, and nothing could be sent at once.
    pub(super) async fn idle(&self) {
        while !self.queue().is_idle(Instant::now()) {
            self.settled.notified().await;
        }
    }

    /// Writes down what is left. What is open is announced again at the next start, so it is not lost.
    pub(super) fn stop(&self, dead: &DeadLetters) {
        let left = self.queue().drain();
        for item in left.iter().filter(|item| item.what.kind != Kind::Opened) {
            let reason = match &item.why {
                Some(why) => {
                    format!("the daemon stopped before it was tried again; before that: {why}")
                }
                None => "the daemon stopped before there was an answer to it".to_owned(),
            };
            self.give_up(item, &reason, dead);
        }
    }

    fn give_up_late(&self, now: Instant, dead: &DeadLetters) {
        let late = self.queue().late(now);
        for item in late {
            let reason = match &item.why {
                Some(why) => {
                    format!("its turn did not come in time to try it again; before that: {why}")
                }
                None => "its turn did not come in time".to_owned(),
            };
            self.give_up(&item, &reason, dead);
        }
    }

    fn attempted(&self, mut item: Item, outcome: Result<(), Failed>, dead: &DeadLetters) {
        item.attempts = item.attempts.saturating_add(1);
        let (why, is_last) = match outcome {
            Ok(()) => return self.queue().done(&item),
            Err(Failed::Again(why)) => (why, item.attempts >= self.retries.attempts),
            Err(Failed::Never(why)) => (why, true),
        };
        let due = Instant::now() + self.retries.wait(item.attempts, random());
        if is_last || self.queue().is_late(&item, due) {
            self.queue().done(&item);
            return self.give_up(&item, &why, dead);
        }
        self.tell(&item.what, item.attempts, &why);
        item.why = Some(why);
        self.queue().again(item, due);
    }

    /// Keeps it with those that could not be delivered.
    fn give_up(&self, item: &Item, reason: &str, dead: &DeadLetters) {
        let (what, attempts) = (&item.what, item.attempts);
        let webhook = self.webhook.name.clone();
        tracing::error!(
            target: "placet::webhook",
            webhook, id = what.id, attempts, reason, "an announcement could not be delivered"
        );
        let at =
            Timestamp::from_millis(i64::try_from(since_epoch().as_millis()).unwrap_or(i64::MAX));
        let (kind, approval, id) = (what.kind, what.approval, what.id.clone());
        let (reason, tenant) = (reason.to_owned(), Some(what.tenant.clone()));
        dead.add(DeadLetter { id, webhook, tenant, kind, approval, attempts, reason, at });
    }

    fn tell(&self, what: &Announcement, attempt: u32, why: &str) {
        let (webhook, id) = (self.webhook.name.as_str(), what.id.as_str());
        tracing::warn!(
            target: "placet::webhook",
            webhook, id, attempt, why, "an announcement is tried again"
        );
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn attempt(self: &Arc<Self>, what: &Arc<Announcement>) -> Result<(), Failed> {
        let stopping = |_| Failed::Never("the daemon is stopping".to_owned());
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
