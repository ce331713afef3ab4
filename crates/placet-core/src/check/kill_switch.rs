//! A tripped switch that covers the action stops it, or holds it where the policy says so.

use super::Context;
use crate::verdict::{CheckName, Finding, Verdict};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let class = context.of.class.as_ref();
    for switch in context.state.switches().covering(&context.of.subject, class) {
        let reason = format!("the kill switch {} is tripped: {}", switch.scope, switch.reason);
        let verdict = context.terms.kill_switch.max(Verdict::RequireApproval);
        findings.push(Finding { check: CheckName::KillSwitch, verdict, reason });
    }
}
