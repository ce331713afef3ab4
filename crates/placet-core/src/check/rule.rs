//! Rules that apply are findings, and so is a rule that fails: it never counts as a pass.

use super::Context;
use crate::verdict::{CheckName, Finding};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    findings.extend(context.of.rules.iter().map(|hit| Finding {
        check: CheckName::Rule,
        verdict: hit.verdict,
        reason: format!("{}: {}", hit.rule, hit.reason),
    }));
}
