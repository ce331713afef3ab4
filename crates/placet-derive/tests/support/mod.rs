//! An invoice that a person has to approve, and again before it is paid.
#![allow(dead_code, unreachable_pub, reason = "each test uses its share")]

use placet::signoff::{PersonId, Record, Refused, SignOff};
use placet_derive::SignoffGated;
use serde::{Deserialize, Serialize};

#[derive(SignoffGated, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[signoff(gated(Approved, Paid), fields(verbatim_response, responsible_owner = 2))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Draft,
    Sent,
    Approved,
    Paid,
}

#[derive(SignoffGated, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[signoff(status = Status)]
pub struct Invoice {
    pub number: String,
    pub cents: u64,
}

pub const RESPONSE: &str = "I checked the total against the order and the delivery note.";

pub fn invoice() -> Invoice {
    Invoice { number: "2026-118".to_owned(), cents: 42_000 }
}

pub fn draft() -> Record<Invoice> {
    Record::new(invoice(), UngatedStatus::Draft)
}

pub fn dana() -> PersonId {
    PersonId::new("dana").unwrap()
}

pub fn statements(response: &str, owner: &str) -> StatusStatements {
    StatusStatements { verbatim_response: response.to_owned(), responsible_owner: owner.to_owned() }
}

pub fn complete() -> StatusStatements {
    statements(RESPONSE, "Dana Wu")
}

pub fn sign_off(to: GatedStatus) -> Result<SignOff<Invoice>, Refused> {
    SignOff::new(dana(), invoice(), to, complete())
}

pub fn approved() -> Record<Invoice> {
    let mut record = draft();
    record.sign(sign_off(GatedStatus::Approved).unwrap()).unwrap();
    record
}
