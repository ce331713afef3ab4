//! There is one warrant for an action.

use placet::{Permit, Warrant};

fn twice(warrant: &Warrant) -> Warrant {
    warrant.clone()
}

fn twice_spent(permit: &Permit) -> Permit {
    let copy: Permit = permit.clone();
    copy
}

fn main() {}
