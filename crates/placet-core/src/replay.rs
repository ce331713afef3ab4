//! Deciding once more, by another policy, what was decided before.
//!
//! The question is what the policy changes, and nothing else. So each action is judged by itself, at
//! the time at which it was decided, with all that is no part of a policy as it was then: what ran
//! before it ran, what its class had earned it had earned, and a tripped switch was tripped. Judged
//! once more by the very policy that decided, every action comes to the verdict that it came to.

use std::sync::Arc;
use std::time::Duration;

use crate::assessment::Assessment;
use crate::budget::SLOTS;
use crate::class::{ActionClass, AutonomyState};
use crate::decide::{Decision, decide_with};
use crate::event::Decided;
use crate::state::State;
use crate::terms::{Budget, Terms};
use crate::time::Timestamp;
use crate::verdict::{CheckName, Finding, Verdict};

/// What is needed to decide once more, by one policy.
#[derive(Debug)]
pub struct Replay {
    /// The policy, and what ran in the windows of its budgets.
    state: State,
    /// Since when what ran is counted; none where all that ever ran is.
    counted_since: Option<Timestamp>,
}

impl Replay {
    /// By this policy, where what ran is counted since a time, or from the beginning on.
    #[must_use]
    pub fn new(terms: Arc<Terms>, counted_since: Option<Timestamp>) -> Self {
        Self { state: State::under(terms), counted_since }
    }

    /// How far back from a decision the budgets of a policy look at the most; none where it has none.
    #[must_use]
    pub fn looks_back(terms: &Terms) -> Option<Duration> {
        terms.budgets.iter().map(reach).max()
    }

    /// Whether there is a budget that counts from before what is counted here, at a time.
    #[must_use]
    pub fn misses_some(&self, at: Timestamp) -> bool {
        self.state.terms().budgets.iter().any(|budget| self.misses(budget, at))
    }

    /// Counts an action that ran, by what is known of it under the policy. They come in the order in
    /// which they ran.
    pub fn count(&mut self, of: &Assessment, at: Timestamp) {
        self.state.ran(of, at);
    }

    /// Decides once more on what was decided `then`, by what is known of it under the policy.
    #[must_use]
    pub fn decide(&self, of: &Assessment, then: &Decided, at: Timestamp) -> Decision {
        let stand = self.still_stand(of, then, at);
        let mut decision = decide_with(&self.state, of, at, stand, |class| had_earned(class, then));
        decision.findings.sort_by_key(|finding| finding.check);
        decision
    }

    /// The findings of then that rest on no policy, as strict as this one makes them.
    fn still_stand(&self, of: &Assessment, then: &Decided, at: Timestamp) -> Vec<Finding> {
        let findings = then.decision.findings.iter();
        let stands = |finding: &Finding| {
            let verdict = match finding.check {
                CheckName::KillSwitch => self.state.terms().kill_switch,
                CheckName::CoolDown => finding.verdict,
                CheckName::Budget => self.uncounted(of, &finding.reason, at)?.over,
                _ => return None,
            };
            Some(Finding { verdict: verdict.max(Verdict::RequireApproval), ..finding.clone() })
        };
        findings.filter_map(stands).collect()
    }

    /// The budget of this policy that a finding of then is about, where not all is counted that it
    /// counted: it was overrun, and nobody can say that it is not.
    fn uncounted(&self, of: &Assessment, reason: &str, at: Timestamp) -> Option<&Budget> {
        let (name, _) = reason.split_once(": ")?;
        let mut budgets = self.state.terms().budgets.iter();
        let is_meant = |budget: &&Budget| {
            budget.name.as_str() == name
                && budget.covers(of.class.as_ref())
                && self.misses(budget, at)
        };
        budgets.find(is_meant)
    }

    fn misses(&self, budget: &Budget, at: Timestamp) -> bool {
        self.counted_since.is_some_and(|since| since.saturating_add(reach(budget)) > at)
    }
}

/// How far back a budget looks: its window, and the slot in which that begins.
fn reach(budget: &Budget) -> Duration {
    let slot = budget.window.checked_div(SLOTS).unwrap_or_default();
    budget.window.saturating_add(slot).saturating_add(Duration::from_millis(1))
}

/// What a class had earned then. Under another class the action had earned nothing, and no more than
/// the policy lets a class have counts.
fn had_earned(class: &ActionClass, then: &Decided) -> AutonomyState {
    let is_same = then.assessment.class.as_ref() == Some(&class.name);
    let earned = then.decision.autonomy.filter(|_| is_same).unwrap_or_default();
    earned.min(class.max_state)
}
