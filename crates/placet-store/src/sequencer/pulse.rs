//! Whether a log is still written.

use tokio::sync::watch;

/// Tells whether a log is still written, and keeps nothing of it open.
///
/// After a panic nobody goes on with what it left behind, and so nothing is recorded any more. What
/// is durable stays so: whoever opens the log again finds all of it.
#[derive(Clone, Debug)]
pub struct Pulse(watch::Receiver<bool>);

impl Pulse {
    pub(super) fn new(has_stopped: watch::Receiver<bool>) -> Self {
        Self(has_stopped)
    }

    /// Whether the work has panicked, so that nothing is recorded until the log is opened again.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it has; never where the log is closed in good order.
    pub async fn stopped(&self) {
        let mut changes = self.0.clone();
        if changes.wait_for(|has_stopped| *has_stopped).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
