//! Above the class's `hard_cap` nothing runs, not even with an approval. Equal passes.

use super::Context;
use crate::verdict::{CheckName, Finding};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(cap) = context.writing_class().and_then(|class| class.hard_cap) else { return };
    let Some(money) = context.of.value.money() else { return };
    if money.amount > cap {
        let reason = format!("{} is above the hard_cap of {cap}", money.amount);
        findings.push(Finding::block(CheckName::HardCap, reason));
    }
}
