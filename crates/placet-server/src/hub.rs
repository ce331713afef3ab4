//! Telling those who wait that what they wait for has happened.
//!
//! One task follows the log. It hands every entry to the streams of events, and wakes the requests
//! that wait for one action. A wait is a few hundred bytes and no thread.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use placet::{ActionId, Entry, Event, Guard};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, broadcast};

use crate::app::App;
use crate::limits::EVENTS_BUFFERED;

/// How many entries are read at a time.
const READ_AHEAD: usize = 256;

/// How long to wait before the log is read again after it could not be.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Tells those who wait that something has happened.
#[derive(Debug)]
pub(crate) struct Hub {
    waiting: Mutex<Waiting>,
    events: broadcast::Sender<Arc<Entry>>,
}

/// The actions whose end someone waits for.
type Waiting = HashMap<ActionId, Arc<Notify>>;

/// Listens for the end of one approval. Dropped, it is forgotten.
pub(crate) struct Ear {
    app: Arc<App>,
    action: ActionId,
    notify: Arc<Notify>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        let (events, _) = broadcast::channel(EVENTS_BUFFERED);
        Self { waiting: Mutex::default(), events }
    }

    /// Listens for the end of an action's approval.
    pub(crate) fn listen(app: &Arc<App>, action: ActionId) -> Ear {
        let notify = Arc::clone(app.hub.lock().entry(action).or_default());
        Ear { app: Arc::clone(app), action, notify }
    }

    /// Entries as they become durable.
    pub(crate) fn events(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.events.subscribe()
    }

    /// Follows the log for ever, or until it is closed.
    pub(crate) async fn follow(&self, guard: Guard) {
        let log = guard.log();
        let mut next = log.size();
        while log.wait_for(next).await {
            // Looked up first: who begins to listen after this hears of what comes after it.
            let size = log.size();
            if self.is_alone() {
                next = size;
                continue;
            }
            match log.entries(next, READ_AHEAD) {
                Ok(entries) => {
                    next = entries.last().map_or(size, |last| last.index.saturating_add(1));
                    entries.into_iter().for_each(|entry| self.happened(entry));
                }
                Err(error) => {
                    tracing::error!(%error, "the log cannot be followed");
                    tokio::time::sleep(RETRY_AFTER).await;
                }
            }
        }
    }

    /// Whether nobody listens, so that nobody misses what is not read.
    fn is_alone(&self) -> bool {
        self.events.receiver_count() == 0 && self.lock().is_empty()
    }

    fn happened(&self, entry: Entry) {
        if let Some(action) = closed(&entry.event)
            && let Some(notify) = self.lock().remove(&action)
        {
            notify.notify_waiters();
        }
        // Nobody listening is no error.
        drop(self.events.send(Arc::new(entry)));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The action whose approval is closed by an event.
fn closed(event: &Event) -> Option<ActionId> {
    match event {
        Event::Denied(denied) => Some(denied.action),
        Event::Expired(expired) => Some(expired.action),
        _ => None,
    }
}

impl Ear {
    /// Returns when the approval has ended. What happens from this call on is heard, also before
    /// the future is waited for.
    pub(crate) fn ended(&self) -> Pin<Box<Notified<'_>>> {
        let mut ended = Box::pin(self.notify.notified());
        ended.as_mut().enable();
        ended
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let mut waiting = self.app.hub.lock();
        // The table's and our own: nobody else listens.
        let is_last = |notify: &Arc<Notify>| {
            Arc::ptr_eq(notify, &self.notify) && Arc::strong_count(notify) == 2
        };
        if waiting.get(&self.action).is_some_and(is_last) {
            waiting.remove(&self.action);
        }
    }
}
