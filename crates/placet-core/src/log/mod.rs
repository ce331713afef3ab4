//! The mathematics of the log: how a record of many events fits into one signed line.
//!
//! Each event is a leaf of a Merkle tree ([`merkle`], RFC 6962). The root of the tree, its size
//! and the name of the log make a checkpoint ([`checkpoint`]), which the log signs as a note
//! ([`note`]). Who holds a checkpoint can be shown, in a few hashes ([`proof`]), that an event is
//! in the tree and that a later tree still begins with the one they know. Trees are kept and
//! served as tiles ([`tile`]), so that stock tools can follow the log. What must stay erasable is
//! not in a leaf, only a [`commitment`] to it is. A [`receipt`] packs all this for one event.
//!
//! A small story: an agent's refund is allowed and recorded as entry 17. The caller keeps the
//! receipt. Months later the operator quietly rewrites entry 3. Every root after it changes, so
//! the checkpoint in the receipt and the checkpoint of the rewritten log cannot both be prefixes
//! of one tree: no consistency proof exists, and both carry the operator's signature.
//!
//! Nothing here reads a file, a clock or a random source; stores and servers do.

pub mod checkpoint;
pub mod commitment;
pub mod frontier;
pub mod key;
pub mod limits;
pub mod merkle;
pub mod note;
pub mod proof;
pub mod receipt;
pub mod tile;
pub mod tile_hashes;

pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use commitment::{Commitment, Salt, Sealed};
pub use frontier::{Frontier, FrontierError};
pub use key::{KeyError, SigningKey, Verifier};
pub use merkle::{EMPTY_ROOT, Hash, TreeSize, leaf_hash, node_hash};
pub use note::{Note, NoteError, VerifiedNote};
pub use proof::{ConsistencyProof, HashReader, InclusionProof, ProofError, ProveError};
pub use receipt::{Opening, Receipt, ReceiptError, Verified};
pub use tile::{Tile, TileError, TileKind};
pub use tile_hashes::{TileHashes, TileSource};
