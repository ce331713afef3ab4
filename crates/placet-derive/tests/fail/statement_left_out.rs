//! A statement that is left out.

#[path = "../support/mod.rs"]
mod support;

use support::StatusStatements;

fn main() {
    let _ = StatusStatements { verbatim_response: support::RESPONSE.to_owned() };
}
