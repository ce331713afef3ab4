//! A tripped switch stops what its scope covers.

use crate::case::*;

fn under(scope: &str, of: &Assessment) -> Vec<(Check, Verdict)> {
    let mut world = Case::new().world();
    world.run(trip(scope), ms(0)).unwrap();
    let decision = decide(&world.state, of, ms(0));
    decision.findings.iter().map(|f| (f.check, f.verdict)).collect()
}

#[test]
fn blocks_what_its_scope_covers_and_nothing_else() {
    let mut of = call("refund");
    of.subject.tool = "refund_order".parse().unwrap();
    of.subject.tenant = "acme".parse().unwrap();
    of.subject.agent = Some("ada".parse().unwrap());
    let covering = [
        "all",
        "tenant:acme",
        "agent:ada",
        "tool:refund",
        "tool:refund_order",
        "tenant:acme/agent:ada",
        "tenant:acme/tool:refund",
    ];
    for scope in covering {
        let found = under(scope, &of);
        assert_eq!(found.first(), Some(&(Check::KillSwitch, Block)), "{scope}");
    }
    let others = [
        "tenant:acm",
        "agent:ad",
        "agent:refund",
        "tool:refund_",
        "tool:ada",
        "tool:acme",
        "tenant:default/agent:ada",
        "tenant:default/tool:refund",
        "tenant:acme/agent:bob",
    ];
    for scope in others {
        let found = under(scope, &of);
        assert!(found.iter().all(|(check, _)| *check != Check::KillSwitch), "{scope}");
    }
}

#[test]
fn covers_no_agent_where_none_is_named() {
    assert_eq!(under("agent:ada", &call("refund")), [PASSES]);
}

#[test]
fn holds_where_the_policy_says_so_and_never_lets_pass() {
    for (asked, found) in
        [(RequireApproval, RequireApproval), (Block, Block), (Allow, RequireApproval)]
    {
        let mut world = Case::new().but(|case| case.terms.kill_switch = asked).world();
        world.run(trip("all"), ms(0)).unwrap();
        let decision = decide(&world.state, &call("refund"), ms(0));
        assert_finds(&decision, &[(Check::KillSwitch, found), PASSES]);
    }
}

#[test]
fn stops_reads_and_unknown_tools_too() {
    for of in [call("refund"), Assessment { class: None, ..call("mystery") }] {
        let mut world = Case::new().but(|case| case.class.risk = RiskTier::Read).world();
        world.run(trip("all"), ms(0)).unwrap();
        assert_eq!(decide(&world.state, &of, ms(0)).verdict, Block);
    }
}

#[test]
fn is_found_once_for_each_that_is_tripped_and_names_its_reason() {
    let mut world = Case::new().world();
    for scope in ["all", "tool:refund"] {
        world.run(trip(scope), ms(0)).unwrap();
    }
    let decision = decide(&world.state, &call("refund"), ms(0));
    let reasons: Vec<_> = decision.findings.iter().map(|f| f.reason.as_str()).collect();
    assert_eq!(reasons[0], "the kill switch all is tripped: an incident");
    assert_eq!(reasons[1], "the kill switch tool:refund is tripped: an incident");
}
