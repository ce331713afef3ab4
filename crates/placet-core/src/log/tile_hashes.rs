//! The hashes of a tree, read from its tiles.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::merkle::{Hash, TreeSize, node_hash};
use super::proof::HashReader;
use super::tile::{TILE_HEIGHT, TILE_WIDTH, Tile, TileKind};

/// Gives the tiles of hashes of a stored tree.
pub trait TileSource {
    /// The hashes of a tile, or nothing if it is not stored. For a partial tile the hashes of the
    /// grown or full one serve as well: those that both have are the same.
    fn tile(&self, tile: Tile) -> Option<Vec<Hash>>;
}

impl<F: Fn(Tile) -> Option<Vec<Hash>>> TileSource for F {
    fn tile(&self, tile: Tile) -> Option<Vec<Hash>> {
        self(tile)
    }
}

/// Reads the hashes of a tree of some size from its tiles, each tile once.
pub struct TileHashes<S> {
    size: TreeSize,
    source: S,
    read: RefCell<BTreeMap<Tile, Vec<Hash>>>,
}

impl<S: TileSource> TileHashes<S> {
    /// Reads the tree of `size` leaves.
    pub const fn new(size: TreeSize, source: S) -> Self {
        Self { size, source, read: RefCell::new(BTreeMap::new()) }
    }

    fn subtree(&self, tile: Tile, first: u64, width: usize) -> Option<Hash> {
        let first = usize::try_from(first).ok()?;
        let mut read = self.read.borrow_mut();
        let hashes = match read.entry(tile) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(self.source.tile(tile)?),
        };
        perfect_root(hashes.get(first..first + width)?)
    }
}

impl<S: TileSource> HashReader for TileHashes<S> {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        let width = 1_u16 << (level % TILE_HEIGHT);
        let first = index.checked_mul(u64::from(width))?;
        let kind = TileKind::Hashes { level: level / TILE_HEIGHT };
        let tile = Tile::in_tree(kind, first / u64::from(TILE_WIDTH), self.size)?;
        self.subtree(tile, first % u64::from(TILE_WIDTH), usize::from(width))
    }
}

/// The root over hashes whose number is a power of two. Recurs no deeper than a tile is high.
fn perfect_root(hashes: &[Hash]) -> Option<Hash> {
    match hashes {
        [] => None,
        [only] => Some(*only),
        more => {
            let (left, right) = more.split_at_checked(more.len() / 2)?;
            Some(node_hash(&perfect_root(left)?, &perfect_root(right)?))
        }
    }
}
