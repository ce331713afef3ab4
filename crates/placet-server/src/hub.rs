//! Telling those who listen what happens.
//!
//! One task follows the log and hands every entry to the streams of events. Requests that wait for
//! one action wait with the guard. While nobody listens the task sleeps: to wake it with every commit
//! would cost those who wait for the commit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use placet::{Entry, Guard, Log, READ_TOGETHER};
use tokio::sync::{Notify, broadcast};

use crate::limits::EVENTS_BUFFERED;

/// How long to wait before the log is read again after it could not be.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Everyone who listens.
#[derive(Debug)]
pub(crate) struct Hub {
    events: broadcast::Sender<Arc<Entry>>,
    follows: Mutex<Follows>,
    somebody_listens: Notify,
}

/// What the task that follows the log does.
#[derive(Clone, Copy, Debug)]
enum Follows {
    /// It sleeps until somebody listens.
    Nothing,
    /// It hands on the entries from this one on.
    From(u64),
    /// It knows itself where it is.
    Already,
}

impl Hub {
    pub(crate) fn new() -> Self {
        let (events, _) = broadcast::channel(EVENTS_BUFFERED);
        Self { events, follows: Mutex::new(Follows::Nothing), somebody_listens: Notify::new() }
    }

    /// Entries of this log as they become durable, all of those that it has not got yet.
    pub(crate) fn events(&self, log: &Log) -> broadcast::Receiver<Arc<Entry>> {
        // Counted before the task looks whether somebody listens, or told of it after that.
        let listener = self.events.subscribe();
        let mut follows = self.follows();
        if matches!(*follows, Follows::Nothing) {
            *follows = Follows::From(log.size());
            self.somebody_listens.notify_one();
        }
        listener
    }

    /// Where the task goes on that has come as far as `next`; none where nobody listens.
    fn goes_on(&self, next: u64) -> Option<u64> {
        let mut follows = self.follows();
        let from = match *follows {
            Follows::From(from) => from,
            _ if self.events.receiver_count() == 0 => {
                *follows = Follows::Nothing;
                return None;
            }
            _ => next,
        };
        *follows = Follows::Already;
        Some(from)
    }

    fn follows(&self) -> MutexGuard<'_, Follows> {
        self.follows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the log for ever, or until it is closed.
    pub(crate) async fn follow(&self, guard: Guard) {
        let log = guard.log();
        let mut next = 0;
        loop {
            match self.goes_on(next) {
                Some(from) => next = from,
                None => {
                    self.somebody_listens.notified().await;
                    continue;
                }
            }
            if !log.wait_for(next).await {
                return;
            }
            let size = log.size();
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

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use std::sync::Arc;

    use placet::{Config, Guard, LogPlace, PolicySource, Scope, Target};

    use super::{Follows, Hub};

    fn everything() -> Scope {
        Scope { tenant: None, target: Target::Everything }
    }

    #[tokio::test]
    async fn who_listens_after_a_time_without_listeners_hears_what_comes_then() {
        let config = Config { policy: PolicySource::Log, log: LogPlace::Memory };
        let guard = Guard::open(config).expect("a guard");
        let hub = Arc::new(Hub::new());
        let follower = tokio::spawn({
            let (hub, guard) = (Arc::clone(&hub), guard.clone());
            async move { hub.follow(guard).await }
        });
        for _ in 0..3 {
            guard.trip(everything(), "nobody hears this", None).await.expect("tripped");
            let mut listener = hub.events(guard.log());
            let size = guard.log().size();
            guard.reset(everything(), "this is heard", None).await.expect("reset");
            assert_eq!(listener.recv().await.expect("an entry").index, size);
            drop(listener);
            // The next entry shows the task that nobody is left.
            guard.trip(everything(), "nor this", None).await.expect("tripped");
            while !matches!(*hub.follows(), Follows::Nothing) {
                tokio::task::yield_now().await;
            }
            guard.reset(everything(), "nor this", None).await.expect("reset");
        }
        follower.abort();
    }
}
