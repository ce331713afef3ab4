//! Appending to a tree.

use std::collections::BTreeMap;

use placet_core::log::{Frontier, FrontierError, Hash, HashReader, ProveError};

use crate::reference::{self, Leaves, Uniform};

const MAX: u64 = (1 << 53) - 1;

fn grown(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(*leaf).unwrap());
    frontier
}

#[test]
fn root_is_that_of_the_definition() {
    let leaves = reference::leaves(300);
    let mut frontier = Frontier::new();
    for (size, leaf) in leaves.iter().enumerate() {
        assert_eq!(frontier.root(), reference::root(&leaves[..size]), "{size} leaves");
        assert_eq!(frontier.size(), size as u64);
        frontier.push(*leaf).unwrap();
    }
}

#[test]
fn reports_each_perfect_subtree_once() {
    let leaves = reference::leaves(300);
    let (mut frontier, mut completed) = (Frontier::new(), BTreeMap::new());
    for leaf in &leaves {
        let report = |level, index, root| assert!(completed.insert((level, index), root).is_none());
        frontier.push_each(*leaf, report).unwrap();
    }
    let stored = Leaves(leaves);
    let expected = (0..9).flat_map(|level| (0..300 >> level).map(move |index| (level, index)));
    let expected: BTreeMap<_, _> =
        expected.map(|place| (place, stored.hash(place.0, place.1).unwrap())).collect();
    assert_eq!(completed, expected);
}

#[test]
fn is_read_back_from_stored_hashes() {
    for size in 0..100 {
        let leaves = reference::leaves(size);
        let expected = grown(&leaves);
        assert_eq!(Frontier::read(size, &Leaves(leaves)).unwrap(), expected);
    }
}

#[test]
fn a_missing_hash_is_named() {
    let missing = ProveError::Missing { level: 1, index: 2 };
    assert_eq!(Frontier::read(6, &Leaves(reference::leaves(5))), Err(missing));
}

#[test]
fn survives_json() {
    let frontier = grown(&reference::leaves(77));
    let json = serde_json::to_string(&frontier).unwrap();
    assert_eq!(serde_json::from_str::<Frontier>(&json).unwrap(), frontier);
}

#[test]
fn refuses_parts_that_do_not_fit() {
    let frontier = grown(&reference::leaves(7));
    for size in (0..64).filter(|size: &u64| size.count_ones() != 3) {
        let refused = Frontier::from_parts(size, frontier.hashes().to_vec());
        assert_eq!(refused, Err(FrontierError::HashCount { size, hashes: 3 }));
        let json = serde_json::json!({"size": size, "hashes": frontier.hashes()});
        assert!(serde_json::from_value::<Frontier>(json).is_err());
    }
    let json = serde_json::json!({"size": 0, "hashes": [], "more": 1});
    assert!(serde_json::from_value::<Frontier>(json).is_err());
}

#[test]
fn stops_at_the_largest_tree() {
    let uniform = Uniform::new();
    let mut frontier = Frontier::read(MAX - 1, &uniform).unwrap();
    frontier.push(uniform.leaf()).unwrap();
    assert_eq!(frontier, Frontier::read(MAX, &uniform).unwrap());
    let full = frontier.clone();
    assert_eq!(Frontier::from_parts(MAX, full.hashes().to_vec()).as_ref(), Ok(&full));
    assert_eq!(frontier.push(uniform.leaf()), Err(FrontierError::TooLarge(MAX + 1)));
    assert_eq!(frontier, full);
    assert_eq!(Frontier::read(MAX + 1, &uniform), Err(ProveError::TooLarge(MAX + 1)));
    assert!(Frontier::from_parts(1 << 60, vec![uniform.leaf()]).is_err());
}
