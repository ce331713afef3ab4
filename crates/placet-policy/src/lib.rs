//! Placet.

pub mod inspect;
