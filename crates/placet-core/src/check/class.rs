//! A tool that the policy does not know is held, stopped, or inspected, as the policy says.

use super::Context;
use crate::terms::Unclassified;
use crate::verdict::{CheckName, Finding};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.class.is_some() {
        return;
    }
    let inspected = &context.of.inspected;
    let is_read = inspected.proven_read && inspected.exceeds.is_empty();
    findings.push(match context.terms.unclassified {
        Unclassified::Block => Finding::block(
            CheckName::Class,
            "the policy does not know this tool and blocks such tools",
        ),
        Unclassified::Inspect if is_read => Finding::allow(
            CheckName::Class,
            "the policy does not know this tool; inspection proves that the call only reads",
        ),
        Unclassified::Inspect => Finding::require_approval(
            CheckName::Class,
            "the policy does not know this tool, and nothing proves that the call only reads",
        ),
        Unclassified::RequireApproval => {
            Finding::require_approval(CheckName::Class, "the policy does not know this tool")
        }
    });
}
