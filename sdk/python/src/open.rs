//! An open guard, and what holds it open.
//!
//! A log can be opened again only when nobody holds it any more, so closing ends what may take as long as
//! people take: nobody waits for their answer from then on. Everything else ends by itself.

use std::collections::HashSet;
use std::future::{Future as _, poll_fn};
use std::mem::take;
use std::ops::Deref;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::Poll;
use std::time::Duration;

use placet::store::sequencer::wait;
use placet::{ActionId, Answer, Guard, Trouble};
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
    unsettled: Unsettled,
}

/// The held actions for which whoever proposed them is about to wait. Who closes the guard in between
/// takes them back.
type Unsettled = Arc<Mutex<HashSet<ActionId>>>;

impl Open {
    pub(crate) fn new(guard: Guard) -> Self {
        let (user, users) = mpsc::channel();
        Self { guard, end: watch::Sender::new(()), user, users, unsettled: Unsettled::default() }
    }

    /// The guard, for what ends while nobody can close it.
    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    pub(crate) fn hold(&self) -> Held {
        let unsettled = Arc::clone(&self.unsettled);
        let (guard, end) = (self.guard.clone(), self.end.subscribe());
        Held { guard, end, unsettled, _user: self.user.clone() }
    }

    /// Ends every wait, lets everything else come to its end, and closes the log.
    pub(crate) fn close(self) {
        let Self { guard, end, user, users, unsettled } = self;
        drop((end, user));
        let _over = users.recv_timeout(GRACE);
        let left = take(&mut *unsettled.lock().unwrap_or_else(PoisonError::into_inner));
        for action in left {
            // What cannot be taken back any more was answered, or ends at its deadline.
            drop(wait(guard.withdraw(action.approval())));
        }
        guard.close();
    }
}

/// A guard for one operation.
pub(crate) struct Held {
    guard: Guard,
    end: watch::Receiver<()>,
    unsettled: Unsettled,
    /// Behind the guard, so that it goes after that.
    _user: mpsc::Sender<()>,
}

impl Held {
    /// Carries out an operation. One that waits for people ends when the guard is closed, and takes back
    /// what it waited for.
    pub(crate) async fn perform(&self, operation: Operation) -> Result<Done, Failure> {
        let Some((action, is_mine)) = operation.waits_for() else {
            let is_mine = matches!(operation, Operation::Propose(.., true));
            if let Operation::Withdraw(id) = &operation {
                self.unsettled().remove(&id.action());
            }
            let done = operation.perform(&self.guard).await?;
            if let (true, Done::Decision(answer)) = (is_mine, &done) {
                self.keep(answer);
            }
            return Ok(done);
        };
        self.unsettled().remove(&action);
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

impl Held {
    /// Keeps a held action until whoever proposed it waits for people.
    pub(crate) fn keep(&self, answer: &Answer) {
        if let (Some(id), true) = (answer.id, answer.approval.is_some()) {
            self.unsettled().insert(id);
        }
    }

    fn unsettled(&self) -> MutexGuard<'_, HashSet<ActionId>> {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner)
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
