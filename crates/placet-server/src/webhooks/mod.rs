//! Webhooks: telling other systems that something waits for people, or waits no more.
//!
//! A chat, a pager or a ticket is told that a call is held, and where people answer it. Webhooks only
//! announce: whatever is sent back, nothing but an authenticated person resolves. What is sent says
//! which action it is about and nothing of its params, and is signed as [Standard Webhooks] has it, so
//! that the receiver knows whom it is from.
//!
//! An announcement is sent at least once: it is tried again with growing waits, and one that cannot be
//! delivered ends in the list of dead letters, which outlives the daemon. What still waits for people is
//! announced again at the next start, under the same id; all else that is in the works when the daemon
//! stops is a dead letter. A daemon that is killed has no time for that.
//!
//! Every receiver has places, connections and a dispatcher of its own, and its tenants take turns.
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com

mod address;
mod announcement;
mod dead;
mod delivery;
mod file;
mod queue;
mod secret;
mod settings;

use std::sync::Arc;

use placet::{ApprovalId, Entry, READ_TOGETHER, Status};
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::app::App;
use crate::limits::LAST_ANNOUNCEMENTS_TIME;
use announcement::Announcement;
pub use announcement::Kind;
pub(crate) use dead::{DeadLetter, DeadLetters};
use delivery::Endpoint;
pub use secret::{SigningSecret, SigningSecretError};
pub use settings::{Retries, Webhook, WebhookError, Webhooks};

/// Announces what happens until it is told that nothing will happen any more: then it sends what can be
/// sent at once. Whoever drops it ends all deliveries; what is left is written down in either case.
pub(crate) async fn follow(app: Arc<App>, end: Arc<Notify>) {
    let webhooks = &app.config.webhooks;
    if webhooks.list.is_empty() {
        return;
    }
    let places = webhooks.places.checked_div(webhooks.list.len()).unwrap_or_default().max(1);
    let endpoints =
        webhooks.list.iter().map(|webhook| Endpoint::new(webhook, webhooks.retries, places));
    let endpoints: Vec<Arc<Endpoint>> = endpoints.map(Arc::new).collect();
    let dead = Arc::clone(&app.dead_letters);
    let left = Left { endpoints, dead: Arc::clone(&dead) };
    let mut deliveries = JoinSet::new();
    for endpoint in &left.endpoints {
        deliveries.spawn(Arc::clone(endpoint).run(Arc::clone(&dead)));
    }
    let next = app.guard.log().size();
    let mut announcer =
        Announcer { app: Arc::clone(&app), endpoints: left.endpoints.clone(), next };
    let announcing = async {
        announcer.open_ones().await;
        announcer.run().await;
    };
    tokio::select! {
        () = announcing => {}
        () = dead.keep() => {}
        () = end.notified() => {}
    }
    let last = async {
        announcer.catch_up().await;
        for endpoint in &left.endpoints {
            endpoint.idle().await;
        }
    };
    drop(timeout(LAST_ANNOUNCEMENTS_TIME, last).await);
}

/// Writes down what is left when nobody sends it any more.
struct Left {
    endpoints: Vec<Arc<Endpoint>>,
    dead: Arc<DeadLetters>,
}

impl Drop for Left {
    fn drop(&mut self) {
        for endpoint in &self.endpoints {
            endpoint.stop(&self.dead);
        }
        self.dead.save();
    }
}

struct Announcer {
    app: Arc<App>,
    endpoints: Vec<Arc<Endpoint>>,
    /// The next entry to look at.
    next: u64,
}

impl Announcer {
    /// First what is in the log, then what comes.
    async fn run(&mut self) {
        loop {
            let mut live = self.app.hub.events(self.app.guard.log());
            self.catch_up().await;
            loop {
                match live.recv().await {
                    Ok(entry) if entry.index == self.next => self.entry(&entry).await,
                    // It was read already.
                    Ok(entry) if entry.index < self.next => {}
                    // Some are missing: they are in the log.
                    Ok(_) | Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return,
                }
            }
        }
    }

    async fn catch_up(&mut self) {
        loop {
            let from = self.next;
            let read =
                self.app.blocking(move |guard| guard.log().entries(from, READ_TOGETHER)).await;
            // What cannot be read now comes again with the next entry.
            let Ok(Ok(entries)) = read else { return };
            if entries.is_empty() {
                return;
            }
            for entry in entries {
                self.entry(&entry).await;
            }
        }
    }

    /// What waited for people before the daemon started.
    async fn open_ones(&mut self) {
        // What is opened from here on comes with its entry.
        let (before, mut last) = (self.next, None);
        loop {
            // Commits are let in after every few of them.
            let some: Vec<(ApprovalId, u64)> = {
                let state = self.app.guard.log().state();
                let behind = state.approvals().behind(last).take(READ_TOGETHER);
                behind.map(|(id, open)| (id, open.decided)).collect()
            };
            let Some((latest, _)) = some.last() else { return };
            last = Some(*latest);
            for (id, _) in some.iter().filter(|(_, decided)| *decided < before) {
                self.announce(Kind::Opened, *id).await;
            }
        }
    }

    /// Whoever is stopped in the middle of it looks at the entry again.
    async fn entry(&mut self, entry: &Entry) {
        if let Some((kind, id)) = announcement::kind(&entry.event) {
            self.announce(kind, id).await;
        }
        self.next = entry.index.saturating_add(1);
    }

    async fn announce(&mut self, kind: Kind, id: ApprovalId) {
        let console = self.app.config.webhooks.console.clone();
        let read = self.app.blocking(move |guard| guard.log().action(id.action())).await;
        if kind == Kind::Resolved {
            self.endpoints.iter().for_each(|endpoint| endpoint.over(id));
        }
        let Ok(Ok(Some(followed))) = read else {
            tracing::error!(approval = %id, "an announcement cannot be made: the log cannot be read");
            return;
        };
        if kind == Kind::Opened && followed.status != Status::Pending {
            // It is over already, and that comes next.
            return;
        }
        let tenant = followed.subject.tenant.clone();
        let announcement = Arc::new(Announcement::new(kind, id, &followed, console.as_deref()));
        for endpoint in self.endpoints.iter().filter(|endpoint| endpoint.wants(kind, &tenant)) {
            endpoint.take_in(Arc::clone(&announcement), &self.app.dead_letters);
        }
    }
}
