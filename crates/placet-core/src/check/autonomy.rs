//! What the class has earned decides who must look.

use super::Context;
use crate::amount::Amount;
use crate::class::{ActionClass, AutonomyState};
use crate::terms::Defaults;
use crate::verdict::{CheckName, Finding};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(class) = context.writing_class() else { return };
    findings.push(match context.autonomy {
        AutonomyState::Manual => {
            Finding::require_approval(CheckName::Autonomy, "manual: a person approves every call")
        }
        AutonomyState::Supervised => supervised(context, class),
        AutonomyState::Autonomous => {
            Finding::allow(CheckName::Autonomy, "autonomous: it runs by itself")
        }
    });
}

fn supervised(context: &Context<'_>, class: &ActionClass) -> Finding {
    let permissive = context.terms.defaults == Defaults::Permissive;
    let amount = context.of.value.money().map(|money| money.amount);
    match (class.auto_cap, amount) {
        (Some(cap), Some(amount)) => at_cap(cap, amount),
        (None, _) if permissive => allow("supervised: no auto_cap limits it"),
        (Some(_), None) if permissive => allow("supervised: it names no value"),
        (None, _) => hold("supervised: the class has no auto_cap, so a person approves"),
        (Some(_), None) => hold("supervised: without a value it cannot be held to the auto_cap"),
    }
}

fn at_cap(cap: Amount, amount: Amount) -> Finding {
    if amount <= cap {
        allow(format!("supervised: {amount} is within the auto_cap of {cap}"))
    } else {
        hold(format!("supervised: {amount} is above the auto_cap of {cap}"))
    }
}

fn allow(reason: impl Into<String>) -> Finding {
    Finding::allow(CheckName::Autonomy, reason)
}

fn hold(reason: impl Into<String>) -> Finding {
    Finding::require_approval(CheckName::Autonomy, reason)
}
