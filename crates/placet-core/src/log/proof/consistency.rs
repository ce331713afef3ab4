//! That one tree begins with another.

use serde::{Deserialize, Serialize};

use super::walk::{Path, Range, Side};
use super::{HashReader, ProofError, ProveError, expect_root};
use crate::log::limits::MAX_TREE_SIZE;
use crate::log::merkle::{EMPTY_ROOT, Hash, TreeSize, node_hash};

/// The subtrees from which an old and a new root follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConsistencyProof {
    hashes: Vec<Hash>,
}

impl ConsistencyProof {
    /// The proof with these hashes, lowest first.
    pub const fn new(hashes: Vec<Hash>) -> Self {
        Self { hashes }
    }

    /// Proves that the first `old` entries of a tree of `new` entries are the tree of `old` entries.
    pub fn prove(
        old: TreeSize,
        new: TreeSize,
        reader: &impl HashReader,
    ) -> Result<Self, ProveError> {
        if new > MAX_TREE_SIZE {
            return Err(ProveError::TooLarge(new));
        }
        if old > new {
            return Err(ProveError::Shrunk { old, new });
        }
        let mut hashes = Vec::new();
        if old != 0 && old != new {
            let mut range = Range { start: 0, end: new };
            while range.end != old {
                let sibling = range.descend(|middle| old <= middle);
                hashes.push(sibling.root(reader)?);
            }
            // A subtree from the very start is the old tree itself, whose root the verifier has.
            if range.start != 0 {
                hashes.push(range.root(reader)?);
            }
            hashes.reverse();
        }
        Ok(Self { hashes })
    }

    /// Checks that the tree of `new` entries begins with the tree of `old` entries.
    pub fn verify(
        &self,
        old: TreeSize,
        old_root: &Hash,
        new: TreeSize,
        new_root: &Hash,
    ) -> Result<(), ProofError> {
        if new > MAX_TREE_SIZE {
            return Err(ProofError::TooLarge(new));
        }
        if old > new {
            return Err(ProofError::Shrunk { old, new });
        }
        if old == 0 || old == new {
            return self.verify_trivial(old, old_root, new, new_root);
        }
        self.verify_path(old, old_root, new, new_root)
    }

    /// The hashes, lowest first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Nothing needs proving when the old tree is empty or is the new one, so nothing may be given.
    fn verify_trivial(
        &self,
        old: TreeSize,
        old_root: &Hash,
        new: TreeSize,
        new_root: &Hash,
    ) -> Result<(), ProofError> {
        if !self.hashes.is_empty() {
            return Err(ProofError::TooLong { used: 0, found: self.hashes.len() });
        }
        if old == 0 {
            expect_old_root(EMPTY_ROOT, *old_root)?;
        }
        if new == 0 {
            expect_root(EMPTY_ROOT, *new_root)?;
        }
        if old == new { expect_old_root(*new_root, *old_root) } else { Ok(()) }
    }

    fn verify_path(
        &self,
        old: TreeSize,
        old_root: &Hash,
        new: TreeSize,
        new_root: &Hash,
    ) -> Result<(), ProofError> {
        // The path starts at the largest perfect subtree that ends where the old tree ends. If
        // that is the whole old tree, its root is known and not repeated in the proof.
        let level = old.trailing_zeros();
        let mut path = Path { at: (old - 1) >> level, last: (new - 1) >> level };
        let mut rest = self.hashes.iter();
        let start = if old.is_power_of_two() { Some(old_root) } else { rest.next() };
        let start = *start.ok_or(ProofError::TooShort(0))?;
        let (mut from_old, mut from_new) = (start, start);
        let mut used = self.hashes.len() - rest.len();
        for sibling in rest {
            match path.step() {
                None => return Err(ProofError::TooLong { used, found: self.hashes.len() }),
                Some(Side::Left) => {
                    from_old = node_hash(sibling, &from_old);
                    from_new = node_hash(sibling, &from_new);
                }
                Some(Side::Right) => from_new = node_hash(&from_new, sibling),
            }
            used += 1;
        }
        path.finish(used)?;
        expect_old_root(from_old, *old_root)?;
        expect_root(from_new, *new_root)
    }
}

fn expect_old_root(computed: Hash, expected: Hash) -> Result<(), ProofError> {
    if computed == expected { Ok(()) } else { Err(ProofError::OldRoot { computed, expected }) }
}
