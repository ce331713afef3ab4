//! Tools that the policy does not know.

use crate::case::*;

#[test]
fn an_unknown_tool_is_treated_as_the_policy_says() {
    let read = || Inspected { proven_read: true, exceeds: Vec::new() };
    let doubtful = || Inspected { proven_read: true, exceeds: vec!["it deletes".into()] };
    for (unclassified, plain, proven) in [
        (Unclassified::RequireApproval, RequireApproval, RequireApproval),
        (Unclassified::Block, Block, Block),
        (Unclassified::Inspect, RequireApproval, Allow),
    ] {
        Case::unknown(unclassified, Inspected::default()).finds(&[(Check::Class, plain)]);
        Case::unknown(unclassified, read()).finds(&[(Check::Class, proven)]);
        let expected = [(Check::Class, plain), (Check::Inspection, RequireApproval)];
        Case::unknown(unclassified, doubtful()).finds(&expected);
    }
}

#[test]
fn a_class_that_the_policy_does_not_have_is_unknown() {
    let case = Case::new().but(|case| case.of.class = Some("ghost".parse().unwrap()));
    let decision = case.decision();
    assert_finds(&decision, &[(Check::Class, RequireApproval)]);
    assert_eq!((decision.risk, decision.autonomy), (None, None));
}

#[test]
fn without_any_policy_only_proven_reads_pass() {
    let world = World::default();
    let read = Inspected { proven_read: true, exceeds: Vec::new() };
    let of = Assessment { class: None, inspected: read, ..call("list_orders") };
    assert_eq!(decide(&world.state, &of, ms(0)).verdict, Allow);
    let of = Assessment { inspected: Inspected::default(), ..of };
    assert_eq!(decide(&world.state, &of, ms(0)).verdict, RequireApproval);
}
