//! Work that blocks, as reading a file does, for which nobody waits longer than its time.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HurryError {
    /// It goes on, and nobody waits for it.
    #[error("it took longer than {0:?}; see whether the disk that it is on answers")]
    TooLong(Duration),
    /// It ended without a result.
    #[error("{0}")]
    Ended(#[from] tokio::task::JoinError),
}

/// Work of one kind. What takes too long cannot be ended, so nothing more is begun before it is over:
/// however often it is asked for, only one thread hangs.
pub(crate) struct Hurry<T> {
    time: Duration,
    hangs: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Hurry<T> {
    /// With so much time for each.
    pub(crate) fn new(time: Duration) -> Self {
        Self { time, hangs: None }
    }

    /// Does it on a thread where it may block.
    pub(crate) async fn run(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HurryError> {
        if let Some(before) = &mut self.hangs {
            // What it came to is of no use any more: it was asked for again.
            drop(timeout(self.time, before).await.map_err(|_| HurryError::TooLong(self.time))?);
            self.hangs = None;
        }
        let mut begun = tokio::task::spawn_blocking(work);
        match timeout(self.time, &mut begun).await {
            Ok(done) => Ok(done?),
            Err(_) => {
                self.hangs = Some(begun);
                Err(HurryError::TooLong(self.time))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::{Hurry, HurryError};

    #[test]
    fn what_hangs_is_told_and_holds_up_only_what_comes_before_its_end() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut hurry = Hurry::new(Duration::ZERO);
            let (release, released) = channel();
            let hangs = hurry.run(move || released.recv().is_ok()).await;
            assert!(matches!(hangs, Err(HurryError::TooLong(_))));
            // Not begun: the first one still hangs.
            let other = hurry.run(unreachable_work).await;
            assert!(matches!(other, Err(HurryError::TooLong(_))));
            release.send(()).unwrap();
            hurry.time = Duration::from_secs(60);
            assert!(hurry.run(|| true).await.unwrap());
        });
    }

    #[allow(clippy::panic, reason = "a test fails by panicking")]
    fn unreachable_work() -> bool {
        panic!("it was begun")
    }
}
