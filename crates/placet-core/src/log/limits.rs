//! Every limit of the log, with its reason.

use super::merkle::TreeSize;

/// Most entries a log can have. Sizes and indices travel as JSON numbers, which are exact up to
/// here; at a million entries a second it lasts 285 years.
pub const MAX_TREE_SIZE: TreeSize = (1 << 53) - 1;

/// Most bytes of one entry: its length is written in two bytes in an entry bundle.
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// Most bytes of a tile's path. The longest path of a tile that can exist is 42 bytes long.
pub const MAX_TILE_PATH_BYTES: usize = 64;

/// Highest level of tiles: 256^7 is the first power of 256 over [`MAX_TREE_SIZE`].
pub const MAX_TILE_LEVEL: u8 = 6;

/// Most bytes of a note. The note format asks verifiers to accept 16 signatures of up to 5 kB,
/// which take 107 kB as text; the rest is room for the text itself.
pub const MAX_NOTE_BYTES: usize = 256 * 1024;

/// Most signatures of a note: several times the 16 that the format asks verifiers to accept, so
/// that a note costs at most a few milliseconds to verify.
pub const MAX_NOTE_SIGNATURES: usize = 64;

/// Most bytes of a key's name, and so of a log's origin: a host name's greatest length.
pub const MAX_KEY_NAME_BYTES: usize = 255;

/// Most bytes of a receipt as JSON: a leaf and a private payload of the greatest length, with
/// room for escapes. Nothing that this log issues comes near.
pub const MAX_RECEIPT_BYTES: usize = 16 * 1024 * 1024;
