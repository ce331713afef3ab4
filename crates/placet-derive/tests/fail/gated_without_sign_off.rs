//! A gated status where an ungated one is asked for.

#[path = "../support/mod.rs"]
mod support;

use placet::signoff::Record;
use support::{GatedStatus, Status, UngatedStatus};

fn main() {
    let mut record = Record::new(support::invoice(), Status::Approved);
    record = Record::new(support::invoice(), UngatedStatus::Approved);
    record.change(GatedStatus::Approved);
    record.sign(GatedStatus::Approved);
}
