//! Placet.
