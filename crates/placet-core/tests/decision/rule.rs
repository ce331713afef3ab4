//! Rules speak for themselves.

use crate::case::*;

#[test]
fn rules_are_findings_with_their_own_verdict() {
    for verdict in [Allow, RequireApproval, Block] {
        let case = Case::new().but(|case| case.of.rules = vec![rule(verdict)]);
        let decision = case.decision();
        assert_eq!(decision.findings[1].reason, "office-hours: the office is closed");
        assert_finds(&decision, &[PASSES, (Check::Rule, verdict)]);
    }
}

#[test]
fn a_rule_cannot_permit() {
    let case = Case::new().but(|case| {
        case.earned = Manual;
        case.of.rules = vec![rule(Allow)];
    });
    case.finds(&[HELD, (Check::Rule, Allow)]);
}
