//! An operation that runs beside Python, and what becomes of it when nobody waits for it any more.
//!
//! Its event loop may have ended by then, so that nobody will ever take its result out of the mailbox.
//! Whatever it did is therefore undone here, where it is done.

use std::mem::replace;
use std::sync::{Arc, Mutex, PoisonError};

use placet::{ActionId, Outcome};
use pyo3::prelude::*;
use tokio::task::AbortHandle;

use crate::engine::Engine;
use crate::failure::Failure;
use crate::mailbox::Shared;
use crate::open::Held;
use crate::operation::{Done, Operation};

/// An operation that was started.
#[pyclass(frozen, module = "placet._core")]
pub(crate) struct Started {
    engine: Py<Engine>,
    task: AbortHandle,
    remedy: Remedy,
    fate: Arc<Mutex<Fate>>,
}

/// How what an operation did is undone.
#[derive(Clone, Copy)]
enum Remedy {
    /// There is nothing to undo: it comes to its end, and what it tells the log is told.
    Nothing,
    /// It waits for people, and stops. Where an action is named, they need not answer either, if nobody ever
    /// comes to ask what they said.
    StopWaiting(Option<ActionId>),
    /// What was proposed is taken back, where it is held.
    TakeBack,
    /// A permission that was spent for nobody: its action did not run.
    GiveUp(ActionId),
}

/// Who has the result of an operation.
enum Fate {
    /// Nobody yet: it is under way.
    Running,
    /// Whoever started it, and what would undo it.
    Delivered(Option<Operation>),
    /// Nobody waits for it any more.
    Abandoned,
}

#[pymethods]
impl Started {
    /// Says that nobody waits for it any more. What it did, or is about to do, is undone, without that
    /// anybody waits for that either: who says so may be the garbage collector. Where all of the call is
    /// lost, what people were asked for it is taken back as well.
    fn abandon(&self, is_lost: bool) {
        let engine = self.engine.get();
        if !engine.is_here() {
            // In a child of the process nothing of it runs, and its locks may be held by nobody.
            return;
        }
        let before = replace(&mut *lock(&self.fate), Fate::Abandoned);
        let undoing = match (self.remedy, before) {
            (Remedy::StopWaiting(action), _) => {
                self.task.abort();
                action.filter(|_| is_lost).map(|id| Operation::Withdraw(id.approval()))
            }
            (_, Fate::Delivered(undoing)) => undoing,
            _ => None,
        };
        let (Some(undoing), Some(guard)) = (undoing, engine.held()) else { return };
        // What cannot be undone any more was answered, or ends at its deadline.
        drop(engine.spawn(async move { drop(guard.perform(undoing).await) }));
    }
}

impl Started {
    /// Starts an operation, which leaves its result in a mailbox, unless nobody waits for it by then.
    pub(crate) fn begin(
        engine: &Bound<'_, Engine>,
        guard: Held,
        operation: Operation,
        letters: Arc<Shared>,
        token: u64,
    ) -> Result<Self, Failure> {
        let remedy = Remedy::of(&operation);
        let fate = Arc::new(Mutex::new(Fate::Running));
        let decided = Arc::clone(&fate);
        let task = engine.get().spawn(async move {
            let result = guard.perform(operation).await;
            let undoing = result.as_ref().ok().and_then(|done| remedy.undoing(done));
            let Some(undoing) = deliver(&decided, undoing) else {
                drop(guard);
                letters.put(token, result);
                return;
            };
            // As above.
            drop(guard.perform(undoing).await);
        })?;
        Ok(Self { engine: engine.clone().unbind(), task, remedy, fate })
    }
}

impl Remedy {
    const fn of(operation: &Operation) -> Self {
        match operation {
            Operation::Propose(..) => Self::TakeBack,
            Operation::Redeem(id, ..) => Self::GiveUp(*id),
            Operation::Settle(id, _, is_mine) => {
                Self::StopWaiting(if *is_mine { Some(*id) } else { None })
            }
            _ => Self::Nothing,
        }
    }

    /// What undoes that.
    fn undoing(self, done: &Done) -> Option<Operation> {
        match (self, done) {
            (Self::TakeBack, Done::Decision(answer)) => {
                answer.approval.as_ref()?;
                answer.id.map(|id| Operation::Withdraw(id.approval()))
            }
            (Self::GiveUp(id), _) => {
                let why = "it was abandoned before it ran".to_owned();
                Some(Operation::Conclude(id, Outcome::Failed, why))
            }
            _ => None,
        }
    }
}

/// Decides who has a result; what is to be done where nobody waits for it any more and it has to be
/// undone.
fn deliver(fate: &Mutex<Fate>, undoing: Option<Operation>) -> Option<Operation> {
    let mut fate = lock(fate);
    if matches!(*fate, Fate::Abandoned) {
        return undoing;
    }
    *fate = Fate::Delivered(undoing);
    None
}

fn lock(fate: &Mutex<Fate>) -> std::sync::MutexGuard<'_, Fate> {
    fate.lock().unwrap_or_else(PoisonError::into_inner)
}
