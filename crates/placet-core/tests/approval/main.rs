//! From a held action to its outcome: who may answer and how, what ends it, what may be redeemed
//! and when, and that an entry which could not have been written there is found.
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

mod budget;
mod deadline;
mod duties;
mod edit;
mod end;
mod forged;
mod limits;
mod outcome;
mod permits;
mod policy;
mod quorum;
mod redeem;
mod standing;
mod statement;
mod switch;
