//! Proofs from tiles.

use std::cell::RefCell;

use placet_core::log::{
    ConsistencyProof, Frontier, Hash, HashReader, InclusionProof, ProveError, Tile, TileHashes,
    TileKind,
};

use crate::reference;

/// The hashes of all levels of tiles, as a store keeps them.
fn levels(leaves: &[Hash]) -> Vec<Vec<Hash>> {
    let mut levels = vec![Vec::new(); 3];
    let mut frontier = Frontier::new();
    for leaf in leaves {
        let keep = |level: u8, _, hash| {
            if level.is_multiple_of(8) {
                levels[usize::from(level / 8)].push(hash);
            }
        };
        frontier.push_each(*leaf, keep).unwrap();
    }
    levels
}

fn read(levels: &[Vec<Hash>], tile: Tile) -> Option<Vec<Hash>> {
    let TileKind::Hashes { level } = tile.kind() else { return None };
    let start = usize::try_from(tile.index()).unwrap() * 256;
    let stored = levels.get(usize::from(level))?;
    stored.get(start..start + usize::from(tile.width())).map(<[Hash]>::to_vec)
}

#[test]
fn proofs_from_tiles_are_those_of_the_definition() {
    let leaves = reference::leaves(66_000);
    let levels = levels(&leaves);
    let root = reference::root(&leaves);
    let stored = || TileHashes::new(66_000, |tile| read(&levels, tile));
    assert_eq!(Frontier::read(66_000, &stored()).unwrap().root(), root);
    for index in [0, 1, 255, 256, 4_711, 65_535, 65_536, 65_999] {
        let proof = InclusionProof::prove(index, 66_000, &stored()).unwrap();
        assert_eq!(proof.hashes(), reference::path(index as usize, &leaves));
        let proof = ConsistencyProof::prove(index + 1, 66_000, &stored()).unwrap();
        assert_eq!(proof.hashes(), reference::consistency(index as usize + 1, &leaves));
    }
}

#[test]
fn every_subtree_of_a_small_tree() {
    let leaves = reference::leaves(700);
    let levels = levels(&leaves);
    let stored = TileHashes::new(700, |tile| read(&levels, tile));
    for level in 0..=9_u8 {
        for index in 0..700 >> level {
            let range = (index << level) as usize..((index + 1) << level) as usize;
            let expected = leaves.get(range).map(reference::root);
            assert_eq!(stored.hash(level, index), expected, "level {level}, index {index}");
        }
    }
    assert_eq!(stored.hash(10, 0), None);
    assert_eq!(stored.hash(0, 700), None);
    assert_eq!(stored.hash(255, u64::MAX), None);
}

#[test]
fn a_proof_reads_each_tile_once_and_few_of_them() {
    let leaves = reference::leaves(66_000);
    let levels = levels(&leaves);
    let reads = RefCell::new(Vec::new());
    let stored = TileHashes::new(66_000, |tile: Tile| {
        reads.borrow_mut().push(tile.to_string());
        read(&levels, tile)
    });
    InclusionProof::prove(4_711, 66_000, &stored).unwrap();
    let mut reads = reads.take();
    reads.sort();
    assert_eq!(reads, ["tile/0/018", "tile/0/257.p/208", "tile/1/000", "tile/1/001.p/1"]);
}

#[test]
fn a_missing_or_short_tile_is_a_missing_hash() {
    let missing = ProveError::Missing { level: 3, index: 1 };
    let none = TileHashes::new(16, |_| None);
    assert_eq!(InclusionProof::prove(0, 16, &none), Err(missing.clone()));
    let short = TileHashes::new(16, |_| Some(reference::leaves(15)));
    assert_eq!(InclusionProof::prove(0, 16, &short), Err(missing));
}

#[test]
fn a_tile_that_grew_serves_a_smaller_tree() {
    let leaves = reference::leaves(256);
    let grown = TileHashes::new(100, |_| Some(leaves.clone()));
    assert_eq!(Frontier::read(100, &grown).unwrap().root(), reference::root(&leaves[..100]));
}
