//! Webhooks: telling other systems that something waits for people, or waits no more.
//!
//! A chat, a pager or a ticket is told that a call is held, and where people answer it. Webhooks only
//! announce: whatever is sent back, nothing but an authenticated person resolves. What is sent says
//! which action it is about and nothing of its params, and is signed as [Standard Webhooks] has it, so
//! that the receiver knows whom it is from.
//!
//! An announcement is sent at least once: it is tried again with growing waits, and one that cannot be
//! delivered ends in the list of dead letters, which outlives the daemon. What is in the works when the daemon stops is lost with
//! it; what still waits for people is announced again at the next start, under the same id.
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com

mod address;
mod announcement;
mod dead;
mod delivery;
mod file;
mod secret;
mod settings;

use std::sync::Arc;

use placet::{ApprovalId, Entry, READ_TOGETHER};
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use crate::app::App;
use crate::limits::MAX_ANNOUNCEMENTS;
use announcement::Announcement;
pub use announcement::Kind;
pub(crate) use dead::{DeadLetter, DeadLetters};
use delivery::Endpoint;
pub use secret::{SigningSecret, SigningSecretError};
pub use settings::{Retries, Webhook, WebhookError, Webhooks};

/// Announces what happens for as long as the daemon runs. Whoever drops it ends all deliveries.
pub(crate) async fn follow(app: Arc<App>) {
    let webhooks = &app.config.webhooks;
    if webhooks.list.is_empty() {
        return;
    }
    let endpoints = webhooks.list.iter().map(|webhook| Endpoint::new(webhook, webhooks.retries));
    let mut announcer = Announcer {
        endpoints: endpoints.map(Arc::new).collect(),
        room: Arc::new(Semaphore::new(MAX_ANNOUNCEMENTS)),
        deliveries: JoinSet::new(),
        next: app.guard.log().size(),
        app: Arc::clone(&app),
    };
    let dead = Arc::clone(&app.dead_letters);
    let announcing = async {
        announcer.open_ones().await;
        announcer.run().await;
    };
    tokio::select! {
        () = announcing => {}
        () = dead.keep() => {}
    }
}

struct Announcer {
    app: Arc<App>,
    endpoints: Vec<Arc<Endpoint>>,
    /// What may be in the works at the same time.
    room: Arc<Semaphore>,
    deliveries: JoinSet<()>,
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

    async fn entry(&mut self, entry: &Entry) {
        self.next = entry.index.saturating_add(1);
        // Those that are done are forgotten.
        while self.deliveries.try_join_next().is_some() {}
        if let Some((kind, id)) = announcement::kind(&entry.event) {
            self.announce(kind, id).await;
        }
    }

    async fn announce(&mut self, kind: Kind, id: ApprovalId) {
        let console = self.app.config.webhooks.console.clone();
        let read = self.app.blocking(move |guard| guard.log().action(id.action())).await;
        let Ok(Ok(Some(followed))) = read else {
            tracing::error!(approval = %id, "an announcement cannot be made: the log cannot be read");
            return;
        };
        let tenant = followed.subject.tenant.clone();
        let announcement = Arc::new(Announcement::new(kind, id, &followed, console.as_deref()));
        for endpoint in self.endpoints.iter().filter(|endpoint| endpoint.wants(kind, &tenant)) {
            let (endpoint, announcement) = (Arc::clone(endpoint), Arc::clone(&announcement));
            let dead = Arc::clone(&self.app.dead_letters);
            match Arc::clone(&self.room).try_acquire_owned() {
                Ok(place) => drop(self.deliveries.spawn(async move {
                    let _place = place;
                    endpoint.deliver(&announcement, &dead).await;
                })),
                Err(_) => endpoint.give_up(&announcement, 0, "too many are in the works", &dead),
            }
        }
    }
}
