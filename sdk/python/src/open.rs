//! An open guard, and what holds it open.
//!
//! A log can be opened again only when nobody holds it any more, so closing ends what may take as long as
//! people take: nobody waits for their answer from then on. Everything else ends by itself.

use std::future::{Future as _, poll_fn};
use std::ops::Deref;
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use placet::{Guard, Trouble};
use tokio::sync::watch;

use crate::failure::Failure;
use crate::operation::{Done, Operation};

/// How long closing waits for operations that are under way.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// A guard that is open.
pub(crate) struct Open {
    guard: Guard,
    /// It is gone when the guard is closed, which ends every wait.
    end: watch::Sender<()>,
    /// Everybody who holds the guard has one of these.
    user: mpsc::Sender<()>,
    /// Nothing is ever sent; it says when all of them are gone.
    users: mpsc::Receiver<()>,
}

impl Open {
    pub(crate) fn new(guard: Guard) -> Self {
        let (user, users) = mpsc::channel();
        Self { guard, end: watch::Sender::new(()), user, users }
    }

    pub(crate) fn hold(&self) -> Held {
        Held { guard: self.guard.clone(), end: self.end.subscribe(), _user: self.user.clone() }
    }

    /// Ends every wait, lets everything else come to its end, and closes the log.
    pub(crate) fn close(self) {
        let Self { guard, end, user, users } = self;
        drop((end, user));
        let _over = users.recv_timeout(GRACE);
        guard.close();
    }
}

/// A guard for one operation.
pub(crate) struct Held {
    guard: Guard,
    end: watch::Receiver<()>,
    /// Behind the guard, so that it goes after that.
    _user: mpsc::Sender<()>,
}

impl Held {
    /// Carries out an operation. One that waits for people ends when the guard is closed, and takes back
    /// what it waited for.
    pub(crate) async fn perform(&self, operation: Operation) -> Result<Done, Failure> {
        let Some((action, is_mine)) = operation.waits_for() else {
            return operation.perform(&self.guard).await;
        };
        let mut end = self.end.clone();
        let done = {
            let mut settled = pin!(operation.perform(&self.guard));
            let mut ended = pin!(end.changed());
            poll_fn(|context| match settled.as_mut().poll(context) {
                Poll::Ready(done) => Poll::Ready(Some(done)),
                Poll::Pending => ended.as_mut().poll(context).map(|_| None),
            })
            .await
        };
        if let Some(done) = done {
            return done;
        }
        if is_mine {
            // What cannot be taken back any more was answered, or ends at its deadline.
            drop(self.guard.withdraw(action.approval()).await);
        }
        Err(closed())
    }
}

impl Deref for Held {
    type Target = Guard;

    fn deref(&self) -> &Guard {
        &self.guard
    }
}

/// What whoever asks of a closed guard is told.
pub(crate) fn closed() -> Failure {
    Failure::new(Trouble::Unavailable, "this guard is closed")
}
