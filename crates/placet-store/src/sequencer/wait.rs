//! Waiting for commands, or for a moment, whichever comes first.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Receiver;

/// Why the wait is over.
pub(super) enum Woken {
    /// There are jobs.
    Jobs,
    /// The time has come.
    Time,
    /// Nobody will send anything any more.
    Closed,
}

/// Unparks a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// Puts everything that has come in into `jobs`, at most `most`, or waits for the first of it.
pub(super) fn receive<T>(
    queue: &mut Receiver<T>,
    jobs: &mut Vec<T>,
    most: usize,
    patience: Option<Duration>,
) -> Woken {
    let until = patience.map(|patience| Instant::now() + patience);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match queue.poll_recv_many(&mut context, jobs, most) {
            Poll::Ready(0) => return Woken::Closed,
            Poll::Ready(_) => return Woken::Jobs,
            Poll::Pending => {}
        }
        match until.map(|until| until.saturating_duration_since(Instant::now())) {
            None => thread::park(),
            Some(Duration::ZERO) => return Woken::Time,
            Some(left) => thread::park_timeout(left),
        }
    }
}
