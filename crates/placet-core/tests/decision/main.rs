//! The table of the checks, row by row with its boundaries, in a file for each check; then what the
//! mode makes of it, the approval that it opens, and the laws that hold for all of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "../common/mod.rs"]
mod common;

mod case;

mod approval;
mod autonomy;
mod budget;
mod class;
mod consequential;
mod cool_down;
mod hard_cap;
mod input;
mod inspection;
mod kill_switch;
mod laws;
mod mode;
mod order;
mod risk;
mod rule;
mod value;
