//! The definitions of RFC 9162, section 2.1, written down as they stand there: slow and obvious.

use placet_core::log::{EMPTY_ROOT, Hash, HashReader, leaf_hash, node_hash};

/// The hashes of leaves with distinct contents.
pub(crate) fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|n| leaf_hash(format!("entry {n}").as_bytes())).collect()
}

/// The root of the tree over these leaves.
pub(crate) fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The inclusion proof for leaf `m`.
pub(crate) fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, sibling) =
        if m < k { (path(m, left), root(right)) } else { (path(m - k, right), root(left)) };
    proof.push(sibling);
    proof
}

/// The consistency proof from the tree of the first `m` leaves, for `0 < m`.
pub(crate) fn consistency(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    subproof(m, leaves, true)
}

fn subproof(m: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if known { Vec::new() } else { vec![root(leaves)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, sibling) = if m <= k {
        (subproof(m, left, known), root(right))
    } else {
        (subproof(m - k, right, false), root(left))
    };
    proof.push(sibling);
    proof
}

/// The largest power of two smaller than `n`.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// A reader that computes each subtree anew from the leaves.
pub(crate) struct Leaves(pub(crate) Vec<Hash>);

impl HashReader for Leaves {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        let start = (index as usize) << level;
        self.0.get(start..start + (1 << level)).map(root)
    }
}

/// A tree of any size whose leaves are all the same, so that a subtree depends on its level only.
pub(crate) struct Uniform {
    levels: Vec<Hash>,
}

impl Uniform {
    pub(crate) fn new() -> Self {
        let grow = |below: &Hash| Some(node_hash(below, below));
        Self { levels: std::iter::successors(Some(leaf_hash(b"same")), grow).take(64).collect() }
    }

    pub(crate) fn leaf(&self) -> Hash {
        self.levels[0]
    }
}

impl HashReader for Uniform {
    fn hash(&self, level: u8, _: u64) -> Option<Hash> {
        self.levels.get(usize::from(level)).copied()
    }
}
