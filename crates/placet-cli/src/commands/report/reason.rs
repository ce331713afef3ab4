//! Reasons, made alike where they differ only in their numbers.
//!
//! "420 is above the hard_cap of 100" and "430 is above the hard_cap of 100" are one reason. What
//! the author of a rule or whoever tripped a switch wrote is left as it is.

use std::collections::HashMap;

use placet::Timestamp;
use placet_core::{Amount, CheckName, Finding, Verdict};

/// Most reasons that are told apart: core has some dozens, a policy adds its rules. Beyond that,
/// those of one check are counted together.
const MAX_REASONS: usize = 2_000;

/// What stands for a number.
const NUMBER: &str = "…";

/// What stands for the reasons that are too many.
const OTHER: &str = "other reasons";

/// Why calls were held or blocked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reason {
    pub(super) check: CheckName,
    pub(super) verdict: Verdict,
    pub(super) text: String,
}

/// A reason by its place in [`Reasons`].
pub(super) type ReasonId = usize;

/// The reasons that were seen.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    all: Vec<Reason>,
    ids: HashMap<Reason, ReasonId>,
}

impl Reasons {
    /// The id of a finding's reason.
    pub(super) fn id(&mut self, finding: &Finding) -> ReasonId {
        let mut reason = Reason {
            check: finding.check,
            verdict: finding.verdict,
            text: alike(finding.check, &finding.reason),
        };
        if self.all.len() >= MAX_REASONS && !self.ids.contains_key(&reason) {
            OTHER.clone_into(&mut reason.text);
        }
        *self.ids.entry(reason).or_insert_with_key(|reason| {
            self.all.push(reason.clone());
            self.all.len() - 1
        })
    }

    pub(super) fn reason(&self, id: ReasonId) -> Option<&Reason> {
        self.all.get(id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ReasonId, &Reason)> {
        self.all.iter().enumerate()
    }
}

/// A reason without its numbers.
fn alike(check: CheckName, reason: &str) -> String {
    match check {
        CheckName::Rule | CheckName::KillSwitch | CheckName::Inspection => reason.to_owned(),
        _ => reason.split(' ').map(without_number).collect::<Vec<_>>().join(" "),
    }
}

fn without_number(word: &str) -> &str {
    let is_number = word.parse::<Amount>().is_ok() || word.parse::<Timestamp>().is_ok();
    if is_number { NUMBER } else { word }
}

/// The name of the budget that a finding is about, and how much it would have had to allow for the
/// call to pass. Budgets say `NAME: 3 of 5 actions …` or `NAME: 90 of 100 … and 20 more …`.
pub(super) fn budget_need(finding: &Finding) -> Option<(&str, Amount)> {
    let (name, rest) = finding.reason.rsplit_once(": ")?;
    let numbers: Vec<Amount> = rest.split(' ').filter_map(|word| word.parse().ok()).collect();
    let (used, more) = match numbers.as_slice() {
        [used, _] => (*used, "1".parse().ok()?),
        [used, _, more] => (*used, *more),
        _ => return None,
    };
    Some((name, used.checked_add(more)?))
}
