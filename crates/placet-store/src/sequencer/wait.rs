//! Waiting on a thread for what comes from others.

use std::future::Future;
use std::num::NonZero;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long to look out before going to sleep. Waking up takes about as long, and who has just
/// been answered often asks again within it.
const LOOK_OUT: Duration = Duration::from_micros(50);

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

/// What wakes the current thread when it sleeps.
pub(super) fn waker() -> Waker {
    Waker::from(Arc::new(Unpark(thread::current())))
}

/// Sleeps until the current thread is woken, or until patience is over.
pub(super) fn sleep(patience: Option<Duration>) {
    match patience {
        None => thread::park(),
        Some(patience) => thread::park_timeout(patience),
    }
}

/// Runs a future on this thread, which sleeps while there is nothing to do. It needs no runtime;
/// inside one it holds up the runtime's thread.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = waker();
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            // A wake-up that came in between is remembered, so it cannot be missed.
            Poll::Pending => thread::park(),
        }
    }
}

/// The time in which a thread that has just been busy still looks out for more, awake.
pub(super) struct LookOut {
    /// On a single core whoever looks out only keeps others from coming.
    is_worthwhile: bool,
    until: Option<Instant>,
}

impl LookOut {
    pub(super) fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self { is_worthwhile: cores > 1, until: None }
    }

    /// Begins when there was something to do.
    pub(super) fn begin(&mut self) {
        self.until = self.is_worthwhile.then(|| Instant::now() + LOOK_OUT);
    }

    /// Whether to look once more instead of going to sleep.
    pub(super) fn goes_on(&mut self) -> bool {
        self.until = self.until.filter(|until| Instant::now() < *until);
        std::hint::spin_loop();
        self.until.is_some()
    }
}
