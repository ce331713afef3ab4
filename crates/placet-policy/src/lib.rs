//! Placet.

pub mod file;
pub mod limits;
pub mod matcher;
