//! Held actions that wait for people.
//!
//! What is held goes through up to three stages, each with data of its own, and each ends by
//! becoming the next: an [`OpenApproval`] waits for sign-offs; when enough people have signed it is a
//! [`Grant`](crate::execution::Grant), which may be redeemed once; redeemed, it is a
//! [`Run`](crate::execution::Run), of which somebody has yet to say how it ended.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use crate::assessment::{Assessment, Subject};
use crate::class::ApprovalTerms;
use crate::digest::{ActionTag, PersonTag};
use crate::id::{ActionId, ApprovalId, KeyId};
use crate::name::{AgentId, GroupName, PersonId, TenantId};
use crate::switch::Scope;
use crate::time::Timestamp;

/// A held action: what must come together before it may run, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Its own id: that of the action with another prefix.
    pub id: ApprovalId,
    /// At this time the answer is no.
    pub deadline: Timestamp,
    /// How many different people must sign off.
    pub quorum: u8,
    /// What each of them must write. The first is their statement.
    pub fields: Vec<String>,
    /// Groups of which each of them must be in one; empty means anyone who may approve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The least length of the statement, in grapheme clusters that show something.
    pub least_length: u16,
}

impl Approval {
    /// Whether it asks for the same as another, whenever either ends.
    #[must_use]
    pub fn asks_the_same(&self, other: &Self) -> bool {
        let asks = |of: &Self| (of.quorum, of.fields.clone(), of.groups.clone(), of.least_length);
        asks(self) == asks(other)
    }

    /// An approval on the terms of a class. No terms make it need nobody, or keep it open for
    /// ever.
    pub(crate) fn on(terms: ApprovalTerms, id: ApprovalId, now: Timestamp) -> Self {
        let open_for = terms.deadline.min(crate::limits::MAX_APPROVAL_DEADLINE);
        Self {
            id,
            deadline: now.saturating_add(open_for),
            quorum: terms.quorum.max(1),
            fields: terms.fields,
            groups: terms.groups,
            least_length: terms.least_length,
        }
    }
}

/// A person who answers, as far as it matters to the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approver {
    /// Who.
    pub person: PersonId,
    /// Recognises them as the one whom an action is done for.
    pub tag: PersonTag,
    /// The groups that they are in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<GroupName>,
}

/// What one approver wrote: each field by its name.
pub type Statement = BTreeMap<String, String>;

/// What the state remembers of an approval while it is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenApproval {
    /// The action that is held.
    pub action: ActionId,
    /// What is known of it.
    pub of: Box<Assessment>,
    /// What it takes.
    pub terms: Approval,
    /// When it was proposed.
    pub opened: Timestamp,
    /// The entry that decided on it.
    pub decided: u64,
    /// The key that proposed it, which cannot answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<KeyId>,
    /// Who has signed off so far, and in which entry.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub signed: BTreeMap<PersonId, u64>,
}

impl OpenApproval {
    /// How many more people must sign off.
    #[must_use]
    pub fn missing(&self) -> usize {
        usize::from(self.terms.quorum).saturating_sub(self.signed.len())
    }
}

/// The approvals that are open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Entries", into = "Entries")]
pub struct OpenApprovals {
    by_id: BTreeMap<ApprovalId, OpenApproval>,
    by_deadline: BTreeSet<(Timestamp, ApprovalId)>,
    by_agent: BTreeMap<Asker, usize>,
    by_key: BTreeMap<KeyId, usize>,
    by_tenant: BTreeMap<TenantId, usize>,
    by_call: BTreeMap<ActionTag, usize>,
}

/// An agent of a tenant; those without a name count as one.
type Asker = (TenantId, Option<AgentId>);

impl OpenApprovals {
    /// An open approval by its id.
    #[must_use]
    pub fn open(&self, id: ApprovalId) -> Option<&OpenApproval> {
        self.by_id.get(&id)
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (ApprovalId, &OpenApproval)> {
        self.by_id.iter().map(|(id, approval)| (*id, approval))
    }

    /// Those behind an id, in the order of their ids; without one, all of them.
    pub fn behind(
        &self,
        id: Option<ApprovalId>,
    ) -> impl Iterator<Item = (ApprovalId, &OpenApproval)> {
        let from = id.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_id.range((from, Bound::Unbounded)).map(|(id, approval)| (*id, approval))
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Those whose deadline has come, the earliest first.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = (ApprovalId, &OpenApproval)> {
        self.by_deadline
            .iter()
            .take_while(move |(deadline, _)| *deadline <= now)
            .filter_map(|(_, id)| self.by_id.get(id).map(|approval| (*id, approval)))
    }

    /// When the next one is due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.by_deadline.first().map(|(deadline, _)| *deadline)
    }

    /// How many are open for the agent that asks.
    #[must_use]
    pub fn of_agent(&self, subject: &Subject) -> usize {
        self.by_agent.get(&asker(subject)).copied().unwrap_or_default()
    }

    /// How many are open that a key asked for, in whatever name.
    #[must_use]
    pub fn of_key(&self, key: KeyId) -> usize {
        self.by_key.get(&key).copied().unwrap_or_default()
    }

    /// How many are open that ask for the same call.
    #[must_use]
    pub fn of_call(&self, call: &ActionTag) -> usize {
        self.by_call.get(call).copied().unwrap_or_default()
    }

    /// How many are open for a tenant.
    #[must_use]
    pub fn of_tenant(&self, tenant: &TenantId) -> usize {
        self.by_tenant.get(tenant).copied().unwrap_or_default()
    }

    /// The held actions that a switch covers.
    pub(crate) fn stopped_by(&self, scope: &Scope) -> Vec<ActionId> {
        let is_stopped =
            |open: &&OpenApproval| scope.covers(&open.of.subject, open.of.class.as_ref());
        self.by_id.values().filter(is_stopped).map(|open| open.action).collect()
    }

    pub(crate) fn insert(&mut self, id: ApprovalId, approval: OpenApproval) {
        self.remove(id);
        let subject = &approval.of.subject;
        self.by_deadline.insert((approval.terms.deadline, id));
        *self.by_agent.entry(asker(subject)).or_default() += 1;
        if let Some(key) = approval.proposed_by {
            *self.by_key.entry(key).or_default() += 1;
        }
        *self.by_call.entry(approval.of.tag).or_default() += 1;
        *self.by_tenant.entry(subject.tenant.clone()).or_default() += 1;
        self.by_id.insert(id, approval);
    }

    /// Notes that a person has signed off.
    pub(crate) fn sign(&mut self, id: ApprovalId, by: PersonId, entry: u64) {
        if let Some(open) = self.by_id.get_mut(&id) {
            open.signed.insert(by, entry);
        }
    }

    pub(crate) fn remove(&mut self, id: ApprovalId) -> Option<OpenApproval> {
        let approval = self.by_id.remove(&id)?;
        let subject = &approval.of.subject;
        self.by_deadline.remove(&(approval.terms.deadline, id));
        decrement(&mut self.by_agent, asker(subject));
        if let Some(key) = approval.proposed_by {
            decrement(&mut self.by_key, key);
        }
        decrement(&mut self.by_call, approval.of.tag);
        decrement(&mut self.by_tenant, subject.tenant.clone());
        Some(approval)
    }
}

/// Counts one less, and forgets what is counted no more.
pub(crate) fn decrement<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
    if let Entry::Occupied(mut count) = counts.entry(key) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

fn asker(subject: &Subject) -> Asker {
    (subject.tenant.clone(), subject.agent.clone())
}

/// The form in snapshots.
type Entries = BTreeMap<ApprovalId, OpenApproval>;

impl From<Entries> for OpenApprovals {
    fn from(by_id: Entries) -> Self {
        let mut open = Self::default();
        for (id, approval) in by_id {
            open.insert(id, approval);
        }
        open
    }
}

impl From<OpenApprovals> for Entries {
    fn from(open: OpenApprovals) -> Self {
        open.by_id
    }
}
