//! Tiles: the tree and its entries as files that never change (C2SP tlog-tiles).
//!
//! A tile holds 256 hashes of one level out of every eight, or 256 entries; the levels between
//! are recomputed. A follower fetches tiles by their path, so a log can be served by any web
//! server or cache. Only the last tile of a level is partial, and its path says how wide it is.

use std::fmt;
use std::str::FromStr;

use super::limits::{MAX_ENTRY_BYTES, MAX_TILE_LEVEL, MAX_TILE_PATH_BYTES, MAX_TREE_SIZE};
use super::merkle::{Hash, TreeSize};
use crate::bytes32::excerpt;

/// Levels of the tree that a tile spans.
pub const TILE_HEIGHT: u8 = 8;

/// Hashes or entries in a full tile.
pub const TILE_WIDTH: u16 = 1 << TILE_HEIGHT;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of perfect subtrees of `256^level` leaves.
    Hashes {
        /// The level, counted in tiles.
        level: u8,
    },
    /// Entries: the content of the leaves.
    Entries,
}

/// Where a tile is, and how much of it there is. Text form: its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    kind: TileKind,
    index: u64,
    width: u16,
}

/// Why something is not a tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// The text is not a path of a tile.
    #[error(
        "{0:?} is not the path of a tile: expected tile/<level>/<index> or tile/entries/<index>, \
         then .p/<width> if it is partial, for example tile/0/x001/234.p/17"
    )]
    Path(String),
    /// No tree has a tile there.
    #[error("no tree has a tile of width {width} at level {level}, index {index}")]
    Place {
        /// The level, counted in tiles; 0 for entries.
        level: u8,
        /// The index within the level.
        index: u64,
        /// The number of hashes or entries.
        width: u16,
    },
    /// The content is not as long as the width calls for.
    #[error("the tile should have {expected} bytes but has {found}; fetch or rebuild it")]
    Size {
        /// The bytes that the width calls for.
        expected: usize,
        /// The bytes there are.
        found: usize,
    },
    /// The bundle ends within an entry or before the last one.
    #[error("the bundle ends within entry {entry} of {width}; fetch or rebuild it")]
    Cut {
        /// The entry within the bundle.
        entry: usize,
        /// The number of entries there should be.
        width: u16,
    },
    /// The bundle goes on after its last entry.
    #[error("the bundle has {extra} bytes after its last entry; fetch or rebuild it")]
    Extra {
        /// How many bytes too many.
        extra: usize,
    },
    /// An entry's length cannot be written.
    #[error("an entry of {0} bytes is over the limit of {MAX_ENTRY_BYTES}")]
    EntryTooLong(usize),
}

impl Tile {
    /// The tile of this kind, index and width, if a tree can have it.
    pub fn new(kind: TileKind, index: u64, width: u16) -> Result<Self, TileError> {
        let level = kind.level();
        let exists = level <= MAX_TILE_LEVEL
            && (1..=TILE_WIDTH).contains(&width)
            && index <= MAX_TREE_SIZE >> (u32::from(level + 1) * u32::from(TILE_HEIGHT));
        if exists {
            Ok(Self { kind, index, width })
        } else {
            Err(TileError::Place { level, index, width })
        }
    }

    /// The tile of this kind and index as wide as a tree of `size` leaves has it, if it does.
    pub fn in_tree(kind: TileKind, index: u64, size: TreeSize) -> Option<Self> {
        let hashes = size.checked_shr(u32::from(kind.level()) * u32::from(TILE_HEIGHT))?;
        let left = hashes.checked_sub(index.checked_mul(u64::from(TILE_WIDTH))?)?;
        let width = u16::try_from(left.min(u64::from(TILE_WIDTH))).ok()?;
        Self::new(kind, index, width).ok()
    }

    /// What the tile holds.
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// The index of the tile within its level, from the left.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The number of its hashes or entries, 1 to 256.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether it can still grow.
    pub const fn is_partial(&self) -> bool {
        self.width < TILE_WIDTH
    }

    /// Reads the content of a tile of hashes.
    pub fn decode_hashes(&self, content: &[u8]) -> Result<Vec<Hash>, TileError> {
        let (hashes, rest) = content.as_chunks::<32>();
        if hashes.len() != usize::from(self.width) || !rest.is_empty() {
            let expected = usize::from(self.width) * 32;
            return Err(TileError::Size { expected, found: content.len() });
        }
        Ok(hashes.iter().copied().map(Hash::from_bytes).collect())
    }

    /// Reads the content of a bundle of entries.
    pub fn decode_entries<'a>(&self, content: &'a [u8]) -> Result<Vec<&'a [u8]>, TileError> {
        let mut rest = content;
        let entries = (0..usize::from(self.width))
            .map(|entry| take_entry(&mut rest).ok_or(TileError::Cut { entry, width: self.width }))
            .collect::<Result<_, _>>()?;
        if rest.is_empty() { Ok(entries) } else { Err(TileError::Extra { extra: rest.len() }) }
    }
}

/// Writes the content of a tile of hashes.
pub fn encode_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// Appends an entry to the content of a bundle.
pub fn encode_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), TileError> {
    let length = u16::try_from(entry.len()).map_err(|_| TileError::EntryTooLong(entry.len()))?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

impl TileKind {
    const fn level(self) -> u8 {
        match self {
            Self::Hashes { level } => level,
            Self::Entries => 0,
        }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(f, "tile/{level}")?,
            TileKind::Entries => f.write_str("tile/entries")?,
        }
        write_index(f, self.index)?;
        if self.is_partial() { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for Tile {
    type Err = TileError;

    fn from_str(path: &str) -> Result<Self, TileError> {
        // There is one path for each tile, so that caches and followers agree: what is read
        // leniently here must be written back the same.
        let tile = if path.len() > MAX_TILE_PATH_BYTES { None } else { parse_path(path) };
        tile.filter(|tile| tile.to_string() == path).ok_or_else(|| TileError::Path(excerpt(path)))
    }
}

/// Writes an index in groups of three digits, all but the last after an `x`. So no tile is named
/// like a directory of others.
fn write_index(f: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    let mut unit = 1;
    while index / unit >= 1000 {
        unit *= 1000;
    }
    while unit > 1 {
        write!(f, "/x{:03}", index / unit % 1000)?;
        unit /= 1000;
    }
    write!(f, "/{:03}", index % 1000)
}

fn parse_path(path: &str) -> Option<Tile> {
    let (kind, place) = path.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        level => TileKind::Hashes { level: level.parse().ok()? },
    };
    let (index, width) = match place.split_once(".p/") {
        Some((index, width)) => (index, width.parse().ok()?),
        None => (place, TILE_WIDTH),
    };
    Tile::new(kind, parse_index(index)?, width).ok()
}

fn parse_index(groups: &str) -> Option<u64> {
    groups.split('/').try_fold(0_u64, |index, group| {
        let digits: u16 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
        index.checked_mul(1000)?.checked_add(u64::from(digits))
    })
}

fn take_entry<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<2>()?;
    let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    *rest = after;
    Some(entry)
}
