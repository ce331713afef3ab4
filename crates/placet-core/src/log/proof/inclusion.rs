//! That an entry is in a tree.

use serde::{Deserialize, Serialize};

use super::walk::{Path, Range, Side};
use super::{HashReader, ProofError, ProveError, expect_root};
use crate::log::limits::MAX_TREE_SIZE;
use crate::log::merkle::{Hash, TreeSize, node_hash};

/// The siblings on the way from a leaf to the root, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InclusionProof {
    hashes: Vec<Hash>,
}

impl InclusionProof {
    /// The proof with these hashes, lowest first.
    pub const fn new(hashes: Vec<Hash>) -> Self {
        Self { hashes }
    }

    /// Proves that a tree of `size` entries contains its entry `index`.
    pub fn prove(index: u64, size: TreeSize, reader: &impl HashReader) -> Result<Self, ProveError> {
        if size > MAX_TREE_SIZE {
            return Err(ProveError::TooLarge(size));
        }
        if index >= size {
            return Err(ProveError::OutsideTree { index, size });
        }
        let mut range = Range { start: 0, end: size };
        let mut hashes = Vec::new();
        while range.len() > 1 {
            let sibling = range.descend(|middle| index < middle);
            hashes.push(sibling.root(reader)?);
        }
        hashes.reverse();
        Ok(Self { hashes })
    }

    /// Checks that the tree of `size` entries with this `root` has `leaf` as its entry `index`.
    pub fn verify(
        &self,
        leaf: &Hash,
        index: u64,
        size: TreeSize,
        root: &Hash,
    ) -> Result<(), ProofError> {
        if size > MAX_TREE_SIZE {
            return Err(ProofError::TooLarge(size));
        }
        if index >= size {
            return Err(ProofError::OutsideTree { index, size });
        }
        let mut path = Path { at: index, last: size - 1 };
        let mut computed = *leaf;
        for (used, sibling) in self.hashes.iter().enumerate() {
            computed = match path.step() {
                None => return Err(ProofError::TooLong { used, found: self.hashes.len() }),
                Some(Side::Left) => node_hash(sibling, &computed),
                Some(Side::Right) => node_hash(&computed, sibling),
            };
        }
        path.finish(self.hashes.len())?;
        expect_root(computed, *root)
    }

    /// The hashes, lowest first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }
}
