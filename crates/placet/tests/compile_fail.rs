//! Code that would run an action without a warrant of its own, or twice with one, does not compile.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

#[path = "../../placet-derive/tests/compiler/mod.rs"]
mod compiler;

#[test]
fn running_without_a_warrant_or_twice_does_not_compile() {
    compiler::refuses_all(&[("placet", "placet")], 6);
}
