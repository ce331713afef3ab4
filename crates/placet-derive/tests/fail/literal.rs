//! A record or a sign-off written down as a literal.

#[path = "../support/mod.rs"]
mod support;

use placet::signoff::{Record, SignOff};
use support::{Invoice, invoice};

fn anything<T>() -> T {
    std::process::abort()
}

fn main() {
    let _: Record<Invoice> = Record { contents: invoice(), state: anything() };
    let sign_off: SignOff<Invoice> = SignOff { seen: invoice(), signature: anything() };
    let _ = SignOff { seen: invoice(), ..sign_off };
}
