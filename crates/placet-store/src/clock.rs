//! The time of a log.
//!
//! Time in a log never runs back, so an entry that was written while the machine's clock was ahead holds
//! the log to that time. If the time stood still then until the clock has caught up, nothing would end
//! in time: no warrant, no held action, no cool-down. So the time goes on from what the log has said, by
//! a clock that nobody can set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use placet_core::Timestamp;

use crate::environment::Environment;

/// Microseconds in a millisecond.
const MICROS: i64 = 1_000;

/// The clock that everything in a log is judged by: the machine's, or, while that is behind what the log
/// has said, the log's last time with what has passed since.
pub struct LogClock {
    environment: Arc<dyn Environment>,
    /// How far the time that the log is held to lies beyond [`Environment::elapsed`], in microseconds.
    /// It only grows.
    beyond: AtomicI64,
}

/// A moment by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The time.
    pub(crate) at: Timestamp,
    /// How much time had passed by the clock that nobody can set, in microseconds.
    passed: i64,
}

impl LogClock {
    /// The clock of a log of which nothing is known yet.
    #[must_use]
    pub fn new(environment: Arc<dyn Environment>) -> Self {
        Self { environment, beyond: AtomicI64::new(i64::MIN) }
    }

    /// How far the time of the log is ahead of the machine's clock. More than a moment means that
    /// somebody has set the clock, or that the clock of who wrote the log before was wrong.
    #[must_use]
    pub fn ahead(&self) -> Duration {
        let passed = self.passed();
        self.least(passed).since(self.environment.now())
    }

    /// This moment. What is made of it is said to have happened at its time, with [`LogClock::hold`].
    pub(crate) fn moment(&self) -> Moment {
        // In this order: who is interrupted in between holds the log to a little less, never to more.
        let (now, passed) = (self.environment.now(), self.passed());
        Moment { at: now.max(self.least(passed)), passed }
    }

    /// Holds the log to a time that it has said: from that moment on it is never earlier.
    pub(crate) fn hold(&self, moment: Moment) {
        let beyond = moment.at.as_millis().saturating_mul(MICROS).saturating_sub(moment.passed);
        self.beyond.fetch_max(beyond, Ordering::SeqCst);
    }

    /// Holds the log to the time of its last entry, of which nobody here knows how long it has been
    /// there.
    pub(crate) fn hold_now(&self, at: Timestamp) {
        self.hold(Moment { at, passed: self.passed() });
    }

    /// The time that the log is held to.
    fn least(&self, passed: i64) -> Timestamp {
        let beyond = self.beyond.load(Ordering::SeqCst);
        Timestamp::from_millis(beyond.saturating_add(passed).div_euclid(MICROS))
    }

    fn passed(&self) -> i64 {
        i64::try_from(self.environment.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

impl Environment for LogClock {
    fn now(&self) -> Timestamp {
        self.moment().at
    }

    fn elapsed(&self) -> Duration {
        self.environment.elapsed()
    }

    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        self.environment.fill(bytes)
    }
}

impl std::fmt::Debug for LogClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogClock").field("ahead", &self.ahead()).finish_non_exhaustive()
    }
}
