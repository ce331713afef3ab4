//! The log's cryptography, seen from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a test that meets the unexpected should stop right there"
)]

mod checkpoint;
mod commitment;
mod differential;
mod frontier;
mod known_tree;
mod note;
mod proof;
mod receipt;
mod reference;
mod tile;
mod tile_hashes;
