//! A warrant moves to whoever has it next.

use placet::{Permit, Warrant};

fn is_copy<T: Copy>() {}

fn copies() {
    is_copy::<Warrant>();
    is_copy::<Permit>();
}

fn main() {}
