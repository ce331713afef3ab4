//! The state: what the log says now. It is a fold of the log and nothing else.
//!
//! `apply` takes one entry and cannot fail; whatever has to be judged was judged by
//! [`handle`](crate::handle()) before the entry existed. Memory is bounded by what is open: finished
//! actions are in the log, not here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::api_key::ApiKeys;
use crate::approval::{OpenApproval, OpenApprovals};
use crate::assessment::{Assessment, Subject};
use crate::autonomy::{Evidence, LedgerKey, Record, step};
use crate::budget::Windows;
use crate::class::{ActionClass, AutonomyState};
use crate::digest::ActionTag;
use crate::event::{
    AutonomyChanged, Decided, Denied, Entry, Event, Expired, Indeterminate, OutcomeReported,
    PolicyInstalled, Ratified, Redeemed, SignedOff, Superseded, Switched, Voided, Withdrawn,
};
use crate::execution::{Executions, Grant, Run};
use crate::handle;
use crate::id::ActionId;
use crate::ledgers::Ledgers;
use crate::limits;
use crate::name::PersonId;
use crate::person::{People, PersonChanged, PersonInvited, SignedIn};
use crate::standing_approval::{StandingApproval, StandingApprovals, StandingGranted};
use crate::switch::{KillSwitch, Scope, Switches};
use crate::terms::Terms;
use crate::time::Timestamp;
use crate::verdict::Verdict;
use crate::warrant_keys::WarrantKeys;

/// What the log says now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// How many entries it has taken in.
    size: u64,
    /// When the last of them was judged.
    at: Timestamp,
    terms: Arc<Terms>,
    switches: Switches,
    windows: Windows,
    ledgers: Ledgers,
    approvals: OpenApprovals,
    #[serde(default)]
    standing_approvals: StandingApprovals,
    #[serde(default)]
    executions: Executions,
    /// What a kill switch has ended, and nobody has said so yet. Only between the entry that tripped
    /// it and those that say so is it not empty.
    #[serde(default)]
    stopped: BTreeMap<ActionId, Scope>,
    /// An edit of which the entries are not all there yet. Only while those of one command are
    /// taken in is there one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    half_edit: Option<HalfEdit>,
    #[serde(default)]
    keys: ApiKeys,
    /// Which keys of warrants are good.
    #[serde(default)]
    warrant_keys: WarrantKeys,
    #[serde(default)]
    people: People,
    /// Denied calls, and until when they stay denied.
    #[serde(with = "crate::pairs")]
    denied: BTreeMap<ActionTag, Timestamp>,
    /// Where the policies are in the log: their payloads must stay.
    #[serde(default)]
    policies: BTreeSet<u64>,
    /// Whose autonomy must change before anything else happens, because evidence, a ratification or
    /// a policy said so. Only while the entries of one command are taken in is it not empty.
    #[serde(default)]
    owed: BTreeSet<LedgerKey>,
    /// When denials and sessions that no longer count are dropped next.
    sweep_at: Timestamp,
}

/// An edit of which the entries are not all there yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HalfEdit {
    /// The action that was held.
    pub(crate) replaced: ActionId,
    /// The one in its place.
    pub(crate) successor: ActionId,
    /// Who made it, once an entry says so: they have to sign off on it next.
    pub(crate) by: Option<PersonId>,
}

impl State {
    /// A state in which nothing has happened, and this policy holds.
    pub(crate) fn under(terms: Arc<Terms>) -> Self {
        Self { terms, ..Self::default() }
    }

    /// Counts an action that ran at a time, which is not before any that was counted earlier.
    pub(crate) fn ran(&mut self, of: &Assessment, at: Timestamp) {
        self.at = self.at.max(at);
        self.count(of, at);
        self.sweep();
    }

    /// How many entries it has taken in: the index of the next one.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// When the last entry was judged.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The time to judge at: never earlier than the last entry, whatever a clock says.
    #[must_use]
    pub fn clock(&self, now: Timestamp) -> Timestamp {
        now.max(self.at)
    }

    /// The policy that holds.
    #[must_use]
    pub fn terms(&self) -> &Arc<Terms> {
        &self.terms
    }

    /// The entry that installed the policy, whose payload holds its files; none while no policy
    /// was ever installed.
    #[must_use]
    pub fn installed_at(&self) -> Option<u64> {
        self.policies.last().copied()
    }

    /// The tripped kill switches.
    #[must_use]
    pub fn switches(&self) -> &Switches {
        &self.switches
    }

    /// What ran lately.
    #[must_use]
    pub fn windows(&self) -> &Windows {
        &self.windows
    }

    /// The open approvals.
    #[must_use]
    pub fn approvals(&self) -> &OpenApprovals {
        &self.approvals
    }

    /// What people signed off on beforehand.
    #[must_use]
    pub fn standing_approvals(&self) -> &StandingApprovals {
        &self.standing_approvals
    }

    /// What may run by an approval, what runs, and what was spent.
    #[must_use]
    pub fn executions(&self) -> &Executions {
        &self.executions
    }

    /// Whether anything is known of an action: it is held, may run, runs, or ran lately.
    #[must_use]
    pub fn knows(&self, action: ActionId) -> bool {
        let executions = &self.executions;
        self.approvals.open(action.approval()).is_some()
            || executions.grant(action).is_some()
            || executions.run(action).is_some()
            || executions.is_spent(action)
    }

    /// The edit that has to be completed before anything else may happen.
    pub(crate) fn half_edit(&self) -> Option<&HalfEdit> {
        self.half_edit.as_ref()
    }

    /// What a kill switch has ended and nobody has said so yet.
    pub fn stopped(&self) -> impl Iterator<Item = (ActionId, &Scope)> {
        self.stopped.iter().map(|(action, scope)| (*action, scope))
    }

    /// Whether a kill switch has ended an action and nobody has said so yet.
    #[must_use]
    pub fn is_stopped(&self, action: ActionId) -> bool {
        self.stopped.contains_key(&action)
    }

    /// When something ends by itself next. What a kill switch has ended is due at once.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let stopped = (!self.stopped.is_empty()).then_some(self.at);
        let deadlines = [self.approvals.next_deadline(), self.executions.next_due()];
        stopped.into_iter().chain(deadlines.into_iter().flatten()).min()
    }

    /// Which keys of warrants are good.
    #[must_use]
    pub fn warrant_keys(&self) -> &WarrantKeys {
        &self.warrant_keys
    }

    /// The API keys that are in force.
    #[must_use]
    pub fn keys(&self) -> &ApiKeys {
        &self.keys
    }

    /// The people who may sign in.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.people
    }

    /// The evidence, and what it has earned.
    #[must_use]
    pub fn ledgers(&self) -> &Ledgers {
        &self.ledgers
    }

    /// What a class has earned for whoever asks.
    #[must_use]
    pub fn autonomy(&self, class: &ActionClass, subject: &Subject) -> AutonomyState {
        if self.ledgers.is_empty() {
            return AutonomyState::Manual;
        }
        let key = LedgerKey {
            tenant: subject.tenant.clone(),
            class: class.name.clone(),
            build: subject.build.clone(),
        };
        self.ledgers
            .get(&key)
            .map_or(AutonomyState::Manual, |record| record.state.min(class.max_state))
    }

    /// Until when a call stays denied.
    #[must_use]
    pub fn denied_until(&self, of: &Assessment) -> Option<Timestamp> {
        of.tags().filter_map(|tag| self.denied.get(&tag).copied()).max()
    }

    /// The entries that installed a policy, the first one first.
    pub fn policies(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.policies.iter().copied()
    }

    /// Whether a policy was installed by the entry with this index.
    #[must_use]
    pub fn holds_policy(&self, index: u64) -> bool {
        self.policies.contains(&index)
    }

    /// Whose autonomy must change before anything else may happen.
    pub fn owed(&self) -> impl Iterator<Item = &LedgerKey> {
        self.owed.iter()
    }

    /// Takes in the next entry of the log.
    pub fn apply(&mut self, entry: &Entry) {
        self.size = entry.index.saturating_add(1);
        self.at = self.at.max(entry.at);
        self.half_edit = self.edited(&entry.event);
        match &entry.event {
            Event::PolicyInstalled(installed) => self.install(installed, entry.index),
            Event::Decided(decided) => self.decided(decided, entry),
            Event::SignedOff(signed) => self.signed_off(signed, entry),
            Event::Denied(denied) => self.denied(denied, entry.at),
            Event::Expired(Expired { action, .. })
            | Event::Withdrawn(Withdrawn { action, .. })
            | Event::Superseded(Superseded { action, .. })
            | Event::Voided(Voided { action, .. }) => self.end(*action),
            Event::Redeemed(redeemed) => self.redeemed(redeemed),
            Event::OutcomeReported(reported) => self.concluded(reported),
            Event::Indeterminate(Indeterminate { action }) => self.executions.ended(*action),
            Event::Tripped(switched) => self.tripped(switched, entry),
            Event::Reset(switched) => self.switches.reset(&switched.scope),
            Event::EvidenceReported(evidence) => self.reported(evidence, Some(entry.index)),
            Event::Ratified(ratified) => self.ratified(ratified, entry.index),
            Event::AutonomyChanged(changed) => self.autonomy_changed(changed),
            Event::KeyCreated(created) => self.keys.create(created, entry.at),
            Event::KeyRotated(rotated) => self.keys.rotate(rotated.id, rotated.secret_digest),
            Event::KeyRevoked(revoked) => self.keys.revoke(revoked.id),
            Event::WarrantKeyRotated(rotated) => {
                self.warrant_keys.rotate(rotated.generation, entry.at);
            }
            Event::PersonInvited(invited) => {
                self.people.invite(invited, entry.at);
                self.keys.end_sessions(&invited.person);
                self.keys.restrict(&invited.person, &invited.roles);
                let PersonInvited { person, roles, groups, .. } = invited.as_ref();
                self.standing_approvals.restrict(person, roles, groups);
            }
            Event::PersonEnrolled(enrolled) => self.people.enrol(enrolled),
            Event::PersonChanged(changed) => {
                self.people.change(changed);
                self.keys.restrict(&changed.person, &changed.roles);
                let PersonChanged { person, roles, groups } = changed;
                self.standing_approvals.restrict(person, roles, groups);
            }
            Event::PersonRemoved(removed) => {
                self.people.remove(&removed.person);
                self.keys.end_all(&removed.person);
                self.standing_approvals.restrict(&removed.person, &[].into(), &[].into());
            }
            Event::SignedIn(signed_in) => self.signed_in(signed_in, entry.at),
            Event::StandingGranted(granted) => self.standing_granted(granted, entry),
            Event::StandingRevoked(revoked) => self.standing_approvals.revoke(revoked.id),
            // What it pins can be seen no more.
            Event::Erased(erased) => self.standing_approvals.erased(erased),
            // Nothing is no change.
            Event::Unchanged(_) | Event::RedemptionRefused(_) => {}
        }
        if let Some(origin) = &entry.origin {
            self.keys.touch(origin.key, entry.at);
        }
        self.sweep();
    }

    fn signed_in(&mut self, signed_in: &SignedIn, at: Timestamp) {
        if let Some(person) = self.people.get(&signed_in.person) {
            self.keys.begin_session(signed_in, person, at);
        }
    }

    fn install(&mut self, installed: &PolicyInstalled, index: u64) {
        // INVARIANT: an entry whose terms could not be read lets nothing through.
        let lockdown = || Arc::new(Terms::lockdown(installed.policy));
        self.terms = installed.terms.clone().unwrap_or_else(lockdown);
        self.policies.insert(index);
        self.standing_approvals.installed(installed.policy);
        let owes = |(of, record): &(&LedgerKey, &Record)| step(&self.terms, of, record).is_some();
        self.owed = self.ledgers.iter().filter(owes).map(|(of, _)| of.clone()).collect();
    }

    fn reported(&mut self, evidence: &Evidence, entry: Option<u64>) {
        let of = LedgerKey::of(evidence);
        let window = self.terms.graduation.window;
        self.ledgers.change(of.clone(), entry).add(evidence, window);
        self.settle(of);
    }

    fn ratified(&mut self, ratified: &Ratified, entry: u64) {
        let record = self.ledgers.change(ratified.of.clone(), Some(entry));
        record.ratified_by.insert(ratified.by.clone());
        self.settle(ratified.of.clone());
    }

    /// Notes whether a record that has just changed must take a step.
    fn settle(&mut self, of: LedgerKey) {
        let step = self.ledgers.get(&of).and_then(|record| step(&self.terms, &of, record));
        if step.is_some() {
            self.owed.insert(of);
        } else {
            self.owed.remove(&of);
        }
    }

    fn decided(&mut self, decided: &Decided, entry: &Entry) {
        let of = &decided.assessment;
        if decided.decision.verdict == Verdict::Allow {
            self.count(of, entry.at);
        }
        // Whoever asked for an action asked for what a person made of it.
        let replaced = decided.replaces.and_then(|action| self.approvals.open(action.approval()));
        let proposed_by = match replaced {
            Some(open) => open.proposed_by,
            None => entry.origin.map(|origin| origin.key),
        };
        if let Some(terms) = &decided.approval {
            let open = OpenApproval {
                action: decided.id,
                of: Box::new(of.clone()),
                terms: terms.clone(),
                opened: entry.at,
                decided: entry.index,
                proposed_by,
                signed: BTreeMap::new(),
            };
            self.approvals.insert(terms.id, open);
        }
    }

    /// What is left of an edit to be said after an event.
    fn edited(&self, event: &Event) -> Option<HalfEdit> {
        match event {
            Event::Decided(decided) => decided.replaces.map(|replaced| HalfEdit {
                replaced,
                successor: decided.id,
                by: None,
            }),
            Event::Superseded(Superseded { action, by, successor, .. }) => {
                let waits = self.approvals.open(successor.approval()).is_some();
                waits.then(|| HalfEdit {
                    replaced: *action,
                    successor: *successor,
                    by: Some(by.clone()),
                })
            }
            _ => None,
        }
    }

    /// Counts an action that may run in the windows of its budgets.
    fn count(&mut self, of: &Assessment, at: Timestamp) {
        let terms = Arc::clone(&self.terms);
        for budget in terms.budgets.iter().filter(|budget| budget.covers(of.class.as_ref())) {
            self.windows.record(budget, of, at);
        }
    }

    fn standing_granted(&mut self, granted: &StandingGranted, entry: &Entry) {
        let granted = granted.clone();
        let (index, since) = (entry.index, entry.at);
        self.standing_approvals.insert(StandingApproval { granted, entry: index, since, used: 0 });
    }

    fn signed_off(&mut self, signed: &SignedOff, entry: &Entry) {
        if let Some(standing) = signed.standing {
            self.standing_approvals.count(standing);
        }
        let Some(expires) = signed.expires else {
            return self.approvals.sign(signed.approval, signed.by.person.clone(), entry.index);
        };
        if let Some(open) = self.approvals.remove(signed.approval) {
            // Under another policy it was looked at again, and is what that makes of it.
            let of = signed.fresh.clone().unwrap_or(*open.of);
            self.count(&of, entry.at);
            let (policy, decided) = (self.terms.policy, open.decided);
            let Assessment { subject, class, .. } = of;
            let grant = Grant { subject, class, policy, decided, entry: entry.index, expires };
            self.executions.granted(open.action, grant);
        }
    }

    fn denied(&mut self, denied: &Denied, at: Timestamp) {
        if let Some(open) = self.approvals.remove(denied.approval) {
            // A later denial never shortens an earlier one, even under a shorter cool-down.
            let over = at.saturating_add(self.terms.cool_down);
            for tag in open.of.tags() {
                let until = self.denied.entry(tag).or_insert(over);
                *until = over.max(*until);
            }
        }
    }

    /// Ends what was held, or approved and has not run.
    fn end(&mut self, action: ActionId) {
        self.approvals.remove(action.approval());
        self.executions.withdraw(action);
        self.stopped.remove(&action);
    }

    fn redeemed(&mut self, redeemed: &Redeemed) {
        let run = Run { tenant: redeemed.subject.tenant.clone(), report_by: redeemed.report_by };
        self.executions.redeemed(redeemed.action, redeemed.expires, run);
    }

    fn concluded(&mut self, reported: &OutcomeReported) {
        if let Some(evidence) = handle::run::evidence(self, reported) {
            self.reported(&evidence, None);
        }
        self.executions.ended(reported.action);
    }

    fn tripped(&mut self, switched: &Switched, entry: &Entry) {
        let scope = switched.scope.clone();
        self.executions.tripped(scope.clone(), entry.index, entry.at);
        self.standing_approvals.tripped(&scope);
        self.switches.trip(KillSwitch {
            scope: scope.clone(),
            reason: switched.reason.clone(),
            by: switched.by.clone(),
            since: entry.at,
        });
        // What people approved before dies with the switch in any case; what waits for them only
        // where a switch stops, and not where it makes everything wait for people.
        let mut stopped = self.executions.stopped_by(&scope);
        if self.terms.kill_switch == Verdict::Block {
            stopped.extend(self.approvals.stopped_by(&scope));
        }
        self.stopped.extend(stopped.into_iter().map(|action| (action, scope.clone())));
    }

    fn autonomy_changed(&mut self, changed: &AutonomyChanged) {
        let record = self.ledgers.change(changed.of.clone(), None);
        record.state = changed.to;
        // Autonomy that was lost must be ratified afresh when it is earned again.
        if changed.to < changed.from {
            record.ratified_by.clear();
        }
        self.owed.remove(&changed.of);
    }

    fn sweep(&mut self) {
        let now = self.at;
        if now >= self.sweep_at {
            self.denied.retain(|_, until| *until > now);
            self.windows.sweep(now);
            self.executions.sweep(now);
            self.keys.sweep(now);
            self.standing_approvals.sweep(now);
            self.warrant_keys.sweep(now);
            self.sweep_at = now.saturating_add(limits::SWEEP_EVERY);
        }
    }
}
