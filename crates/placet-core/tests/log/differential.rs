//! Another implementation of the same formats gives the same answers.

use placet_core::log::{
    Checkpoint, ConsistencyProof, Frontier, Hash, InclusionProof, Note, SigningKey, Tile, TileKind,
    Verifier, leaf_hash,
};
use proptest::prelude::*;
use signed_note::{StandardSigner, StandardVerifier, VerifierList};

use crate::reference::{self, Leaves};

/// A store of hashes in the order in which the other implementation keeps them.
#[derive(Default)]
struct Other(Vec<tlog_tiles::Hash>);

impl Other {
    fn with_leaves(leaves: &[Hash]) -> Self {
        let mut store = Self::default();
        for (index, leaf) in leaves.iter().enumerate() {
            let leaf = theirs(*leaf);
            let new =
                tlog_tiles::stored_hashes_for_record_hash(index as u64, leaf, &store).unwrap();
            store.0.extend(new);
        }
        store
    }
}

impl tlog_tiles::HashReader for Other {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

fn theirs(hash: Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(*hash.as_bytes())
}

fn ours(hashes: &[tlog_tiles::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash::from_bytes(hash.0)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn trees_and_proofs(size in 1_u64..600, at: prop::sample::Index) {
        let leaves = reference::leaves(size);
        let other = Other::with_leaves(&leaves);
        let mut frontier = Frontier::new();
        leaves.iter().for_each(|leaf| frontier.push(*leaf).unwrap());
        let root = tlog_tiles::tree_hash(size, &other).unwrap();
        prop_assert_eq!(theirs(frontier.root()).0, root.0);

        let index = at.index(leaves.len()) as u64;
        let proof = tlog_tiles::prove_record(size, index, &other).unwrap();
        let stored = Leaves(leaves);
        let inclusion = InclusionProof::prove(index, size, &stored).unwrap();
        prop_assert_eq!(inclusion.hashes(), ours(&proof));

        let proof = tlog_tiles::prove_tree(size, index + 1, &other).unwrap();
        let consistency = ConsistencyProof::prove(index + 1, size, &stored).unwrap();
        prop_assert_eq!(consistency.hashes(), ours(&proof));
    }

    #[test]
    fn tile_paths(level in 0_u8..6, index in 0_u64..10_000_000, width in 1_u16..=256) {
        if let Ok(tile) = Tile::new(TileKind::Hashes { level }, index, width) {
            let other = tlog_tiles::Tile::new(8, level, index, u32::from(width), false);
            // The other implementation's paths have the tile's height in them.
            prop_assert_eq!(tile.to_string(), other.path().replacen("tile/8/", "tile/", 1));
        }
    }

    #[test]
    fn notes(seed: [u8; 32], text in "[ -~]{0,60}\n") {
        let key = SigningKey::from_seed("example.com/log", &seed).unwrap();
        let signer = StandardSigner::new(&key.danger_secret_text()).unwrap();
        let note = Note::sign(&text, &[&key]).unwrap().to_string();
        let mut other = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        other.add_sigs(&[&signer]).unwrap();
        prop_assert_eq!(note.as_bytes(), other.to_bytes());

        let verifier = StandardVerifier::new(&key.verifier().to_string()).unwrap();
        let known = VerifierList::new(vec![Box::new(verifier)]);
        let read = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        prop_assert_eq!(read.verify(&known).unwrap().0.len(), 1);
    }

    #[test]
    fn checkpoints(size in 1_u64..1 << 53, seed: [u8; 32], extension in prop::option::of("[!-~]{1,20}")) {
        let mut checkpoint = Checkpoint::new("example.com/log", size, leaf_hash(&seed)).unwrap();
        if let Some(line) = &extension {
            checkpoint = checkpoint.with_extension(line).unwrap();
        }
        let other = tlog_tiles::Checkpoint::from_bytes(checkpoint.to_string().as_bytes()).unwrap();
        prop_assert_eq!(other.origin(), checkpoint.origin());
        prop_assert_eq!(other.size(), checkpoint.size());
        prop_assert_eq!(other.hash().0, *checkpoint.root().as_bytes());
    }
}

#[test]
fn both_refuse_the_same_damaged_notes() {
    let key = SigningKey::from_seed("a", &[3; 32]).unwrap();
    let note = Note::sign("x\n", &[&key]).unwrap().to_string().into_bytes();
    let trusted: [Verifier; 1] = [key.verifier().clone()];
    let text = key.verifier().to_string();
    for at in 0..note.len() {
        for byte in *b"\n A=\x00\xe2" {
            let mut damaged = note.clone();
            damaged[at] = byte;
            let ours = Note::parse(&damaged).is_ok_and(|note| note.verify(&trusted).is_ok());
            let known = VerifierList::new(vec![Box::new(StandardVerifier::new(&text).unwrap())]);
            let theirs = signed_note::Note::from_bytes(&damaged)
                .is_ok_and(|note| note.verify(&known).is_ok());
            assert_eq!(ours, theirs, "byte {at} as {byte:#x}");
        }
    }
}
