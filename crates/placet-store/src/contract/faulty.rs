//! A store that fails when it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::entry::StoredEntry;
use crate::error::{CommitError, StoreError};
use crate::snapshot::Snapshot;
use crate::store::{Append, Batch, Reader, Store, View};

/// A failure that is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The tip cannot be had.
    Begin,
    /// The entries cannot be written.
    Append,
    /// The commit fails, and nothing is stored.
    CommitNothing,
    /// The commit fails, nothing is stored, and nobody can tell.
    CommitLost,
    /// The commit fails, and everything is stored.
    CommitStored,
    /// After a failure the store cannot be reached.
    Reopen,
    /// A snapshot cannot be kept.
    Snapshot,
}

/// Failures in the order in which they are to happen. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<VecDeque<Fault>>>);

impl Faults {
    /// Orders failures. Each happens once, when its moment comes and those before it are over.
    pub fn order(&self, faults: impl IntoIterator<Item = Fault>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(faults);
    }

    /// Whether everything that was ordered has happened.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn take(&self, kinds: &[Fault]) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.pop_front_if(|next| kinds.contains(next))
    }

    fn check(&self, kind: Fault) -> Result<(), StoreError> {
        self.take(&[kind]).map_or(Ok(()), |_| Err(ordered()))
    }
}

fn ordered() -> StoreError {
    StoreError::Io("a failure that was ordered".to_owned())
}

/// A store that fails when it is told to, and else does what the one inside does.
pub struct Faulty {
    inner: Box<dyn Store>,
    faults: Faults,
}

impl Faulty {
    /// Makes a store fail as ordered.
    #[must_use]
    pub fn new(inner: Box<dyn Store>, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

impl Store for Faulty {
    fn begin(&mut self, known: u64) -> Result<Box<dyn Batch + '_>, StoreError> {
        self.faults.check(Fault::Begin)?;
        Ok(Box::new(FaultyBatch { inner: self.inner.begin(known)?, faults: &self.faults }))
    }

    fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.faults.check(Fault::Snapshot)?;
        self.inner.save_snapshot(snapshot)
    }

    fn rebuild(&mut self) -> Result<(), StoreError> {
        self.inner.rebuild()
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        self.faults.check(Fault::Reopen)?;
        self.inner.reopen()
    }

    fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        self.inner.reader()
    }
}

struct FaultyBatch<'a> {
    inner: Box<dyn Batch + 'a>,
    faults: &'a Faults,
}

impl Batch for FaultyBatch<'_> {
    fn view(&self) -> &dyn View {
        self.inner.view()
    }

    fn unseen(&mut self) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.unseen()
    }

    fn append(&mut self, what: Append<'_>) -> Result<(), StoreError> {
        self.faults.check(Fault::Append)?;
        self.inner.append(what)
    }

    fn commit(self: Box<Self>) -> Result<(), CommitError> {
        match self.faults.take(&[Fault::CommitNothing, Fault::CommitLost, Fault::CommitStored]) {
            None => self.inner.commit(),
            Some(Fault::CommitNothing) => Err(CommitError::NotCommitted(ordered())),
            Some(Fault::CommitStored) => {
                self.inner.commit()?;
                Err(CommitError::Unknown(ordered()))
            }
            Some(_) => Err(CommitError::Unknown(ordered())),
        }
    }
}
