//! Proofs are those of the definition, convince of what is true, and of nothing else.

use placet_core::log::{
    ConsistencyProof, Frontier, Hash, InclusionProof, ProofError, ProveError, leaf_hash,
};
use proptest::prelude::*;

use crate::reference::{self, Leaves, Uniform};

const MAX: u64 = (1 << 53) - 1;

/// Every way to flip one bit of one hash, drop one, repeat one or swap two neighbours.
fn mutations(hashes: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for at in 0..hashes.len() {
        for bit in 0..256 {
            let mut bytes = *hashes[at].as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut flipped = hashes.to_vec();
            flipped[at] = Hash::from_bytes(bytes);
            all.push(flipped);
        }
        let mut dropped = hashes.to_vec();
        dropped.remove(at);
        all.push(dropped);
        let mut repeated = hashes.to_vec();
        repeated.insert(at, hashes[at]);
        all.push(repeated);
        if at > 0 && hashes[at - 1] != hashes[at] {
            let mut swapped = hashes.to_vec();
            swapped.swap(at - 1, at);
            all.push(swapped);
        }
    }
    let mut longer = hashes.to_vec();
    longer.push(leaf_hash(b"one more"));
    all.push(longer);
    all
}

#[test]
fn inclusion_for_every_entry_of_every_small_tree() {
    let leaves = reference::leaves(70);
    for size in 1..=leaves.len() {
        let tree = &leaves[..size];
        let (root, stored) = (reference::root(tree), Leaves(tree.to_vec()));
        for (index, leaf) in tree.iter().enumerate() {
            let proof = InclusionProof::prove(index as u64, size as u64, &stored).unwrap();
            assert_eq!(proof.hashes(), reference::path(index, tree));
            proof.verify(leaf, index as u64, size as u64, &root).unwrap();
            for other in (0..size as u64).filter(|other| *other != index as u64) {
                assert!(proof.verify(leaf, other, size as u64, &root).is_err());
            }
        }
    }
}

#[test]
fn consistency_for_every_pair_of_small_trees() {
    let leaves = reference::leaves(70);
    for new in 1..=leaves.len() {
        let (tree, stored) = (&leaves[..new], Leaves(leaves[..new].to_vec()));
        let new_root = reference::root(tree);
        for old in 1..=new {
            let proof = ConsistencyProof::prove(old as u64, new as u64, &stored).unwrap();
            assert_eq!(proof.hashes(), reference::consistency(old, tree), "{old} to {new}");
            let old_root = reference::root(&leaves[..old]);
            proof.verify(old as u64, &old_root, new as u64, &new_root).unwrap();
        }
    }
}

#[test]
fn every_mutation_of_an_inclusion_proof_is_refused() {
    let leaves = reference::leaves(21);
    let root = reference::root(&leaves);
    for (index, leaf) in leaves.iter().enumerate() {
        for hashes in mutations(&reference::path(index, &leaves)) {
            let refused = InclusionProof::new(hashes).verify(leaf, index as u64, 21, &root);
            assert!(refused.is_err());
        }
    }
}

#[test]
fn every_mutation_of_a_consistency_proof_is_refused() {
    let leaves = reference::leaves(21);
    let new_root = reference::root(&leaves);
    for old in 1..=leaves.len() {
        let old_root = reference::root(&leaves[..old]);
        for hashes in mutations(&reference::consistency(old, &leaves)) {
            let proof = ConsistencyProof::new(hashes);
            assert!(proof.verify(old as u64, &old_root, 21, &new_root).is_err());
        }
    }
}

#[test]
fn an_empty_tree_begins_every_tree_and_needs_no_proof() {
    let (leaves, none) = (reference::leaves(3), ConsistencyProof::new(Vec::new()));
    let (empty, root) = (reference::root(&[]), reference::root(&leaves));
    assert_eq!(ConsistencyProof::prove(0, 3, &Leaves(leaves)).unwrap(), none);
    none.verify(0, &empty, 3, &root).unwrap();
    none.verify(0, &empty, 0, &empty).unwrap();
    assert!(matches!(none.verify(0, &root, 3, &root), Err(ProofError::OldRoot { .. })));
    assert!(matches!(none.verify(0, &empty, 0, &root), Err(ProofError::Root { .. })));
    let padded = ConsistencyProof::new(vec![root]);
    let too_long = ProofError::TooLong { used: 0, found: 1 };
    assert_eq!(padded.verify(0, &empty, 3, &root), Err(too_long.clone()));
    assert_eq!(padded.verify(3, &root, 3, &root), Err(too_long));
}

#[test]
fn equal_sizes_need_equal_roots() {
    let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
    let none = ConsistencyProof::new(Vec::new());
    none.verify(1, &a, 1, &a).unwrap();
    let refused = ProofError::OldRoot { computed: b, expected: a };
    assert_eq!(none.verify(1, &a, 1, &b), Err(refused));
}

#[test]
fn a_rewritten_entry_shows_in_the_root_that_differs() {
    let before = reference::leaves(6);
    let mut after = reference::leaves(11);
    after[3] = leaf_hash(b"rewritten");
    let (old_root, new_root) = (reference::root(&before), reference::root(&after));
    let proof = ConsistencyProof::new(reference::consistency(6, &after));
    let refused = proof.verify(6, &old_root, 11, &new_root);
    assert!(matches!(refused, Err(ProofError::OldRoot { expected, .. }) if expected == old_root));
    let refused = proof.verify(6, &reference::root(&after[..6]), 11, &old_root);
    assert!(matches!(refused, Err(ProofError::Root { expected, .. }) if expected == old_root));
}

#[test]
fn lengths_are_judged_before_roots() {
    let leaves = reference::leaves(5);
    let root = reference::root(&leaves);
    let short = InclusionProof::new(reference::path(0, &leaves)[..2].to_vec());
    assert_eq!(short.verify(&leaves[0], 0, 5, &root), Err(ProofError::TooShort(2)));
    let long = InclusionProof::new(vec![root; 9]);
    let too_long = ProofError::TooLong { used: 1, found: 9 };
    assert_eq!(long.verify(&leaves[4], 4, 5, &root), Err(too_long));
    let proved = reference::consistency(3, &leaves);
    let mut padded = proved.clone();
    padded.extend([root; 2]);
    let too_long = ProofError::TooLong { used: proved.len(), found: padded.len() };
    let old_root = reference::root(&leaves[..3]);
    assert_eq!(ConsistencyProof::new(padded).verify(3, &old_root, 5, &root), Err(too_long));
    let none = ConsistencyProof::new(Vec::new());
    assert_eq!(none.verify(3, &root, 5, &root), Err(ProofError::TooShort(0)));
    assert_eq!(none.verify(2, &root, 5, &root), Err(ProofError::TooShort(0)));
}

#[test]
fn what_is_outside_of_the_tree_is_refused() {
    let stored = Leaves(reference::leaves(5));
    let (leaf, root) = (stored.0[0], reference::root(&stored.0));
    let none = InclusionProof::new(Vec::new());
    for (index, size) in [(5, 5), (6, 5), (0, 0), (u64::MAX, 5)] {
        let outside = Err(ProveError::OutsideTree { index, size });
        assert_eq!(InclusionProof::prove(index, size, &stored), outside);
        let outside = Err(ProofError::OutsideTree { index, size });
        assert_eq!(none.verify(&leaf, index, size, &root), outside);
    }
    let shrunk = Err(ProveError::Shrunk { old: 5, new: 4 });
    assert_eq!(ConsistencyProof::prove(5, 4, &stored), shrunk);
    let none = ConsistencyProof::new(Vec::new());
    let shrunk = Err(ProofError::Shrunk { old: 5, new: 4 });
    assert_eq!(none.verify(5, &root, 4, &root), shrunk);
}

#[test]
fn a_proof_from_an_incomplete_store_is_an_error_that_names_the_hash() {
    let stored = Leaves(reference::leaves(5));
    let missing = ProveError::Missing { level: 2, index: 1 };
    assert_eq!(InclusionProof::prove(0, 8, &stored), Err(missing.clone()));
    assert_eq!(ConsistencyProof::prove(4, 8, &stored), Err(missing));
}

#[test]
fn the_largest_tree_has_proofs_and_no_larger_one() {
    let tree = Uniform::new();
    let root = Frontier::read(MAX, &tree).unwrap().root();
    for index in [0, 1, MAX / 2, MAX - 2, MAX - 1] {
        let proof = InclusionProof::prove(index, MAX, &tree).unwrap();
        proof.verify(&tree.leaf(), index, MAX, &root).unwrap();
    }
    for old in [1, 2, 3, 1 << 52, MAX - 1] {
        let old_root = Frontier::read(old, &tree).unwrap().root();
        let proof = ConsistencyProof::prove(old, MAX, &tree).unwrap();
        proof.verify(old, &old_root, MAX, &root).unwrap();
    }
    let over = MAX + 1;
    assert_eq!(InclusionProof::prove(0, over, &tree), Err(ProveError::TooLarge(over)));
    assert_eq!(ConsistencyProof::prove(0, over, &tree), Err(ProveError::TooLarge(over)));
    let proof = InclusionProof::new(Vec::new());
    assert_eq!(proof.verify(&root, 0, over, &root), Err(ProofError::TooLarge(over)));
    let proof = ConsistencyProof::new(Vec::new());
    assert_eq!(proof.verify(0, &root, over, &root), Err(ProofError::TooLarge(over)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn larger_trees_agree_with_the_definition(size in 71_u64..300, at: prop::sample::Index) {
        let leaves = reference::leaves(size);
        let (index, root) = (at.index(leaves.len()), reference::root(&leaves));
        let stored = Leaves(leaves.clone());
        let proof = InclusionProof::prove(index as u64, size, &stored).unwrap();
        prop_assert_eq!(proof.hashes(), reference::path(index, &leaves));
        proof.verify(&leaves[index], index as u64, size, &root).unwrap();

        let old = index as u64 + 1;
        let old_root = reference::root(&leaves[..=index]);
        let proof = ConsistencyProof::prove(old, size, &stored).unwrap();
        prop_assert_eq!(proof.hashes(), reference::consistency(index + 1, &leaves));
        proof.verify(old, &old_root, size, &root).unwrap();
    }

    #[test]
    fn any_two_sizes_of_a_huge_tree_are_consistent(a in 1..=MAX, b in 1..=MAX) {
        let (old, new) = (a.min(b), a.max(b));
        let tree = Uniform::new();
        let (old_root, new_root) =
            (Frontier::read(old, &tree).unwrap().root(), Frontier::read(new, &tree).unwrap().root());
        let proof = ConsistencyProof::prove(old, new, &tree).unwrap();
        proof.verify(old, &old_root, new, &new_root).unwrap();
        let proof = InclusionProof::prove(old - 1, new, &tree).unwrap();
        proof.verify(&tree.leaf(), old - 1, new, &new_root).unwrap();
    }

    #[test]
    fn invented_proofs_never_pass(
        first: u64, second: u64, seed: [u8; 32], count in 0_usize..70, small: bool,
    ) {
        let (first, second) = if small { (first % 64, second % 64) } else { (first, second) };
        let hashes: Vec<_> = (0..count).map(|n| leaf_hash(&[&seed[..], &[n as u8]].concat())).collect();
        let (leaf, root) = (leaf_hash(&seed), leaf_hash(b"some other root"));
        prop_assert!(InclusionProof::new(hashes.clone()).verify(&leaf, first, second, &root).is_err());
        prop_assert!(ConsistencyProof::new(hashes).verify(first, &leaf, second, &root).is_err());
    }
}
