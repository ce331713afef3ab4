//! What cannot be taken back and has no `hard_cap` is held, whatever was earned.

use super::Context;
use crate::class::RiskTier;
use crate::verdict::{CheckName, Finding};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(class) = context.class else { return };
    if class.risk == RiskTier::Consequential && class.hard_cap.is_none() {
        let reason = "consequential: without a hard_cap a person approves every call";
        findings.push(Finding::require_approval(CheckName::Consequential, reason));
    }
}
