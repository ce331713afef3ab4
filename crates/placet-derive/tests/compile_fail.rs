//! Ways round the gate that do not compile, and what the macro says to input it cannot use.
//!
//! `TRYBUILD=overwrite` writes the messages anew when a compiler words them differently.

#[test]
fn ways_round_the_gate_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
