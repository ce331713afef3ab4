//! API keys: who may speak to a daemon, for whom, and what they may do.
//!
//! A key is created, rotated and revoked by events of the log like everything else. So whoever can
//! read the log knows who could do what at any time, and a revoked key is dead on every node from
//! the entry on that revokes it: commands in flight are judged after it.
//!
//! The log holds the digest of a key's secret. The secret is 256 random bits, so nobody finds it by
//! trying.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::approval::{Approver, OpenApproval};
use crate::assessment::Subject;
use crate::caller::Caller;
use crate::command::{Command, Mismatch, Rejection};
use crate::digest::Digest;
use crate::event::{
    Event, KeyCreated, Redeemed, RedemptionRefused, SignedOff, Switched, Void, Voided,
};
use crate::execution::Refusal;
use crate::id::{ApprovalId, KeyId};
use crate::limits;
use crate::name::{AgentId, KeyName, PersonId, TenantId};
use crate::person::{Person, SignedIn};
use crate::state::State;
use crate::time::Timestamp;

/// One thing that a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyScope {
    /// Propose actions and follow its own.
    Agent,
    /// Answer what waits for people.
    Approver,
    /// Switches, evidence, keys and, without a tenant, the policy.
    Admin,
    /// Read everything, change nothing.
    Auditor,
}

impl KeyScope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Approver, Self::Admin, Self::Auditor];

    /// The word used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Approver => "approver",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }
}

impl std::fmt::Display for KeyScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such scope of a key; write agent, approver, admin or auditor")]
pub struct KeyScopeError;

impl std::str::FromStr for KeyScope {
    type Err = KeyScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(KeyScopeError)
    }
}

/// A key that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// What it is for, in the words of whoever made it.
    pub name: KeyName,
    /// The tenant it speaks for; none for those who run the daemon itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The only agent it speaks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// The person it speaks for: its answers are theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// What it may do.
    pub scopes: BTreeSet<KeyScope>,
    /// When it ends by itself. Only the session of a person does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The digest of its secret.
    pub secret_digest: Digest,
    /// How often its secret was replaced. What an older secret asked for is refused.
    pub generation: u32,
    /// Since when it is there.
    pub created: Timestamp,
    /// When something that it asked for was recorded last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it has a scope. A key for one agent is in charge of nothing, whatever it was given.
    #[must_use]
    pub fn has(&self, scope: KeyScope) -> bool {
        self.scopes.contains(&scope) && (scope != KeyScope::Admin || self.agent.is_none())
    }

    /// Whether it is the session of a person who signed in.
    #[must_use]
    pub fn is_session(&self) -> bool {
        self.expires.is_some()
    }

    /// Whether it has ended by itself.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether it may speak for a tenant.
    #[must_use]
    pub fn covers(&self, tenant: &TenantId) -> bool {
        self.tenant.as_ref().is_none_or(|own| own == tenant)
    }

    /// Whether it, being the key of this id, may have caused an event. The server refuses earlier
    /// and says more; this is what holds even if it does not, and what an auditor checks.
    #[must_use]
    pub fn permits(&self, id: KeyId, state: &State, event: &Event) -> bool {
        match event {
            Event::Decided(decided) if decided.replaces.is_some() => {
                let of = &decided.assessment.subject;
                self.has(KeyScope::Approver) && self.covers(&of.tenant)
            }
            Event::Decided(decided) => self.asks_as(&decided.assessment.subject),
            Event::SignedOff(signed) if signed.standing.is_some() => self.uses(state, signed),
            Event::SignedOff(signed) => self.signs(id, state, signed.approval, &signed.by),
            Event::StandingGranted(granted) => {
                self.signs(id, state, granted.action.approval(), &granted.by)
            }
            Event::StandingRevoked(revoked) => {
                let standing = state.standing_approvals().get(revoked.id);
                standing.is_some_and(|standing| self.looks_after(&standing.granted.tenant))
            }
            Event::Denied(denied) => self.answers(id, state, denied.approval, &denied.by),
            Event::Superseded(superseded) => {
                self.answers(id, state, superseded.approval, &superseded.by)
            }
            Event::Withdrawn(withdrawn) => {
                let open = state.approvals().open(withdrawn.approval);
                open.is_some_and(|open| self.asks_as(&open.of.subject))
            }
            // Whoever shows what is not meant for them.
            Event::RedemptionRefused(RedemptionRefused { why: Refusal::OtherAudience, .. }) => {
                self.has(KeyScope::Agent)
            }
            Event::Redeemed(Redeemed { subject, .. })
            | Event::RedemptionRefused(RedemptionRefused { subject, .. }) => self.asks_as(subject),
            Event::OutcomeReported(reported) => {
                let subject = &reported.subject;
                self.asks_as(subject) || self.administers(Some(&subject.tenant))
            }
            Event::Tripped(switched) | Event::Reset(switched) => self.switches(switched),
            Event::EvidenceReported(evidence) => self.administers(Some(&evidence.tenant)),
            Event::Ratified(ratified) => {
                let in_own_name = self.has(KeyScope::Approver) && self.is_of(&ratified.by);
                in_own_name && self.covers(&ratified.of.tenant)
            }
            // Nobody makes a key that speaks for somebody else.
            Event::KeyCreated(KeyCreated { person: Some(person), .. }) => self.is_of(person),
            Event::KeyCreated(created) => self.administers(created.tenant.as_ref()),
            Event::KeyRotated(rotated) => self.renews_key(state, rotated.id),
            Event::KeyRevoked(revoked) => {
                self.owns_key(state, revoked.id) || self.administers_key(state, revoked.id)
            }
            Event::PersonInvited(invited) => {
                self.administers(invited.tenant.as_ref())
                    && self.administers_known(state, &invited.person)
            }
            Event::PersonChanged(changed) => self.administers_known(state, &changed.person),
            Event::PersonRemoved(removed) => self.administers_known(state, &removed.person),
            // What was shown for these is a token, or a password, and no key.
            Event::PersonEnrolled(_) | Event::SignedIn(_) => false,
            Event::Erased(erased) => {
                let of = erased.of.as_ref().map(|of| &of.tenant);
                self.administers(of) && self.may_name(erased.by.as_ref())
            }
            Event::PolicyInstalled(_) | Event::WarrantKeyRotated(_) => self.administers(None),
            // They follow from other events and are judged with those.
            Event::AutonomyChanged(_) | Event::Unchanged(_) => true,
            // It comes of an answer, or of looking again.
            Event::Voided(Voided { why: Void::Policy(fresh), .. }) => {
                self.looks_after(&fresh.subject.tenant)
            }
            // Only a switch voids the rest, and only time closes what is due.
            Event::Voided(_) | Event::Expired(_) | Event::Indeterminate(_) => false,
        }
    }

    /// A command as it is when this key gives it: the warrant of somebody else is meant for somebody
    /// else, and the log says that it was tried.
    pub(crate) fn shows(&self, command: Command) -> Command {
        match command {
            Command::Redeem(mut redemption) => {
                if let Event::Decided(decided) = &redemption.decided.event
                    && !self.speaks_for(&decided.assessment.subject)
                {
                    redemption.mismatch = Some(Mismatch::Audience);
                }
                Command::Redeem(redemption)
            }
            command => command,
        }
    }

    /// Whether it may answer what waits for people, in the name of the person that it speaks for:
    /// never what it, or another key of that person, asked for.
    fn answers(&self, id: KeyId, state: &State, approval: ApprovalId, person: &PersonId) -> bool {
        let is_others = |open: &OpenApproval| {
            let asker = open.proposed_by.and_then(|asker| state.keys().get(asker));
            open.proposed_by != Some(id)
                && asker.is_none_or(|asker| !asker.is_of(person))
                && self.covers(&open.of.subject.tenant)
        };
        // What is opened and answered by one command is not open yet.
        let open = state.approvals().open(approval);
        self.has(KeyScope::Approver) && self.is_of(person) && open.is_none_or(is_others)
    }

    /// Whether it may sign off in the name of somebody, who is in just these groups.
    fn signs(&self, id: KeyId, state: &State, approval: ApprovalId, by: &Approver) -> bool {
        let known = state.people().get(&by.person);
        let in_groups = known.is_some_and(|known| known.groups == by.groups);
        in_groups && self.answers(id, state, approval, &by.person)
    }

    /// Whether it may ask for what somebody signed off on beforehand: nobody uses what they gave
    /// themselves.
    fn uses(&self, state: &State, signed: &SignedOff) -> bool {
        // What is opened and signed by one command is not open yet.
        let open = state.approvals().open(signed.approval);
        let own = open.is_none_or(|open| self.speaks_for(&open.of.subject));
        self.has(KeyScope::Agent) && own && !self.is_of(&signed.by.person)
    }

    /// Whether it asks for actions, and may in this name.
    fn asks_as(&self, subject: &Subject) -> bool {
        self.has(KeyScope::Agent) && self.speaks_for(subject)
    }

    /// Whether it answers for a tenant, or is in charge of it.
    fn looks_after(&self, tenant: &TenantId) -> bool {
        let answers = self.has(KeyScope::Approver) && self.covers(tenant);
        answers || self.administers(Some(tenant))
    }

    fn speaks_for(&self, subject: &Subject) -> bool {
        self.covers(&subject.tenant)
            && self.agent.as_ref().is_none_or(|own| subject.agent.as_ref() == Some(own))
    }

    /// Whether it is in charge of a tenant; of `None`, of the daemon as a whole.
    fn administers(&self, tenant: Option<&TenantId>) -> bool {
        self.has(KeyScope::Admin) && (self.tenant.is_none() || self.tenant.as_ref() == tenant)
    }

    /// Whether it is in charge of whoever has this name; of nobody, always.
    fn administers_known(&self, state: &State, person: &PersonId) -> bool {
        let known = state.people().get(person);
        known.is_none_or(|known| self.administers(known.tenant.as_ref()))
    }

    fn switches(&self, switched: &Switched) -> bool {
        self.administers(switched.scope.tenant.as_ref()) && self.may_name(switched.by.as_ref())
    }

    /// Whether it may say that somebody did it: a key that speaks for a person names nobody else.
    fn may_name(&self, by: Option<&PersonId>) -> bool {
        match (&self.person, by) {
            (Some(own), Some(by)) => own == by,
            _ => true,
        }
    }

    fn is_of(&self, person: &PersonId) -> bool {
        self.person.as_ref() == Some(person)
    }

    /// Whether another key speaks for the same person.
    fn owns_key(&self, state: &State, id: KeyId) -> bool {
        let owner = state.keys().get(id).and_then(|key| key.person.as_ref());
        owner.is_some_and(|owner| self.is_of(owner))
    }

    /// Whether it may have the new secret of a key: of one that speaks for a person, only they.
    fn renews_key(&self, state: &State, id: KeyId) -> bool {
        let speaks = state.keys().get(id).is_some_and(|key| key.person.is_some());
        if speaks { self.owns_key(state, id) } else { self.administers_key(state, id) }
    }

    fn administers_key(&self, state: &State, id: KeyId) -> bool {
        state.keys().get(id).is_some_and(|key| self.administers(key.tenant.as_ref()))
    }
}

/// The keys that are in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiKeys(BTreeMap<KeyId, ApiKey>);

impl ApiKeys {
    /// A key by its id.
    #[must_use]
    pub fn get(&self, id: KeyId) -> Option<&ApiKey> {
        self.0.get(&id)
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (KeyId, &ApiKey)> {
        self.0.iter().map(|(id, key)| (*id, key))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key of a caller, if it is still in force with the secret that the caller showed.
    ///
    /// # Errors
    /// When it was revoked or its secret replaced, or it has ended by itself.
    pub fn admit(&self, caller: &Caller, now: Timestamp) -> Result<&ApiKey, Rejection> {
        self.get(caller.key)
            .filter(|key| key.generation == caller.generation && !key.is_over(now))
            .ok_or(Rejection::DeadKey(caller.key))
    }

    pub(crate) fn create(&mut self, created: &KeyCreated, at: Timestamp) {
        let KeyCreated { id, name, tenant, agent, person, scopes, secret_digest } = created.clone();
        let key = ApiKey {
            name,
            tenant,
            agent,
            person,
            scopes,
            expires: None,
            secret_digest,
            generation: 0,
            created: at,
            used: None,
        };
        self.0.insert(id, key);
    }

    pub(crate) fn rotate(&mut self, id: KeyId, secret_digest: Digest) {
        if let Some(key) = self.0.get_mut(&id) {
            key.secret_digest = secret_digest;
            key.generation = key.generation.saturating_add(1);
        }
    }

    pub(crate) fn revoke(&mut self, id: KeyId) {
        self.0.remove(&id);
    }

    /// Begins the session of a person. Their oldest one makes room where there is none.
    pub(crate) fn begin_session(&mut self, of: &SignedIn, person: &Person, at: Timestamp) {
        let own = || self.0.iter().filter(|(_, key)| key.is_session() && key.is_of(&of.person));
        if own().count() >= limits::MAX_SESSIONS_PER_PERSON
            && let Some(oldest) = own().min_by_key(|(id, key)| (key.created, **id))
        {
            let oldest = *oldest.0;
            self.0.remove(&oldest);
        }
        let session = ApiKey {
            name: KeyName::session(),
            tenant: person.tenant.clone(),
            agent: None,
            person: Some(of.person.clone()),
            scopes: person.roles.clone(),
            expires: Some(of.expires),
            secret_digest: of.secret_digest,
            generation: 0,
            created: at,
            used: None,
        };
        self.0.insert(of.key, session);
    }

    /// Ends the sessions of a person.
    pub(crate) fn end_sessions(&mut self, person: &PersonId) {
        self.0.retain(|_, key| !(key.is_session() && key.is_of(person)));
    }

    /// Ends whatever speaks for a person.
    pub(crate) fn end_all(&mut self, person: &PersonId) {
        self.0.retain(|_, key| !key.is_of(person));
    }

    /// Lets what speaks for a person do no more than they may: a session all of it, a key what it
    /// could before. A key that is left with nothing ends.
    pub(crate) fn restrict(&mut self, person: &PersonId, roles: &BTreeSet<KeyScope>) {
        for key in self.0.values_mut().filter(|key| key.is_of(person)) {
            if key.is_session() {
                key.scopes.clone_from(roles);
            } else {
                key.scopes.retain(|scope| roles.contains(scope));
            }
        }
        self.0.retain(|_, key| !key.scopes.is_empty());
    }

    /// Drops the sessions that are over.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        self.0.retain(|_, key| !key.is_over(now));
    }

    /// Notes that a key was used.
    pub(crate) fn touch(&mut self, id: KeyId, at: Timestamp) {
        if let Some(key) = self.0.get_mut(&id) {
            key.used = Some(at);
        }
    }
}
