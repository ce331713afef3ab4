//! What a log takes from the world besides its disk: the time and random bytes.
//!
//! They are behind a trait so that a test can say what time it is, and run a history again.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use placet_core::Timestamp;

/// Where the time and random bytes come from.
pub trait Environment: Send + Sync {
    /// The time now, as the machine's clock has it. Somebody may set that clock, forwards or back.
    fn now(&self) -> Timestamp;

    /// How much time has passed since some moment, by a clock that nobody can set. The time of a log
    /// goes on by it while the machine's clock is behind the log.
    ///
    /// An environment without such a clock says that none has passed: then the time of its log stands
    /// until the machine's clock has caught up, and what should have ended meanwhile does not end.
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    /// Fills `bytes` from a cryptographically secure source.
    ///
    /// # Errors
    /// When there is none; then nothing private is recorded.
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()>;
}

/// When this process asked for the first time. Any moment would do.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The clocks and the random source of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Environment for System {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn elapsed(&self) -> Duration {
        START.elapsed()
    }

    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        getrandom::fill(bytes).map_err(|error| std::io::Error::other(error.to_string()))
    }
}
