//! Only a spent warrant gives out the params to run with, and only of it something can have come.

use placet::{Object, Outcome, Warrant};

fn params(warrant: &Warrant) -> &Object {
    warrant.params()
}

async fn conclude(warrant: Warrant) {
    drop(warrant.conclude(Outcome::Succeeded, "").await);
}

fn main() {}
