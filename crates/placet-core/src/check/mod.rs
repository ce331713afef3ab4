//! The checks of a decision, one file each.
//!
//! A check looks at what is known of the action and at the log's state, and adds findings. It
//! cannot see or take back what another one found, so their order is only the order of reading.

mod autonomy;
mod budget;
mod caller;
mod class;
mod consequential;
mod cool_down;
mod hard_cap;
mod input;
mod inspection;
mod kill_switch;
mod risk;
mod rule;
mod value;

use crate::assessment::Assessment;
use crate::class::{ActionClass, AutonomyState, RiskTier};
use crate::state::State;
use crate::terms::Terms;
use crate::time::Timestamp;
use crate::verdict::Finding;

/// What a check may look at.
pub(crate) struct Context<'a> {
    pub(crate) state: &'a State,
    pub(crate) terms: &'a Terms,
    pub(crate) of: &'a Assessment,
    /// The class of a tool that the policy knows.
    pub(crate) class: Option<&'a ActionClass>,
    /// What that class has earned.
    pub(crate) autonomy: AutonomyState,
    pub(crate) now: Timestamp,
}

impl<'a> Context<'a> {
    /// The class, when the action can change something: caps and autonomy look no further at reads.
    fn writing_class(&self) -> Option<&'a ActionClass> {
        self.class.filter(|class| class.risk != RiskTier::Read)
    }
}

type Check = fn(&Context<'_>, &mut Vec<Finding>);

/// All checks, in the order of [`CheckName`](crate::CheckName).
const CHECKS: [Check; 13] = [
    kill_switch::check,
    input::check,
    class::check,
    hard_cap::check,
    risk::check,
    value::check,
    autonomy::check,
    consequential::check,
    budget::check,
    rule::check,
    inspection::check,
    cool_down::check,
    caller::check,
];

/// Adds what every check finds.
pub(crate) fn find(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for check in CHECKS {
        check(context, findings);
    }
}
