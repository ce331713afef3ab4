//! The eight-leaf tree that Certificate Transparency implementations test themselves with.

use placet_core::log::{
    ConsistencyProof, EMPTY_ROOT, Frontier, Hash, InclusionProof, leaf_hash, node_hash,
};

use crate::reference::Leaves;

const CONTENTS: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const N1: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const N23: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const N4: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const N45: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const N67: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const N4567: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

fn hash(text: &str) -> Hash {
    text.parse().unwrap()
}

fn hashes(texts: &[&str]) -> Vec<Hash> {
    texts.iter().copied().map(hash).collect()
}

fn leaves() -> Vec<Hash> {
    CONTENTS.into_iter().map(leaf_hash).collect()
}

#[test]
fn roots_of_every_size() {
    let mut frontier = Frontier::new();
    assert_eq!((frontier.root(), EMPTY_ROOT), (hash(ROOTS[0]), hash(ROOTS[0])));
    for (leaf, root) in leaves().into_iter().zip(&ROOTS[1..]) {
        frontier.push(leaf).unwrap();
        assert_eq!(frontier.root(), hash(root));
    }
}

#[test]
fn leaves_and_nodes_are_told_apart() {
    let children = [leaf_hash(b"a"), leaf_hash(b"b")];
    let content = [*children[0].as_bytes(), *children[1].as_bytes()].concat();
    assert_ne!(leaf_hash(&content), node_hash(&children[0], &children[1]));
}

#[test]
fn inclusion() {
    let cases: [(u64, u64, &[&str]); 5] = [
        (0, 1, &[]),
        (0, 8, &[N1, N23, N4567]),
        (5, 8, &[N4, N67, ROOTS[4]]),
        (2, 3, &[ROOTS[2]]),
        (1, 5, &[ROOTS[1], N23, N4]),
    ];
    for (index, size, expected) in cases {
        let proof = InclusionProof::prove(index, size, &Leaves(leaves())).unwrap();
        assert_eq!(proof.hashes(), hashes(expected), "entry {index} of {size}");
        let leaf = leaf_hash(CONTENTS[index as usize]);
        proof.verify(&leaf, index, size, &hash(ROOTS[size as usize])).unwrap();
    }
}

#[test]
fn consistency() {
    let cases: [(u64, u64, &[&str]); 4] =
        [(1, 1, &[]), (1, 8, &[N1, N23, N4567]), (6, 8, &[N45, N67, ROOTS[4]]), (2, 5, &[N23, N4])];
    for (old, new, expected) in cases {
        let proof = ConsistencyProof::prove(old, new, &Leaves(leaves())).unwrap();
        assert_eq!(proof.hashes(), hashes(expected), "{old} to {new}");
        let (old_root, new_root) = (hash(ROOTS[old as usize]), hash(ROOTS[new as usize]));
        proof.verify(old, &old_root, new, &new_root).unwrap();
    }
}
