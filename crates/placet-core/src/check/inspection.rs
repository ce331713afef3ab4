//! A call that does more than its class declares, or that cannot be seen through, is held.

use super::Context;
use crate::verdict::{CheckName, Finding};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let reasons = context.of.inspected.exceeds.iter();
    findings.extend(reasons.map(|reason| Finding::require_approval(CheckName::Inspection, reason)));
}
