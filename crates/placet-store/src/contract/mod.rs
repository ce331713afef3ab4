//! The contract of a store, as tests.
//!
//! Whoever writes a store runs [`suite`] against it in a test of their own. It panics at the first
//! promise that is not kept.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "this is a test suite, and panicking is how it reports"
)]

pub mod fixture;
