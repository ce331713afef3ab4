//! A sign-off for one kind of record does not sign another, although they share their statuses.

#[path = "../support/mod.rs"]
mod support;

use placet::signoff::Record;
use placet_derive::SignoffGated;
use support::{GatedStatus, Status, UngatedStatus, sign_off};

#[derive(SignoffGated, PartialEq)]
#[signoff(status = Status)]
struct Contract;

fn main() {
    let mut contract = Record::new(Contract, UngatedStatus::Draft);
    contract.sign(sign_off(GatedStatus::Approved).unwrap()).unwrap();
}
