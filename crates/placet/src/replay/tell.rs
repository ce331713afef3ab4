//! What would change, gathered by class and verdicts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use placet_core::assessment::Assessment;
use placet_core::event::Decided;
use placet_core::{ClassName, Decision, Timestamp, Verdict};

use super::{Example, VerdictChange};

/// Examples of each change: enough to see what they have in common.
const EXAMPLES_OF_EACH: usize = 3;

/// Examples altogether: a screen or two.
const EXAMPLES: usize = 60;

/// Which class, from which verdict, to which.
type Kind = (Option<ClassName>, Verdict, Verdict);

/// What would change.
#[derive(Default)]
pub(super) struct Changes(BTreeMap<Kind, (u64, VecDeque<Example>)>);

impl Changes {
    /// Notes an action, where it would come to another verdict.
    pub(super) fn compare(
        &mut self,
        known: &Assessment,
        then: &Decided,
        now: &Decision,
        at: Timestamp,
    ) {
        let (before, after) = (then.decision.real(), now.real());
        if before == after {
            return;
        }
        let (actions, examples) = self.0.entry((known.class.clone(), before, after)).or_default();
        *actions += 1;
        if examples.len() >= EXAMPLES_OF_EACH {
            examples.pop_back();
        }
        examples.push_front(Example {
            id: then.id,
            at,
            tenant: known.subject.tenant.clone(),
            tool: known.subject.tool.clone(),
            reason_before: reason(&then.decision),
            reason: reason(now),
        });
    }

    /// How many actions are of certain kinds.
    pub(super) fn count(&self, is_meant: impl Fn(Verdict, Verdict) -> bool) -> u64 {
        let meant = self.0.iter().filter(|((_, before, after), _)| is_meant(*before, *after));
        meant.map(|(_, (actions, _))| *actions).sum()
    }

    /// All of it: first what would be laxer, each with the most first.
    pub(super) fn told(self) -> Vec<VerdictChange> {
        let change = |((class, before, after), (actions, examples)): (Kind, (u64, VecDeque<_>))| {
            VerdictChange { class, before, after, actions, examples: examples.into() }
        };
        let mut changes: Vec<VerdictChange> = self.0.into_iter().map(change).collect();
        changes.sort_by_key(|change| (change.before < change.after, Reverse(change.actions)));
        let mut left = EXAMPLES;
        for change in &mut changes {
            change.examples.truncate(left);
            left = left.saturating_sub(change.examples.len());
        }
        changes
    }
}

/// The first reason for the verdict that a decision came to.
fn reason(decision: &Decision) -> String {
    let real = decision.real();
    let found = decision.findings.iter().find(|finding| finding.verdict == real);
    found.map(|finding| format!("{}: {}", finding.check, finding.reason)).unwrap_or_default()
}
