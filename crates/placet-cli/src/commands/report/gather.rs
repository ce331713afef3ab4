//! From entries to cases, one entry after the other.
//!
//! What is kept is bounded by the cases, by the hours in which anything was decided, and by the held
//! actions that nobody has answered yet.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use placet::{ActionId, AgentId, Digest, TenantId, Timestamp};
use placet_core::assessment::Subject;
use placet_core::event::Decided;
use placet_core::{CheckName, Event, ToolName, Verdict};
use placet_store::entry::StoredEntry;

use super::case::{Cases, Fate, Kind, Name};
use super::reason::budget_need;
use super::window::Window;

/// Most versions of a policy that are counted.
const MAX_POLICIES: usize = 1_000;

/// The finest part of a time that is told apart, in milliseconds: an hour.
pub(super) const HOUR_MS: i64 = 3_600_000;

/// Which decisions are looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) tenant: Option<TenantId>,
    pub(super) agent: Option<AgentId>,
    pub(super) tool: Option<ToolName>,
}

/// Verdicts, counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Verdicts {
    pub(super) allowed: u64,
    pub(super) held: u64,
    pub(super) blocked: u64,
}

/// What was read so far.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) window: Window,
    filter: Filter,
    pub(super) cases: Cases,
    pub(super) hours: BTreeMap<i64, Verdicts>,
    /// How long people took to answer, in seconds; no more of them than a deadline has.
    pub(super) answers: BTreeMap<u64, u64>,
    open: HashMap<ActionId, (usize, Timestamp)>,
    policies: BTreeSet<Digest>,
    pub(super) modes: BTreeSet<&'static str>,
    /// Entries of the window, and those after it that say what became of its actions.
    pub(super) read: u64,
    /// The entries of the window: the first, and the first after them.
    first: Option<u64>,
    end: Option<u64>,
    pub(super) erased: u64,
    pub(super) unreadable: u64,
}

impl Verdicts {
    pub(super) fn add(&mut self, verdict: Verdict, count: u64) {
        match verdict {
            Verdict::Allow => self.allowed += count,
            Verdict::RequireApproval => self.held += count,
            Verdict::Block => self.blocked += count,
        }
    }

    pub(super) fn total(self) -> u64 {
        self.allowed + self.held + self.blocked
    }
}

impl Filter {
    fn takes(&self, subject: &Subject) -> bool {
        self.tenant.as_ref().is_none_or(|tenant| *tenant == subject.tenant)
            && self.agent.as_ref().is_none_or(|agent| Some(agent) == subject.agent.as_ref())
            && self.tool.as_ref().is_none_or(|tool| *tool == subject.tool)
    }
}

impl Gathered {
    pub(super) fn new(window: Window, filter: &Filter) -> Self {
        Self {
            window,
            filter: filter.clone(),
            cases: Cases::default(),
            hours: BTreeMap::new(),
            answers: BTreeMap::new(),
            open: HashMap::new(),
            policies: BTreeSet::new(),
            modes: BTreeSet::new(),
            read: 0,
            first: None,
            end: None,
            erased: 0,
            unreadable: 0,
        }
    }

    /// Takes in the next entry.
    pub(super) fn take(&mut self, stored: &StoredEntry) {
        self.read += 1;
        let first = *self.first.get_or_insert(stored.index);
        let Ok(entry) = stored.decode() else {
            self.unreadable += 1;
            return;
        };
        if entry.at >= self.window.until {
            self.end.get_or_insert(entry.index);
        }
        match &entry.event {
            Event::Decided(decided) => self.decided(entry.at, decided),
            Event::Erased(erased) => {
                let end = self.end.unwrap_or(u64::MAX);
                self.erased += u64::from((first..end).contains(&erased.index));
            }
            event => self.answered(entry.at, event),
        }
    }

    /// How many policies the decisions were made under.
    pub(super) fn policies(&self) -> usize {
        self.policies.len()
    }

    /// Nothing more will be read: what is open still waits.
    pub(super) fn finish(&mut self) {
        for (place, _) in std::mem::take(&mut self.open).into_values() {
            self.became(place, Fate::Waiting);
        }
    }

    fn decided(&mut self, at: Timestamp, decided: &Decided) {
        let (assessment, decision) = (&decided.assessment, &decided.decision);
        if !self.window.contains(at) || !self.filter.takes(&assessment.subject) {
            return;
        }
        let real = decision.real();
        let place = self.place(decided);
        if let Some(tally) = self.cases.tally(place) {
            tally.count += 1;
            tally.not_stopped += u64::from(real > decision.verdict);
            if let (true, Some(money)) = (real > Verdict::Allow, assessment.value.money()) {
                tally.values.add(money.amount);
            }
            let budgets = decision.findings.iter().filter(|of| of.check == CheckName::Budget);
            for (budget, need) in budgets.filter_map(budget_need) {
                tally.needs.entry(budget.into()).or_default().add(need);
            }
        }
        let hour = at.as_millis().div_euclid(HOUR_MS);
        self.hours.entry(hour).or_default().add(real, 1);
        self.modes.insert(decision.mode.as_str());
        if self.policies.len() < MAX_POLICIES {
            self.policies.insert(assessment.policy);
        }
        if decided.approval.is_some() {
            self.open.insert(decided.id, (place, at));
        }
    }

    fn place(&mut self, decided: &Decided) -> usize {
        let (assessment, decision) = (&decided.assessment, &decided.decision);
        let against = decision.findings.iter().filter(|found| found.verdict > Verdict::Allow);
        let mut reasons: Vec<_> = against.map(|found| self.cases.reasons.id(found)).collect();
        reasons.sort_unstable();
        reasons.dedup();
        let subject = &assessment.subject;
        self.cases.place(Kind {
            tool: Name::Is(subject.tool.as_str().into()),
            agent: subject.agent.as_ref().map_or(Name::None, |of| Name::Is(of.as_str().into())),
            class: assessment.class.as_ref().map(|class| Arc::from(class.as_str())),
            autonomy: decision.autonomy,
            verdict: decision.real(),
            reasons,
            is_proven_read: assessment.inspected.proven_read,
        })
    }

    /// Takes in what became of a held action.
    fn answered(&mut self, at: Timestamp, event: &Event) {
        let fate = match event {
            // One of several that it takes leaves it waiting for the others.
            Event::SignedOff(signed) if signed.expires.is_none() => return,
            Event::SignedOff(_) => Fate::Approved,
            Event::Denied(_) => Fate::Denied,
            Event::Expired(_) => Fate::Expired,
            Event::Withdrawn(_) => Fate::Withdrawn,
            Event::Superseded(_) => Fate::Superseded,
            Event::Voided(_) => Fate::Voided,
            _ => return,
        };
        let Some((place, since)) = event.action().and_then(|id| self.open.remove(&id)) else {
            return;
        };
        // Who signed off beforehand took no time over it.
        let is_answer = matches!(fate, Fate::Approved | Fate::Denied | Fate::Superseded);
        if is_answer && event.standing().is_none() {
            *self.answers.entry(at.since(since).as_secs()).or_default() += 1;
        }
        self.became(place, fate);
    }

    fn became(&mut self, place: usize, fate: Fate) {
        if let Some(tally) = self.cases.tally(place) {
            *tally.became.entry(fate).or_default() += 1;
        }
    }
}
