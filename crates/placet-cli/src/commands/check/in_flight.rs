//! Many proposals under way at once, in order.
//!
//! A log commits in groups: proposals that wait together share one write to the disk. So each is
//! started as soon as it is read, which puts it into the sequencer's queue behind those before it,
//! and waited for later, the oldest first.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Most that are under way: enough to fill a commit, few enough to print soon after reading.
const MOST: usize = 256;

/// Something under way, or done already.
enum Work<'a, T> {
    Pending(Pin<Box<dyn Future<Output = T> + 'a>>),
    Done(T),
}

/// A queue of work under way.
pub(super) struct InFlight<'a, T> {
    queue: VecDeque<Work<'a, T>>,
    waker: Waker,
}

impl<'a, T> InFlight<'a, T> {
    pub(super) fn new() -> Self {
        Self {
            queue: VecDeque::with_capacity(MOST),
            waker: Waker::from(Arc::new(Unpark(thread::current()))),
        }
    }

    /// Starts something, behind everything started before.
    pub(super) fn start(&mut self, work: impl Future<Output = T> + 'a) {
        let mut work: Pin<Box<dyn Future<Output = T> + 'a>> = Box::pin(work);
        // The first poll is what puts it into the sequencer's queue, so it happens here and now.
        let work = match work.as_mut().poll(&mut Context::from_waker(&self.waker)) {
            Poll::Ready(value) => Work::Done(value),
            Poll::Pending => Work::Pending(work),
        };
        self.queue.push_back(work);
    }

    /// Adds something that needs no work, in its place.
    pub(super) fn add(&mut self, value: T) {
        self.queue.push_back(Work::Done(value));
    }

    pub(super) fn is_full(&self) -> bool {
        self.queue.len() >= MOST
    }

    /// Waits for the oldest; nothing when none is left.
    pub(super) fn oldest(&mut self) -> Option<T> {
        Some(match self.queue.pop_front()? {
            Work::Done(value) => value,
            Work::Pending(work) => self.wait(work),
        })
    }

    fn wait(&self, mut work: Pin<Box<dyn Future<Output = T> + 'a>>) -> T {
        let mut context = Context::from_waker(&self.waker);
        loop {
            match work.as_mut().poll(&mut context) {
                Poll::Ready(value) => return value,
                // A wake-up that came in between is remembered, so it cannot be missed.
                Poll::Pending => thread::park(),
            }
        }
    }
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
