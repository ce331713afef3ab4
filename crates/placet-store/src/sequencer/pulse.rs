//! Whether a log is still written.

use tokio::sync::watch;

/// How the writing of a log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// The latest commit succeeded, or there was none.
    Written,
    /// The latest commit failed. It is tried again by itself.
    Failing,
    /// A panic has ended the work.
    Stopped,
}

/// Tells whether a log is still written, and keeps nothing of it open.
///
/// Where a commit fails, because a disk is full for instance, nothing is recorded until one succeeds
/// again; that is tried every few seconds, also where nobody asks for anything. After a panic nobody
/// goes on with what it left behind, and so nothing is recorded any more. What is durable stays so:
/// whoever opens the log again finds all of it.
#[derive(Clone, Debug)]
pub struct Pulse(watch::Receiver<Health>);

impl Pulse {
    pub(super) fn new(health: watch::Receiver<Health>) -> Self {
        Self(health)
    }

    /// Whether the work has panicked, so that nothing is recorded until the log is opened again.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        self.is(Health::Stopped)
    }

    /// Whether the latest commit failed, so that probably nothing can be recorded now.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.is(Health::Failing)
    }

    /// Returns when the work has panicked; never where the log is closed in good order.
    pub async fn stopped(&self) {
        self.until(Health::Stopped).await;
    }

    /// Returns when a commit has failed; never where the log is closed in good order.
    pub async fn failing(&self) {
        self.until(Health::Failing).await;
    }

    /// Returns when no commit has failed since the latest that succeeded.
    pub async fn written(&self) {
        self.until(Health::Written).await;
    }

    fn is(&self, health: Health) -> bool {
        *self.0.borrow() == health
    }

    async fn until(&self, health: Health) {
        let mut changes = self.0.clone();
        if changes.wait_for(|now| *now == health).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
