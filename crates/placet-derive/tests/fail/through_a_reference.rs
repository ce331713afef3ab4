//! Contents and statements behind the gate are read, not written.

#[path = "../support/mod.rs"]
mod support;

use support::approved;

fn main() {
    let record = approved();
    record.signed().unwrap().statements().verbatim_response.clear();
    record.contents().cents = 9_900_000;
}
