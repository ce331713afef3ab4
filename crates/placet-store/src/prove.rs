//! Receipts for single entries, and the proof that a log continues an earlier one.
//!
//! Both are made from the stored tiles and the stored head, and both are mathematics: whoever
//! checks them needs to trust neither the tiles nor whoever made the proof.

use placet_core::log::{Checkpoint, CheckpointError, ConsistencyProof, Opening, Receipt, Verifier};

use crate::error::StoreError;
use crate::recover::check_head;
use crate::store::{Head, View};
use crate::tree::{self, inclusion, root_at};

/// Why something cannot be proved.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// There is no such entry.
    #[error("the log has no entry {index}; it has {size}")]
    NoEntry {
        /// What was asked for.
        index: u64,
        /// How many there are.
        size: u64,
    },
    /// The log has no head.
    #[error("the log has no checkpoint yet")]
    NoHead,
    /// The earlier checkpoint is not one of this log.
    #[error("the earlier checkpoint is not one of this log: {0}")]
    Foreign(#[source] CheckpointError),
    /// The earlier checkpoint is of a log with another name.
    #[error("the earlier checkpoint is of the log {old:?}, this is {new:?}")]
    OtherLog {
        /// Its name.
        old: String,
        /// This one's.
        new: String,
    },
    /// The log was shorter before.
    #[error(
        "the log was cut: it had {old} entries when the checkpoint was signed, now it has {new}"
    )]
    Cut {
        /// How many it had.
        old: u64,
        /// How many it has.
        new: u64,
    },
    /// The log began differently before.
    #[error(
        "the log was rewritten: its first {size} entries are not those that the earlier \
         checkpoint was signed for"
    )]
    Rewritten {
        /// How many entries the checkpoint covers.
        size: u64,
    },
    /// The log cannot be read, or its own head is not to be trusted.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The proof that a log continues an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// The earlier head.
    pub old: Checkpoint,
    /// The head now.
    pub new: Checkpoint,
    /// The head now, as the signed note.
    pub note: String,
    /// What leads from one to the other.
    pub proof: ConsistencyProof,
}

/// The proof that a log continues one of an earlier size, for whoever kept a checkpoint of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consistency {
    /// The earlier size.
    pub old: u64,
    /// The size now.
    pub new: u64,
    /// What leads from the earlier root to the one now.
    pub proof: ConsistencyProof,
    /// The head now, as a signed note.
    pub checkpoint: String,
}

/// Proves that the log of now continues the one of an earlier size.
///
/// # Errors
/// When the log is shorter than that, or cannot be read.
pub fn consistency(view: &dyn View, old: u64) -> Result<Consistency, ProveError> {
    let head = view.head()?.ok_or(ProveError::NoHead)?;
    if old > head.size {
        return Err(ProveError::Cut { old, new: head.size });
    }
    let proof = tree::consistency(old, head.size, view)?;
    Ok(Consistency { old, new: head.size, proof, checkpoint: head.checkpoint })
}

/// The receipt for an entry; with `open` it opens the payload, if that is still there.
///
/// # Errors
/// When there is no such entry, or the log cannot be read.
pub fn receipt(view: &dyn View, index: u64, open: bool) -> Result<Receipt, ProveError> {
    let head = view.head()?.ok_or(ProveError::NoHead)?;
    let missing = || ProveError::NoEntry { index, size: head.size };
    if index >= head.size {
        return Err(missing());
    }
    let found = view.entries(index, 1)?.into_iter().next();
    let stored = found.filter(|stored| stored.index == index).ok_or_else(missing)?;
    let proof = inclusion(index, head.size, view)?;
    let receipt = Receipt::new(text(stored.leaf)?, index, proof, head.checkpoint);
    Ok(match stored.private.filter(|_| open) {
        Some(private) => {
            receipt.with_opening(Opening { salt: private.salt, payload: text(private.payload)? })
        }
        None => receipt,
    })
}

/// Proves that the log continues the one that an earlier checkpoint was signed for.
///
/// # Errors
/// When it does not: it was cut, rewritten, or is another log.
pub fn continues(
    view: &dyn View,
    earlier: &[u8],
    trusted: &[Verifier],
) -> Result<Continuation, ProveError> {
    let old = Checkpoint::open(earlier, trusted).map_err(ProveError::Foreign)?;
    let head = view.head()?.ok_or(ProveError::NoHead)?;
    let new = open_head(&head, trusted)?;
    if old.origin() != new.origin() {
        let (old, new) = (old.origin().to_owned(), new.origin().to_owned());
        return Err(ProveError::OtherLog { old, new });
    }
    if old.size() > new.size() {
        return Err(ProveError::Cut { old: old.size(), new: new.size() });
    }
    let rewritten = || ProveError::Rewritten { size: old.size() };
    if root_at(old.size(), view)? != old.root() {
        return Err(rewritten());
    }
    let proof = tree::consistency(old.size(), new.size(), view)?;
    proof.verify(old.size(), &old.root(), new.size(), &new.root()).map_err(|_| rewritten())?;
    Ok(Continuation { old, new, note: head.checkpoint, proof })
}

fn open_head(head: &Head, trusted: &[Verifier]) -> Result<Checkpoint, ProveError> {
    check_head(head, trusted)?;
    Ok(Checkpoint::open(head.checkpoint.as_bytes(), trusted)
        .map_err(|error| StoreError::Corrupt(error.to_string()))?)
}

fn text(bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|error| StoreError::Corrupt(error.to_string()))
}
