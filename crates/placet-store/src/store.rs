//! The contract of a store.
//!
//! A store keeps entries, and what follows from them: tiles of hashes, the signed head, a snapshot,
//! projections. It judges nothing. All that it promises is order and atomicity:
//!
//! 1. [`Store::begin`] takes the tip of the log. Until the batch ends nobody else, in this process
//!    or on another machine, can append.
//! 2. Whoever took the tip first reads the entries that others appended since it last looked.
//! 3. [`Batch::append`] and [`Batch::commit`] make new entries durable, all or none, together with
//!    everything that follows from them.
//!
//! A kill switch that one node trips is thereby known to every other node before it decides
//! anything more. [`contract`](crate::contract) is the suite that shows whether a store keeps
//! these promises.
//!
//! The methods block. A store that talks to a server waits for it here, on the sequencer's own
//! thread, where there is nothing else to do.

use std::fs::File;

use placet_core::log::Hash;
use placet_core::{ActionId, RequestTag};

use crate::entry::{NewEntry, StoredEntry};
use crate::error::{CommitError, StoreError};
use crate::projection::{ActionRow, AutonomyRow, RefusalRow, RequestRow, StepRow, SwitchRow};
use crate::snapshot::Snapshot;

/// The signed head of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many entries the log has.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
    /// The checkpoint that says so, as a signed note.
    pub checkpoint: String,
}

/// A tile of hashes, complete or the last one of its level.
///
/// The last tile of level 0 is not stored: its hashes follow from the last few leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTile {
    /// The level, counted in tiles.
    pub level: u8,
    /// The index within the level.
    pub index: u64,
    /// The hashes, from the left.
    pub hashes: Vec<Hash>,
}

/// Everything that one commit adds.
#[derive(Clone, Copy, Debug)]
pub struct Append<'a> {
    /// The entries, in order, the first at the size of the log.
    pub entries: &'a [NewEntry],
    /// The tiles that they complete or change.
    pub tiles: &'a [StoredTile],
    /// The head after them.
    pub head: &'a Head,
}

/// A place where a log is kept.
pub trait Store: Send {
    /// Takes the tip of the log.
    ///
    /// `known` is how many entries the caller has taken in; [`Batch::unseen`] starts there.
    ///
    /// # Errors
    /// When the tip cannot be had. Then nothing has changed.
    fn begin(&mut self, known: u64) -> Result<Box<dyn Batch + '_>, StoreError>;

    /// Keeps a snapshot in place of the one before. It need not be durable at once: without it
    /// the log takes longer to open, and that is all.
    ///
    /// # Errors
    /// When it cannot be kept. The one before stays.
    fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), StoreError>;

    /// Makes the projections again from the entries, in one transaction.
    ///
    /// # Errors
    /// When that fails. Then the projections are as they were.
    fn rebuild(&mut self) -> Result<(), StoreError>;

    /// Lets go of everything that a failure may have left in a strange state, and connects afresh.
    ///
    /// # Errors
    /// When the store still cannot be reached. It can be tried again.
    fn reopen(&mut self) -> Result<(), StoreError>;

    /// A reader of its own, for another thread.
    ///
    /// # Errors
    /// When the store cannot be reached.
    fn reader(&self) -> Result<Box<dyn Reader>, StoreError>;
}

/// The tip of a log, held. Dropped without a commit it leaves no trace.
pub trait Batch {
    /// The log as it was before this batch.
    fn view(&self) -> &dyn View;

    /// The next entries that the caller has not taken in, in order and a bounded number of them;
    /// none when it has reached the tip.
    ///
    /// # Errors
    /// When they cannot be read.
    fn unseen(&mut self) -> Result<Vec<StoredEntry>, StoreError>;

    /// Adds entries, their tiles, the head and the projections, and erases the payloads that the
    /// entries say are erased.
    ///
    /// # Errors
    /// When something cannot be written, or the entries do not continue the log. The batch must
    /// then be dropped.
    fn append(&mut self, what: Append<'_>) -> Result<(), StoreError>;

    /// Makes it durable.
    ///
    /// # Errors
    /// [`CommitError::NotCommitted`] only when it is certain that nothing of it will ever be seen.
    fn commit(self: Box<Self>) -> Result<(), CommitError>;
}

/// Reads a log beside the one who writes it.
pub trait Reader: Send {
    /// Looks at the log as it is now. What is read through one view fits together, whatever is
    /// appended meanwhile.
    ///
    /// # Errors
    /// When the store cannot be reached.
    fn view(&mut self) -> Result<Box<dyn View + '_>, StoreError>;

    /// Another reader of the same log.
    ///
    /// # Errors
    /// When the store cannot be reached.
    fn another(&self) -> Result<Box<dyn Reader>, StoreError>;

    /// The whole log at one moment, as a file that has no name any more, so that it is gone when it is
    /// closed. None where the log is in no file. There is one such copy in the making at a time.
    ///
    /// # Errors
    /// When it cannot be read or written.
    fn copy(&self) -> Result<Option<File>, StoreError> {
        Ok(None)
    }
}

/// The log at one moment.
///
/// Whatever reads a range starts at the entry `from` and gives at most `limit` results in the
/// order of the log; fewer only at the end.
pub trait View {
    /// The signed head, once there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    fn head(&self) -> Result<Option<Head>, StoreError>;

    /// Entries.
    ///
    /// # Errors
    /// When they cannot be read.
    fn entries(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError>;

    /// The hashes of a stored tile.
    ///
    /// # Errors
    /// When it cannot be read.
    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<Hash>>, StoreError>;

    /// The snapshot.
    ///
    /// # Errors
    /// When it cannot be read.
    fn snapshot(&self) -> Result<Option<Snapshot>, StoreError>;

    /// One action by its id.
    ///
    /// # Errors
    /// When it cannot be read.
    fn action(&self, id: ActionId) -> Result<Option<ActionRow>, StoreError>;

    /// Actions, by the entries that decided on them.
    ///
    /// # Errors
    /// When they cannot be read.
    fn actions(&self, from: u64, limit: usize) -> Result<Vec<ActionRow>, StoreError>;

    /// The latest steps in what became of an action, the latest first.
    ///
    /// # Errors
    /// When they cannot be read.
    fn steps_of(&self, action: ActionId, limit: usize) -> Result<Vec<StepRow>, StoreError>;

    /// Steps in what became of actions, by the entries that record them.
    ///
    /// # Errors
    /// When they cannot be read.
    fn steps(&self, from: u64, limit: usize) -> Result<Vec<StepRow>, StoreError>;

    /// The latest refusals of an action's warrant, the latest first.
    ///
    /// # Errors
    /// When they cannot be read.
    fn refusals_of(&self, action: ActionId, limit: usize) -> Result<Vec<RefusalRow>, StoreError>;

    /// Refusals of warrants, by the entries that record them.
    ///
    /// # Errors
    /// When they cannot be read.
    fn refusals(&self, from: u64, limit: usize) -> Result<Vec<RefusalRow>, StoreError>;

    /// The latest entry that a request led to first.
    ///
    /// # Errors
    /// When it cannot be read.
    fn request(&self, id: &RequestTag) -> Result<Option<u64>, StoreError>;

    /// Requests, by the first entries that they led to.
    ///
    /// # Errors
    /// When they cannot be read.
    fn requests(&self, from: u64, limit: usize) -> Result<Vec<RequestRow>, StoreError>;

    /// Tripped switches, by the entries that tripped them.
    ///
    /// # Errors
    /// When they cannot be read.
    fn switches(&self, from: u64, limit: usize) -> Result<Vec<SwitchRow>, StoreError>;

    /// Steps of autonomy, by the entries that record them.
    ///
    /// # Errors
    /// When they cannot be read.
    fn autonomy(&self, from: u64, limit: usize) -> Result<Vec<AutonomyRow>, StoreError>;
}
