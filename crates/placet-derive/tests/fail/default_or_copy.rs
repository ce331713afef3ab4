//! A record or a sign-off out of nothing, or out of another one.

#[path = "../support/mod.rs"]
mod support;

use placet::signoff::{Record, SignOff};
use support::{Invoice, approved};

#[derive(Default)]
struct Desk {
    invoice: Record<Invoice>,
}

fn twice(sign_off: &SignOff<Invoice>) -> SignOff<Invoice> {
    sign_off.clone()
}

fn main() {
    let mut record = approved();
    std::mem::take(&mut record);
    let _: Record<Invoice> = record.clone();
}
