//! Cases: decisions that are alike in all that a report asks about, counted.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use placet_core::{AutonomyState, CheckName, Verdict};

use super::reason::{Reason, ReasonId, Reasons};
use super::steps::Steps;

/// Most cases that are told apart, whoever invents names: some ten megabytes. Beyond that, calls
/// are counted without the names of their tool and agent.
const MAX_CASES: usize = 20_000;

/// A name that an agent chose.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Name {
    /// This one.
    Is(Arc<str>),
    /// Nobody said.
    None,
    /// One of those that are too many.
    Other,
}

/// What makes decisions alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) tool: Name,
    pub(super) agent: Name,
    /// Its class, where the policy of then had one.
    pub(super) class: Option<Arc<str>>,
    /// What the class had earned.
    pub(super) autonomy: Option<AutonomyState>,
    /// What was decided, before the mode was applied.
    pub(super) verdict: Verdict,
    /// What spoke against it.
    pub(super) reasons: Vec<ReasonId>,
    /// Whether inspection proved that the call only reads.
    pub(super) is_proven_read: bool,
}

/// So many decisions that are alike.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) count: u64,
    /// How many were held or blocked and ran all the same, because of the mode.
    pub(super) not_stopped: u64,
    /// What they were worth.
    pub(super) values: Steps,
    /// What budgets would have had to allow for them, by the budget.
    pub(super) needs: BTreeMap<Arc<str>, Steps>,
    /// What became of those that were held.
    pub(super) became: BTreeMap<Fate, u64>,
}

/// What became of a held action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    Approved,
    Denied,
    Expired,
    Withdrawn,
    Superseded,
    Voided,
    Waiting,
}

impl Fate {
    pub(super) const ALL: [Self; 7] = [
        Self::Approved,
        Self::Denied,
        Self::Expired,
        Self::Withdrawn,
        Self::Superseded,
        Self::Voided,
        Self::Waiting,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Superseded => "superseded",
            Self::Voided => "voided",
            Self::Waiting => "waiting",
        }
    }
}

/// All cases of a report.
#[derive(Debug, Default)]
pub(super) struct Cases {
    all: Vec<(Kind, Tally)>,
    ids: HashMap<Kind, usize>,
    pub(super) reasons: Reasons,
}

impl Cases {
    /// The place of a kind; one without names for those that are too many.
    pub(super) fn place(&mut self, mut kind: Kind) -> usize {
        if self.all.len() >= MAX_CASES && !self.ids.contains_key(&kind) {
            kind = Kind { tool: Name::Other, agent: Name::Other, class: None, ..kind };
        }
        *self.ids.entry(kind).or_insert_with_key(|kind| {
            self.all.push((kind.clone(), Tally::default()));
            self.all.len() - 1
        })
    }

    pub(super) fn tally(&mut self, place: usize) -> Option<&mut Tally> {
        self.all.get_mut(place).map(|(_, tally)| tally)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Kind, &Tally)> {
        self.all.iter().enumerate().map(|(place, (kind, tally))| (place, kind, tally))
    }

    pub(super) fn get(&self, place: usize) -> Option<(&Kind, &Tally)> {
        self.all.get(place).map(|(kind, tally)| (kind, tally))
    }

    /// What would have been decided without the findings of some checks.
    pub(super) fn without(&self, kind: &Kind, gone: impl Fn(&Reason) -> bool) -> Verdict {
        let reasons = kind.reasons.iter().filter_map(|id| self.reasons.reason(*id));
        let rest = reasons.filter(|reason| !gone(reason)).map(|reason| reason.verdict).max();
        rest.unwrap_or(Verdict::Allow)
    }

    /// Whether a check spoke against the calls of a kind.
    pub(super) fn has(&self, kind: &Kind, check: CheckName) -> bool {
        let mut reasons = kind.reasons.iter().filter_map(|id| self.reasons.reason(*id));
        reasons.any(|reason| reason.check == check)
    }
}
