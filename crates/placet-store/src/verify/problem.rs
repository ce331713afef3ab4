//! What can be wrong with a log, and where.

use std::fmt;

use placet_core::audit::Violation;
use placet_core::log::{CheckpointError, Hash};

use crate::entry::EntryError;
use crate::error::StoreError;

/// How many problems are kept: one is enough to distrust a log, and a few show a pattern.
const MAX_KEPT: usize = 20;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What.
    pub what: What,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Where something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In an entry.
    Entry(u64),
    /// In the row of the projections that belongs to an entry.
    Row(u64),
    /// In the projections as a whole.
    Projections,
    /// In a tile of hashes.
    Tile {
        /// The level, counted in tiles.
        level: u8,
        /// The index within the level.
        index: u64,
    },
    /// In the incomplete tiles.
    Edge,
    /// In the head.
    Head,
    /// In the snapshot.
    Snapshot,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(index) => write!(f, "entry {index}"),
            Self::Row(index) => write!(f, "the row for entry {index}"),
            Self::Projections => f.write_str("the projections"),
            Self::Tile { level, index } => write!(f, "tile {index} of level {level}"),
            Self::Edge => f.write_str("the incomplete tiles"),
            Self::Head => f.write_str("the head"),
            Self::Snapshot => f.write_str("the snapshot"),
        }
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum What {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Damaged(String),
    /// An entry is not there.
    #[error("is missing")]
    Missing,
    /// There are entries that the head does not cover.
    #[error("is there, but the signed head does not cover it")]
    Beyond,
    /// There are entries and no head.
    #[error("is there, but the log has no head")]
    NoHead,
    /// A leaf or payload that cannot be read, or a payload that the leaf does not commit to.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A leaf that could have been written otherwise.
    #[error("the leaf is not the canonical JSON of what it says")]
    NotCanonical,
    /// An entry that does not follow from those before it.
    #[error("does not follow from the entries before it: {0}")]
    Violation(#[from] Violation),
    /// What comes after an entry that cannot be read cannot be judged.
    #[error("the entries after it cannot be judged")]
    Unjudged,
    /// A payload is gone, and no entry says that it was erased.
    #[error("the payload is gone, but no later entry says that it was erased")]
    PayloadGone,
    /// A payload is still there, although an entry says that it was erased.
    #[error("the payload is still there, but a later entry says that it was erased")]
    NotErased,
    /// Hashes that do not follow from the leaves.
    #[error("the hashes are not those of the entries")]
    Tile,
    /// The head says something else than the note that vouches for it.
    #[error("it says {head} entries, the signed checkpoint {signed}, or their roots differ")]
    OtherHead {
        /// What the head says.
        head: u64,
        /// What was signed.
        signed: u64,
    },
    /// The checkpoint is not to be trusted.
    #[error("the checkpoint is not to be trusted: {0}")]
    Checkpoint(CheckpointError),
    /// The root is not that of the entries.
    #[error("the entries hash to {computed}, the signed checkpoint says {stored}")]
    Root {
        /// What follows from the entries.
        computed: Hash,
        /// What was signed.
        stored: Hash,
    },
    /// The snapshot is not to be trusted.
    #[error("{0}")]
    Snapshot(String),
    /// The snapshot is not what the log says at its size.
    #[error("is not the state that follows from the entries")]
    OtherState,
    /// A row of the projections is not there.
    #[error("is missing; rebuild the projections")]
    MissingRow,
    /// A row of the projections that no entry accounts for.
    #[error("is there, but no entry accounts for it; rebuild the projections")]
    ExtraRow,
    /// A row of the projections says something else than its entry.
    #[error("says something else than the log; rebuild the projections")]
    OtherRow,
}

/// The first few problems, and how many there are.
#[derive(Debug, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    more: u64,
}

impl Problems {
    /// Adds one.
    pub(super) fn add(&mut self, place: Place, what: impl Into<What>) {
        if self.kept.len() < MAX_KEPT {
            self.kept.push(Problem { place, what: what.into() });
        } else {
            self.more += 1;
        }
    }

    /// Takes damage as a problem, and passes on what keeps the log from being read at all.
    pub(super) fn unless_damaged<T>(
        &mut self,
        place: Place,
        result: Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(StoreError::Corrupt(reason)) => {
                self.add(place, What::Damaged(reason));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn into_parts(self) -> (Vec<Problem>, u64) {
        (self.kept, self.more)
    }
}
