//! Asking the daemon to stop.

use tokio::sync::watch;

/// How far a stop has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Nobody asked.
    Running,
    /// Accept nothing more and answer what was accepted.
    Draining,
    /// End at once. Nothing is harmed: what was answered is recorded.
    Ending,
}

/// The end of the daemon, as those who work for it see it coming.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<Stage>);

/// Asks the daemon to stop. Dropped, it asks for nothing.
#[derive(Clone, Debug)]
pub struct StopHandle(watch::Sender<Stage>);

impl Stop {
    /// A stop that nobody has asked for yet, and the handle to ask for it.
    #[must_use]
    pub fn new() -> (Self, StopHandle) {
        let (sender, receiver) = watch::channel(Stage::Running);
        (Self(receiver), StopHandle(sender))
    }

    /// Returns when someone asked the daemon to stop; never if nobody can any more.
    pub async fn asked(&self) {
        self.reached(Stage::Draining).await;
    }

    /// Returns when someone asked again, and the daemon shall not wait for anything.
    pub async fn insisted(&self) {
        self.reached(Stage::Ending).await;
    }

    /// Whether someone asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() >= Stage::Draining
    }

    async fn reached(&self, stage: Stage) {
        let mut stages = self.0.clone();
        if stages.wait_for(|now| *now >= stage).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl StopHandle {
    /// Asks for a graceful stop; asked a second time, for one without delay.
    pub fn ask(&self) {
        self.0.send_modify(|stage| {
            *stage = match stage {
                Stage::Running => Stage::Draining,
                Stage::Draining | Stage::Ending => Stage::Ending,
            };
        });
    }
}
