//! What is known of an action, for those who evaluate the same one more than once.

use std::sync::{Arc, Weak};

use placet_core::autonomy::Metrics;
use placet_core::mode::Treatment;
use placet_core::{Action, decide, decide_by};
use placet_policy::{Evaluated, Policy};

use crate::answer::Answer;
use crate::error::GuardError;
use crate::guard::{Guard, Shared};

/// All that can be known of an action without looking at any state: what inspection and the rules
/// found, and its digest. That is most of the work of a decision.
///
/// It holds for one guard and one policy, and decides nothing by itself: evidence, kill switches and
/// people are looked at anew for each answer.
#[derive(Clone, Debug)]
pub struct Known {
    evaluated: Evaluated,
    /// Neither is kept alive, and while it is known here no other can take its place in memory.
    guard: Weak<Shared>,
    policy: Weak<Policy>,
}

impl Guard {
    /// Finds out what is known of an action under the policy that holds.
    #[must_use]
    pub fn know(&self, action: &Action) -> Known {
        let policy = self.latest_policy();
        Known {
            evaluated: policy.evaluate(action, self.log().pepper()),
            guard: Arc::downgrade(self.shared()),
            policy: Arc::downgrade(&policy),
        }
    }

    /// Answers as [`Guard::evaluate`] would for the action that this is known of, or as
    /// [`Guard::evaluate_by`] where there are figures. None when another policy holds meanwhile, or
    /// another guard found it out.
    #[must_use]
    pub fn evaluate_known(&self, known: &Known, metrics: Option<&Metrics>) -> Option<Answer> {
        let is_ours = std::ptr::eq(known.guard.as_ptr(), Arc::as_ptr(self.shared()));
        (is_ours && self.still_holds_to(&known.policy)).then(|| self.judge(known, metrics))
    }

    /// What would be decided where the program asks for other treatment, as [`Guard::propose_as`] does.
    ///
    /// # Errors
    /// When the policy does not permit it.
    pub fn evaluate_as(&self, action: &Action, treatment: Treatment) -> Result<Answer, GuardError> {
        self.check_permitted(treatment)?;
        let mut known = self.know(action);
        known.evaluated.assessment.treatment = treatment;
        Ok(self.judge(&known, None))
    }

    /// What is decided now by what is known.
    pub(crate) fn judge(&self, known: &Known, metrics: Option<&Metrics>) -> Answer {
        let Evaluated { assessment, digest } = &known.evaluated;
        let state = self.log().state();
        let now = state.clock(self.log().environment().now());
        let decision = match metrics {
            None => decide(&state, assessment, now),
            Some(metrics) => decide_by(&state, assessment, now, metrics),
        };
        drop(state);
        Answer::evaluated(*digest, assessment.class.clone(), assessment.policy, decision)
    }
}
