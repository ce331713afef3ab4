//! Rules × calls × the hits that are expected.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod rules_support;

use rules_support::{Call, load, rule};

#[test]
fn a_comparison_applies_above_its_limit() {
    let rules =
        load(&rule(r#"action == Action::"issue_refund""#, "when { context.params.amount > 500 }"));
    let call = |params| Call::of("issue_refund").params(params).hits(&rules);
    assert_eq!(call(r#"{"amount": 500}"#), Vec::<String>::new());
    assert_eq!(call(r#"{"amount": 501}"#), ["r"]);
}
