//! Placet.

pub mod redact;
