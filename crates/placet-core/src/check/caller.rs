//! The program that embeds the guard may ask for a person.

use super::Context;
use crate::mode::Treatment;
use crate::verdict::{CheckName, Finding};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.of.treatment == Treatment::Gated {
        let reason = "the program asks for a person at every call";
        findings.push(Finding::require_approval(CheckName::Caller, reason));
    }
}
