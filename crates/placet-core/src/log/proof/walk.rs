//! Ways up and down a tree.

use super::{HashReader, ProofError, ProveError};
use crate::log::merkle::{Hash, join_right};

/// On which side of the path a sibling is.
pub(super) enum Side {
    Left,
    Right,
}

/// A way up a tree: the index of a node in its level, and of the level's last node.
pub(super) struct Path {
    pub(super) at: u64,
    pub(super) last: u64,
}

impl Path {
    /// Goes up to the next node that has a sibling, and says on which side; nothing at the root.
    pub(super) fn step(&mut self) -> Option<Side> {
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
    pub(super) const fn finish(self, used: usize) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::TooShort(used)) }
    }

    const fn up(&mut self) {
        self.at >>= 1;
        self.last >>= 1;
    }
}

/// The leaves from `start` up to before `end`: a subtree in the recursion that defines the root.
pub(super) struct Range {
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Range {
    pub(super) const fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Goes down into the left or the right child and returns the other. Needs two leaves.
    pub(super) fn descend(&mut self, into_left: impl Fn(u64) -> bool) -> Self {
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

    pub(super) fn root(&self, reader: &impl HashReader) -> Result<Hash, ProveError> {
        Ok(join_right(&read_subtrees(self.start, self.end, reader)?))
    }
}

/// Reads the roots of the perfect subtrees that make up the leaves from `start` to `end`, largest
/// first. Needs `start` to be a multiple of the largest.
pub(in crate::log) fn read_subtrees(
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
