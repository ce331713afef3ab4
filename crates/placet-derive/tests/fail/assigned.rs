//! A status that is assigned or moved from one record to another.

#[path = "../support/mod.rs"]
mod support;

use support::{approved, draft};

fn main() {
    let mut record = draft();
    record.state = approved().state;
    std::mem::swap(&mut record.state, &mut approved().state);
}
