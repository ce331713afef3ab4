//! Proofs that an entry is in a tree, and that one tree begins with another (RFC 9162).
//!
//! An inclusion proof is the sibling at every step from a leaf up to the root. A consistency proof
//! is the fewest subtrees from which both an old and a new root follow. Either is a few dozen
//! hashes at most, and either is refused unless every hash is used and every root agrees.

mod consistency;
mod inclusion;
mod walk;

use super::limits::MAX_TREE_SIZE;
use super::merkle::{Hash, TreeSize};

pub use consistency::ConsistencyProof;
pub use inclusion::InclusionProof;
pub(super) use walk::read_subtrees;

/// Gives the hashes of a stored tree.
pub trait HashReader {
    /// The root of the perfect subtree of `2^level` leaves that is the `index`-th of its level
    /// from the left, or nothing if it is not stored.
    fn hash(&self, level: u8, index: u64) -> Option<Hash>;
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The entry would be outside of the tree.
    #[error("entry {index} is not in a tree of {size} entries")]
    OutsideTree {
        /// The claimed index of the entry.
        index: u64,
        /// The size of the tree.
        size: TreeSize,
    },
    /// The old tree is larger than the new one: entries were cut off, or the order is wrong.
    #[error(
        "a tree of {new} entries cannot continue one of {old}: entries were cut off, or the two are swapped"
    )]
    Shrunk {
        /// The size of the tree that should come first.
        old: TreeSize,
        /// The size of the tree that should continue it.
        new: TreeSize,
    },
    /// The tree is larger than any log can be.
    #[error("a tree of {0} entries is over the limit of {MAX_TREE_SIZE}")]
    TooLarge(TreeSize),
    /// Hashes are missing.
    #[error("the proof ends too early, after {0} hashes; ask the log for it again")]
    TooShort(usize),
    /// There are more hashes than the sizes call for.
    #[error(
        "the proof has {found} hashes and only {used} have a place in it; ask the log for it again"
    )]
    TooLong {
        /// How many hashes the path uses.
        used: usize,
        /// How many there are.
        found: usize,
    },
    /// The root of the only or the new tree is another.
    #[error(
        "the proof leads to the root {computed}, not to {expected}: it is for another tree, or one of them was altered"
    )]
    Root {
        /// The root that follows from the proof.
        computed: Hash,
        /// The root that should have followed.
        expected: Hash,
    },
    /// The root of the old tree is another.
    #[error(
        "the proof starts from the root {computed}, not from {expected}: the log was rewritten, or the proof is for another tree"
    )]
    OldRoot {
        /// The root that follows from the proof.
        computed: Hash,
        /// The root that should have followed.
        expected: Hash,
    },
}

/// Why a proof cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// The entry would be outside of the tree.
    #[error("entry {index} is not in a tree of {size} entries")]
    OutsideTree {
        /// The index asked for.
        index: u64,
        /// The size of the tree.
        size: TreeSize,
    },
    /// The old tree is larger than the new one.
    #[error("a tree of {new} entries does not continue one of {old}; give the smaller size first")]
    Shrunk {
        /// The size that should be the smaller.
        old: TreeSize,
        /// The size that should be the larger.
        new: TreeSize,
    },
    /// The tree is larger than any log can be.
    #[error("a tree of {0} entries is over the limit of {MAX_TREE_SIZE}")]
    TooLarge(TreeSize),
    /// A hash that the proof needs is not stored.
    #[error(
        "the hash at level {level}, index {index} is not stored; rebuild the tiles from the entries"
    )]
    Missing {
        /// The level of the perfect subtree.
        level: u8,
        /// The index of the perfect subtree within its level.
        index: u64,
    },
}

fn expect_root(computed: Hash, expected: Hash) -> Result<(), ProofError> {
    if computed == expected { Ok(()) } else { Err(ProofError::Root { computed, expected }) }
}
