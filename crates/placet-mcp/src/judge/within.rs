//! The time that something has to be decided.

use std::time::Duration;

use placet_gate::GateError;
use tokio::time::{Instant, timeout_at};

/// Until when something has to be decided.
#[derive(Clone, Copy)]
pub(super) struct Within {
    until: Instant,
    time: Duration,
}

impl Within {
    /// So long from now on.
    pub(super) fn begin(time: Duration) -> Self {
        Self { until: Instant::now() + time, time }
    }

    /// Waits for an answer, and no longer. What is asked may still be carried out after that.
    pub(super) async fn time<T>(
        self,
        asked: impl Future<Output = Result<T, GateError>>,
    ) -> Result<T, GateError> {
        let late = GateError::TooLate(self.time);
        timeout_at(self.until, asked).await.unwrap_or(Err(late))
    }
}
