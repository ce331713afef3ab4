//! The right edge of a growing tree: all that appending needs to know of it.
//!
//! A tree is a row of perfect subtrees whose sizes are the binary digits of its own size. Keeping
//! their roots, at most 53 hashes, is enough to append a leaf in amortised constant time and to
//! compute the root; the rest of the tree may be on disk, elsewhere or gone.

use serde::{Deserialize, Serialize};

use super::limits::MAX_TREE_SIZE;
use super::merkle::{Hash, TreeSize, join_right, node_hash};
use super::proof::{HashReader, ProveError, read_subtrees};

/// The perfect subtrees of a tree, from left to right.
///
/// INVARIANT: there is one hash for each one bit of the size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Frontier {
    size: TreeSize,
    hashes: Vec<Hash>,
}

/// Why a frontier cannot be what it claims, or cannot grow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// The number of hashes does not fit the size.
    #[error(
        "a tree of {size} leaves has {} subtrees on its edge, but {hashes} hashes were given; \
         rebuild the edge from the leaves", size.count_ones()
    )]
    HashCount {
        /// The claimed number of leaves.
        size: TreeSize,
        /// The number of hashes given.
        hashes: usize,
    },
    /// The tree is larger than any log can be.
    #[error("a tree of {0} leaves is over the limit of {MAX_TREE_SIZE}")]
    TooLarge(TreeSize),
}

impl Frontier {
    /// The edge of the empty tree.
    pub const fn new() -> Self {
        Self { size: 0, hashes: Vec::new() }
    }

    /// The edge of a tree of this size, read from the stored hashes.
    pub fn read(size: TreeSize, reader: &impl HashReader) -> Result<Self, ProveError> {
        if size > MAX_TREE_SIZE {
            return Err(ProveError::TooLarge(size));
        }
        let hashes = read_subtrees(0, size, reader)?;
        Ok(Self { size, hashes })
    }

    /// The edge that was stored as its size and hashes.
    pub fn from_parts(size: TreeSize, hashes: Vec<Hash>) -> Result<Self, FrontierError> {
        if size > MAX_TREE_SIZE {
            return Err(FrontierError::TooLarge(size));
        }
        if u32::try_from(hashes.len()) != Ok(size.count_ones()) {
            return Err(FrontierError::HashCount { size, hashes: hashes.len() });
        }
        Ok(Self { size, hashes })
    }

    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) -> Result<(), FrontierError> {
        self.push_each(leaf, |_, _, _| ())
    }

    /// Appends a leaf by its hash, and reports the level, the index and the root of each perfect
    /// subtree that it completes, itself first. A store of tiles keeps those at every eighth level.
    pub fn push_each(
        &mut self,
        leaf: Hash,
        mut completed: impl FnMut(u8, u64, Hash),
    ) -> Result<(), FrontierError> {
        if self.size >= MAX_TREE_SIZE {
            return Err(FrontierError::TooLarge(self.size.saturating_add(1)));
        }
        let (mut level, mut index, mut root) = (0, self.size, leaf);
        completed(level, index, root);
        while index & 1 == 1
            && let Some(left) = self.hashes.pop()
        {
            root = node_hash(&left, &root);
            level += 1;
            index >>= 1;
            completed(level, index, root);
        }
        self.hashes.push(root);
        self.size += 1;
        Ok(())
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        join_right(&self.hashes)
    }

    /// The number of leaves.
    pub const fn size(&self) -> TreeSize {
        self.size
    }

    /// The roots of the perfect subtrees, from left to right.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }
}

/// A frontier as it was stored, not yet checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    size: TreeSize,
    hashes: Vec<Hash>,
}

impl TryFrom<Parts> for Frontier {
    type Error = FrontierError;

    fn try_from(parts: Parts) -> Result<Self, FrontierError> {
        Self::from_parts(parts.size, parts.hashes)
    }
}
