//! Telling those who listen what happens.
//!
//! One task follows the log and hands every entry to the streams of events. Requests that wait for
//! one action wait with the guard.

use std::sync::Arc;
use std::time::Duration;

use placet::{Entry, Guard, READ_TOGETHER};
use tokio::sync::broadcast;

use crate::limits::EVENTS_BUFFERED;

/// How long to wait before the log is read again after it could not be.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Everyone who listens.
#[derive(Debug)]
pub(crate) struct Hub {
    events: broadcast::Sender<Arc<Entry>>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        let (events, _) = broadcast::channel(EVENTS_BUFFERED);
        Self { events }
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
            // Where nobody listens, nobody misses what is not read.
            if self.events.receiver_count() == 0 {
                next = size;
                continue;
            }
            match log.shown(next, READ_TOGETHER) {
                Ok(entries) => {
                    next = entries.last().map_or(size, |last| last.index.saturating_add(1));
                    for entry in entries {
                        // That nobody listens any more is no error.
                        drop(self.events.send(Arc::new(entry)));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the log cannot be followed");
                    tokio::time::sleep(RETRY_AFTER).await;
                }
            }
        }
    }
}
