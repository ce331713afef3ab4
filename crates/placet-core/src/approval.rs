//! Held actions that wait for people.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::assessment::Subject;
use crate::digest::ActionTag;
use crate::id::{ActionId, ApprovalId};
use crate::name::{AgentId, TenantId};
use crate::time::Timestamp;

/// A held action: what must come together before it may run, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Its own id.
    pub id: ApprovalId,
    /// At this time the answer is no.
    pub deadline: Timestamp,
    /// How many different people must sign off.
    pub quorum: u8,
    /// What each of them must write.
    pub fields: Vec<String>,
}

/// What the state remembers of an approval while it is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenApproval {
    /// The action that is held.
    pub action: ActionId,
    /// Its call, for the cool-down after a denial.
    pub tag: ActionTag,
    /// Who asked for what.
    pub subject: Subject,
    /// At this time the answer is no.
    pub deadline: Timestamp,
}

/// The approvals that are open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Entries", into = "Entries")]
pub struct OpenApprovals {
    by_id: BTreeMap<ApprovalId, OpenApproval>,
    by_deadline: BTreeSet<(Timestamp, ApprovalId)>,
    by_agent: BTreeMap<Asker, usize>,
    by_tenant: BTreeMap<TenantId, usize>,
}

/// An agent of a tenant; those without a name count as one.
type Asker = (TenantId, Option<AgentId>);

impl OpenApprovals {
    /// An open approval by its id.
    #[must_use]
    pub fn open(&self, id: ApprovalId) -> Option<&OpenApproval> {
        self.by_id.get(&id)
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

    /// How many are open for a tenant.
    #[must_use]
    pub fn of_tenant(&self, tenant: &TenantId) -> usize {
        self.by_tenant.get(tenant).copied().unwrap_or_default()
    }

    pub(crate) fn insert(&mut self, id: ApprovalId, approval: OpenApproval) {
        self.remove(id);
        self.by_deadline.insert((approval.deadline, id));
        *self.by_agent.entry(asker(&approval.subject)).or_default() += 1;
        *self.by_tenant.entry(approval.subject.tenant.clone()).or_default() += 1;
        self.by_id.insert(id, approval);
    }

    pub(crate) fn remove(&mut self, id: ApprovalId) -> Option<OpenApproval> {
        let approval = self.by_id.remove(&id)?;
        self.by_deadline.remove(&(approval.deadline, id));
        decrement(&mut self.by_agent, asker(&approval.subject));
        decrement(&mut self.by_tenant, approval.subject.tenant.clone());
        Some(approval)
    }
}

/// Counts one less, and forgets what is counted no more.
fn decrement<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
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
