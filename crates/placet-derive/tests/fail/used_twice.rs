//! A sign-off signs once.

#[path = "../support/mod.rs"]
mod support;

use support::{GatedStatus, draft, sign_off};

fn main() {
    let approval = sign_off(GatedStatus::Approved).unwrap();
    draft().sign(approval).unwrap();
    draft().sign(approval).unwrap();
}
