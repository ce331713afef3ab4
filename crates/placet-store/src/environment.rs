//! The two things that a log takes from the world besides its disk: the time and random bytes.
//!
//! They are behind a trait so that a test can say what time it is, and run a history again.

use std::time::{SystemTime, UNIX_EPOCH};

use placet_core::Timestamp;

/// Where the time and random bytes come from.
pub trait Environment: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Fills `bytes` from a cryptographically secure source.
    ///
    /// # Errors
    /// When there is none; then nothing private is recorded.
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()>;
}

/// The clock and the random source of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Environment for System {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        getrandom::fill(bytes).map_err(|error| std::io::Error::other(error.to_string()))
    }
}
