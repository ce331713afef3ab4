//! A capped class whose value nobody named cannot be held to its caps: a person looks.

use super::Context;
use crate::terms::Defaults;
use crate::verdict::{CheckName, Finding};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let capped = context.writing_class().is_some_and(|class| class.is_capped());
    if capped && context.of.value.is_missing() && context.terms.defaults == Defaults::Strict {
        let reason = "the class is capped and the action names no value";
        findings.push(Finding::require_approval(CheckName::Value, reason));
    }
}
