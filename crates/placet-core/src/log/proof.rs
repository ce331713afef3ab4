//! Proofs that an entry is in a tree, and that one tree begins with another (RFC 9162).
//!
//! An inclusion proof is the sibling at every step from a leaf up to the root. A consistency proof
//! is the fewest subtrees from which both an old and a new root follow. Either is a few dozen
//! hashes at most, and either is refused unless every hash is used and every root agrees.

use serde::{Deserialize, Serialize};

use super::limits::MAX_TREE_SIZE;
use super::merkle::{EMPTY_ROOT, Hash, TreeSize, join_right, node_hash};

/// Gives the hashes of a stored tree.
pub trait HashReader {
    /// The root of the perfect subtree of `2^level` leaves that is the `index`-th of its level
    /// from the left, or nothing if it is not stored.
    fn hash(&self, level: u8, index: u64) -> Option<Hash>;
}

/// The siblings on the way from a leaf to the root, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InclusionProof {
    hashes: Vec<Hash>,
}

/// The subtrees from which an old and a new root follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConsistencyProof {
    hashes: Vec<Hash>,
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

/// On which side of the path a sibling is.
enum Side {
    Left,
    Right,
}

/// A way up a tree: the index of a node in its level, and of the level's last node.
struct Path {
    at: u64,
    last: u64,
}

impl Path {
    /// Goes up to the next node that has a sibling, and says on which side; nothing at the root.
    fn step(&mut self) -> Option<Side> {
        // The last node of a level that is a left child has no sibling: it moves up unchanged.
        while self.at == self.last && self.at & 1 == 0 {
            if self.last == 0 {
                return None;
            }
            self.up();
        }
        let side = if self.at & 1 == 1 { Side::Left } else { Side::Right };
        self.up();
        Some(side)
    }

    /// Checks that the root was reached.
    const fn finish(self, used: usize) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::TooShort(used)) }
    }

    const fn up(&mut self) {
        self.at >>= 1;
        self.last >>= 1;
    }
}

/// The leaves from `start` up to before `end`: a subtree in the recursion that defines the root.
struct Range {
    start: u64,
    end: u64,
}

impl Range {
    const fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Goes down into the left or the right child and returns the other. Needs two leaves.
    fn descend(&mut self, into_left: impl Fn(u64) -> bool) -> Self {
        // The left child takes the largest power of two that leaves something for the right one.
        let middle = self.start + (1 << (self.len() - 1).ilog2());
        if into_left(middle) {
            let right = Self { start: middle, end: self.end };
            self.end = middle;
            right
        } else {
            let left = Self { start: self.start, end: middle };
            self.start = middle;
            left
        }
    }

    fn root(&self, reader: &impl HashReader) -> Result<Hash, ProveError> {
        Ok(join_right(&read_subtrees(self.start, self.end, reader)?))
    }
}

/// Reads the roots of the perfect subtrees that make up the leaves from `start` to `end`, largest
/// first. Needs `start` to be a multiple of the largest.
pub(super) fn read_subtrees(
    start: u64,
    end: u64,
    reader: &impl HashReader,
) -> Result<Vec<Hash>, ProveError> {
    let mut at = start;
    let mut hashes = Vec::new();
    for level in (0..64).rev().filter(|level| (end - start) >> level & 1 == 1) {
        let index = at >> level;
        hashes.push(reader.hash(level, index).ok_or(ProveError::Missing { level, index })?);
        at += 1 << level;
    }
    Ok(hashes)
}

fn expect_root(computed: Hash, expected: Hash) -> Result<(), ProofError> {
    if computed == expected { Ok(()) } else { Err(ProofError::Root { computed, expected }) }
}

fn expect_old_root(computed: Hash, expected: Hash) -> Result<(), ProofError> {
    if computed == expected { Ok(()) } else { Err(ProofError::OldRoot { computed, expected }) }
}
