//! Telling those who wait that what they wait for has happened.
//!
//! One task follows the log and hands every entry to the streams of events. Requests that wait for
//! one action wait with the guard; here they are counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use placet::{Entry, Guard, KeyId};
use tokio::sync::broadcast;

use crate::app::App;
use crate::limits::EVENTS_BUFFERED;
use crate::wire::Problem;

/// How many entries are read at a time.
const READ_AHEAD: usize = 256;

/// How long to wait before the log is read again after it could not be.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Everyone who waits for something to happen.
#[derive(Debug)]
pub(crate) struct Hub {
    waiting: Mutex<Waiting>,
    events: broadcast::Sender<Arc<Entry>>,
    most: usize,
    most_per_key: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    keys: HashMap<KeyId, usize>,
    total: usize,
}

/// A place among those who wait. Dropped, it is free again.
pub(crate) struct Seat {
    app: Arc<App>,
    key: KeyId,
}

impl Hub {
    pub(crate) fn new(most: usize, most_per_key: usize) -> Self {
        let (events, _) = broadcast::channel(EVENTS_BUFFERED);
        Self { waiting: Mutex::default(), events, most, most_per_key }
    }

    /// Takes a place among those who wait, if there is one.
    pub(crate) fn seat(app: &Arc<App>, key: KeyId) -> Result<Seat, Problem> {
        let hub = &app.hub;
        let mut waiting = hub.lock();
        let own = waiting.keys.get(&key).copied().unwrap_or_default();
        if waiting.total >= hub.most || own >= hub.most_per_key {
            let detail = "too many requests wait already; ask without waiting";
            return Err(Problem::too_many(detail, RETRY_AFTER));
        }
        waiting.total += 1;
        *waiting.keys.entry(key).or_default() += 1;
        drop(waiting);
        Ok(Seat { app: Arc::clone(app), key })
    }

    /// Entries as they become durable.
    pub(crate) fn events(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.events.subscribe()
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().total
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
        self.events.receiver_count() == 0
    }

    fn happened(&self, entry: Entry) {
        // Nobody listening is no error.
        drop(self.events.send(Arc::new(entry)));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut waiting = self.app.hub.lock();
        waiting.total = waiting.total.saturating_sub(1);
        if let Some(count) = waiting.keys.get_mut(&self.key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                waiting.keys.remove(&self.key);
            }
        }
    }
}
