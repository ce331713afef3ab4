//! Hashes of leaves and nodes, as RFC 6962 defines them.
//!
//! A leaf is hashed after a zero byte and a node after a one byte. Without this an attacker could
//! present the two children of a node as if they were the content of a leaf.

use sha2::{Digest, Sha256};

use crate::bytes32::public_bytes32;

/// A number of leaves. At most [`MAX_TREE_SIZE`](super::limits::MAX_TREE_SIZE).
pub type TreeSize = u64;

/// The hash of a leaf, a node or a whole tree. Text form: 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

public_bytes32!(Hash, "", "64 lower-case hexadecimal digits");

/// The root of a tree without leaves: the SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// The hash of a leaf with this content.
pub fn leaf_hash(content: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(content).finalize().into())
}

/// The hash of a node with these children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([1])
            .chain_update(left.0)
            .chain_update(right.0)
            .finalize()
            .into(),
    )
}

/// The root of a tree whose subtrees, from left to right, have these roots.
///
/// Every tree is a row of perfect subtrees, each larger than all after it together, so its root
/// comes from joining them from the right.
pub(super) fn join_right(subtrees: &[Hash]) -> Hash {
    let mut from_right = subtrees.iter().rev().copied();
    let Some(last) = from_right.next() else { return EMPTY_ROOT };
    from_right.fold(last, |right, left| node_hash(&left, &right))
}
