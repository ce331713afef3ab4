//! The growing edge of the hash tree, and the tiles it leaves behind.
//!
//! The sequencer keeps this in memory: a few kilobytes, whatever the size of the log. A tile of
//! leaves is written once, when it is complete; those above it get one more hash at that moment.
//! So a commit of a few entries writes no tile at all.

use std::cell::RefCell;

use placet_core::log::frontier::FrontierError;
use placet_core::log::tile::{TILE_HEIGHT, TILE_WIDTH, encode_entry, encode_hashes};
use placet_core::log::{
    ConsistencyProof, Frontier, Hash, InclusionProof, ProveError, Tile, TileHashes, TileKind,
    TileSource, leaf_hash,
};

use crate::error::StoreError;
use crate::store::{StoredTile, View};

/// The right edge of a tree, with the tiles that are not complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    frontier: Frontier,
    /// For each level of tiles the hashes of its last, incomplete tile.
    open: Vec<OpenTile>,
    complete: Vec<StoredTile>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OpenTile {
    hashes: Vec<Hash>,
    changed: bool,
}

impl Tree {
    /// The edge of the tree of the first `size` entries of a stored log.
    ///
    /// # Errors
    /// When tiles or entries are missing.
    pub fn load(size: u64, view: &dyn View) -> Result<Self, StoreError> {
        let frontier = read_hashes(size, view, |hashes| Frontier::read(size, hashes))?;
        let mut open = Vec::new();
        for level in 0..=u8::MAX {
            let hashes = hashes_at(level, size);
            if hashes == 0 {
                break;
            }
            let tile =
                Tile::in_tree(TileKind::Hashes { level }, hashes / u64::from(TILE_WIDTH), size);
            let hashes = match tile.filter(Tile::is_partial) {
                Some(tile) => tile_hashes(tile, view)?.ok_or_else(|| missing(tile))?,
                None => Vec::new(),
            };
            open.push(OpenTile { hashes, changed: false });
        }
        Ok(Self { frontier, open, complete: Vec::new() })
    }

    /// Appends a leaf by its hash.
    ///
    /// # Errors
    /// When the tree is as large as a log can be.
    pub fn push(&mut self, leaf: Hash) -> Result<(), FrontierError> {
        let Self { frontier, open, complete } = self;
        frontier.push_each(leaf, |level, index, hash| {
            if level.is_multiple_of(TILE_HEIGHT) {
                let level = level / TILE_HEIGHT;
                if open.len() <= usize::from(level) {
                    open.push(OpenTile::default());
                }
                if let Some(tile) = open.get_mut(usize::from(level)) {
                    complete.extend(tile.push(level, index / u64::from(TILE_WIDTH), hash));
                }
            }
        })
    }

    /// The tiles that were completed or changed since they were last taken.
    pub fn take_tiles(&mut self) -> Vec<StoredTile> {
        let mut tiles = std::mem::take(&mut self.complete);
        let size = self.size();
        for (level, tile) in (0..=u8::MAX).zip(&mut self.open) {
            if tile.changed && level > 0 {
                let index = hashes_at(level, size) / u64::from(TILE_WIDTH);
                tiles.push(StoredTile { level, index, hashes: tile.hashes.clone() });
            }
            tile.changed = false;
        }
        tiles
    }

    /// The tiles that were completed since they were last taken.
    pub(crate) fn take_complete(&mut self) -> Vec<StoredTile> {
        std::mem::take(&mut self.complete)
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }
}

impl OpenTile {
    /// Adds a hash, and gives away the tile when that completes it.
    fn push(&mut self, level: u8, index: u64, hash: Hash) -> Option<StoredTile> {
        self.hashes.push(hash);
        self.changed = self.hashes.len() < usize::from(TILE_WIDTH);
        (!self.changed).then(|| StoredTile {
            level,
            index,
            hashes: std::mem::take(&mut self.hashes),
        })
    }
}

/// How many hashes a tree of `size` leaves has at a level of tiles.
fn hashes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0)
}

/// The root of the first `size` entries, by the stored tiles.
///
/// # Errors
/// When tiles or entries are missing.
pub fn root_at(size: u64, view: &dyn View) -> Result<Hash, StoreError> {
    read_hashes(size, view, |hashes| Frontier::read(size, hashes)).map(|frontier| frontier.root())
}

/// Proves that the log of `size` entries contains its entry `index`.
///
/// # Errors
/// When tiles or entries are missing.
pub fn inclusion(index: u64, size: u64, view: &dyn View) -> Result<InclusionProof, StoreError> {
    read_hashes(size, view, |hashes| InclusionProof::prove(index, size, hashes))
}

/// Proves that the log of `new` entries begins with that of `old` entries.
///
/// # Errors
/// When tiles or entries are missing.
pub fn consistency(old: u64, new: u64, view: &dyn View) -> Result<ConsistencyProof, StoreError> {
    read_hashes(new, view, |hashes| ConsistencyProof::prove(old, new, hashes))
}

/// The hashes of a tile, from the stored one or from the leaves.
///
/// # Errors
/// When the store cannot be read, or leaves are missing.
pub fn tile_hashes(tile: Tile, view: &dyn View) -> Result<Option<Vec<Hash>>, StoreError> {
    let TileKind::Hashes { level } = tile.kind() else { return Ok(None) };
    let width = usize::from(tile.width());
    if let Some(mut hashes) = view.tile(level, tile.index())?
        && hashes.len() >= width
    {
        hashes.truncate(width);
        return Ok(Some(hashes));
    }
    if level > 0 {
        return Ok(None);
    }
    let leaves = view.entries(tile.index() * u64::from(TILE_WIDTH), width)?;
    Ok((leaves.len() == width).then(|| leaves.iter().map(|entry| leaf_hash(&entry.leaf)).collect()))
}

/// The content of a tile as it is served: hashes, or a bundle of entries. None while the log does
/// not reach so far.
///
/// # Errors
/// When the store cannot be read.
pub fn tile_content(tile: Tile, view: &dyn View) -> Result<Option<Vec<u8>>, StoreError> {
    if tile.kind() != TileKind::Entries {
        return Ok(tile_hashes(tile, view)?.map(|hashes| encode_hashes(&hashes)));
    }
    let width = usize::from(tile.width());
    let entries = view.entries(tile.index().saturating_mul(u64::from(TILE_WIDTH)), width)?;
    if entries.len() != width {
        return Ok(None);
    }
    let mut bundle = Vec::new();
    for entry in &entries {
        encode_entry(&mut bundle, &entry.leaf)
            .map_err(|error| StoreError::Corrupt(format!("entry {}: {error}", entry.index)))?;
    }
    Ok(Some(bundle))
}

fn read_hashes<T>(
    size: u64,
    view: &dyn View,
    read: impl FnOnce(&TileHashes<Tiles<'_>>) -> Result<T, ProveError>,
) -> Result<T, StoreError> {
    let failure = RefCell::new(None);
    let hashes = TileHashes::new(size, Tiles { view, failure: &failure });
    let result = read(&hashes);
    match failure.take() {
        Some(error) => Err(error),
        None => result.map_err(|error| StoreError::Corrupt(error.to_string())),
    }
}

/// The tiles of a view. An error of the store is set aside, because reading hashes has no place
/// for it.
struct Tiles<'a> {
    view: &'a dyn View,
    failure: &'a RefCell<Option<StoreError>>,
}

impl TileSource for Tiles<'_> {
    fn tile(&self, tile: Tile) -> Option<Vec<Hash>> {
        tile_hashes(tile, self.view).unwrap_or_else(|error| {
            self.failure.borrow_mut().get_or_insert(error);
            None
        })
    }
}

fn missing(tile: Tile) -> StoreError {
    StoreError::Corrupt(format!("the hashes of {tile} are missing"))
}
