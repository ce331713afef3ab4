//! The program that embeds the guard may ask for a person, or that nobody is asked, or stop it itself.

use super::Context;
use crate::decide::join;
use crate::mode::{Treatment, bind};
use crate::verdict::{CheckName, Finding, Verdict};

/// The last check: what would wait for people is known when all others have spoken.
pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    match context.of.treatment {
        Treatment::Gated => {
            let reason = "the program asks for a person at every call";
            findings.push(Finding::require_approval(CheckName::Caller, reason));
        }
        Treatment::Unasked if would_wait(context, findings) => {
            let reason = "a person would have to approve it, and the program asks nobody";
            findings.push(Finding::block(CheckName::Caller, reason));
        }
        Treatment::Stopped => {
            let reason = "the program itself stops it";
            findings.push(Finding::block(CheckName::Caller, reason));
        }
        Treatment::Unasked | Treatment::Binding | Treatment::FailOpen | Treatment::Shadow => {}
    }
}

fn would_wait(context: &Context<'_>, findings: &[Finding]) -> bool {
    bind(context.terms, context.of, join(findings)).verdict == Verdict::RequireApproval
}
