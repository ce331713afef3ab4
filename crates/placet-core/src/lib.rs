//! Placet.

mod bytes32;
pub mod digest;
pub mod log;

pub use bytes32::FormatError;
pub use digest::{ActionTag, Digest, Pepper};
