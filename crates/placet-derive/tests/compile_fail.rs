//! Ways round the gate that do not compile, and what the macro says to input it cannot use.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod compiler;

#[test]
fn ways_round_the_gate_do_not_compile() {
    let crates =
        [("placet", "placet_core"), ("placet_derive", "placet_derive"), ("serde", "serde")];
    compiler::refuses_all(&crates, 10);
}
