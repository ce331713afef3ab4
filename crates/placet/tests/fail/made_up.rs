//! A warrant comes of a decision, and a permit of a spent warrant.

use placet::{Guard, Permit, Warrant};

fn warrant(guard: Guard, action: placet::Action) -> Warrant {
    Warrant { guard, action, id: None, is_lenient: true }
}

fn permit(guard: Guard, action: placet::Action) -> Permit {
    Permit { guard, action, id: None }
}

fn main() {}
