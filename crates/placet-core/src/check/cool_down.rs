//! A call that a person has just denied stays denied for a while: a refused agent cannot nag.
//!
//! The same call is the same tenant, tool and params; another reason, session or agent name does
//! not make it another one, nor does another spelling of the amount that its class names.

use super::Context;
use crate::verdict::{CheckName, Finding};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if let Some(until) = context.state.denied_until(context.of).filter(|until| *until > context.now)
    {
        let reason =
            format!("a person denied the same call; it may be proposed again after {until}");
        findings.push(Finding::block(CheckName::CoolDown, reason));
    }
}
