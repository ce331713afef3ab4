//! While somebody holds the proof that a record is signed, it stays signed.

#[path = "../support/mod.rs"]
mod support;

use placet::signoff::Signed;
use support::{Invoice, UngatedStatus, approved};

fn pay(_: &Signed<'_, Invoice>) {}

fn main() {
    let mut record = approved();
    let signed = record.signed().unwrap();
    record.change(UngatedStatus::Draft);
    pay(&signed);
}
