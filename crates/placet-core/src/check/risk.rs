//! A class that only reads passes: caps and autonomy do not apply to it.

use super::Context;
use crate::class::RiskTier;
use crate::verdict::{CheckName, Finding};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.class.is_some_and(|class| class.risk == RiskTier::Read) {
        findings.push(Finding::allow(CheckName::Risk, "read: it changes nothing"));
    }
}
