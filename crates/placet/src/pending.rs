//! Held actions, as people see them in the inbox.

use std::collections::BTreeMap;

use placet_core::approval::{Approval, OpenApproval, OpenApprovals};
use placet_core::{AgentId, ApprovalId, PersonId, TenantId, Timestamp};
use placet_store::{StoreError, View};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::error::GuardError;
use crate::followed::Followed;
use crate::guard::Guard;

/// How many open approvals are looked at while nothing can be recorded: some tenths of a millisecond.
const LOOKED_AT: usize = 2_048;

/// A held action as people see it in the inbox. Serialises to the shape of the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// What it takes, and until when.
    pub approval: Approval,
    /// Who has signed off so far.
    pub signed: Vec<PersonId>,
    /// The decision and the frozen action.
    pub followed: Followed,
    /// How many wait that ask for the same call, this one included.
    pub identical: usize,
    /// The entry of each sign-off.
    entries: BTreeMap<PersonId, u64>,
}

impl Pending {
    /// When a person has signed off on it, if they have.
    #[must_use]
    pub fn signed_at(&self, person: &PersonId) -> Option<Timestamp> {
        let entry = self.entries.get(person)?;
        self.followed.steps.iter().find(|step| step.entry == *entry).map(|step| step.at)
    }

    /// How many more have to sign.
    #[must_use]
    pub fn missing(&self) -> usize {
        usize::from(self.approval.quorum).saturating_sub(self.signed.len())
    }

    /// An open approval of these with its action, as a view of the log has it; none if the log does
    /// not have the action.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn read(
        view: &dyn View,
        all: &OpenApprovals,
        open: &OpenApproval,
    ) -> Result<Option<Self>, StoreError> {
        let Some(row) = view.action(open.action)? else { return Ok(None) };
        let open = Counted::of(all, open);
        Ok(Followed::read(view, &row)?.map(|followed| Self::new(open, followed)))
    }

    fn new(open: Counted, followed: Followed) -> Self {
        let Counted { open, identical } = open;
        let signed = open.signed.keys().cloned().collect();
        Self { approval: open.terms, signed, followed, identical, entries: open.signed }
    }
}

/// Where an open approval stands among the others. Ids made within a millisecond do not say which came
/// first; entries do.
type Place = (Timestamp, u64, ApprovalId);

fn place(id: ApprovalId, open: &OpenApproval) -> Place {
    (open.opened, open.decided, id)
}

/// An open approval, and how many there are like it.
struct Counted {
    open: OpenApproval,
    identical: usize,
}

impl Counted {
    fn of(all: &OpenApprovals, open: &OpenApproval) -> Self {
        Self { open: open.clone(), identical: all.of_call(&open.of.tag) }
    }
}

impl Serialize for Pending {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut held = serializer.serialize_struct("Pending", 6)?;
        held.serialize_field("decision", &self.followed.answer)?;
        if let Some(frozen) = &self.followed.frozen {
            held.serialize_field("action", &frozen.action)?;
            held.serialize_field("evidence", &frozen.evidence)?;
        }
        held.serialize_field("signed", &self.signed)?;
        held.serialize_field("call", &self.followed.call())?;
        held.serialize_field("identical", &self.identical)?;
        held.end()
    }
}

impl Guard {
    /// The actions that wait for people, the oldest first: all, or those of one tenant. At most so
    /// many, from the one after `after` on.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn pending(
        &self,
        tenant: Option<&TenantId>,
        after: Option<ApprovalId>,
        limit: usize,
    ) -> Result<Vec<Pending>, GuardError> {
        self.pending_of(tenant, None, after, limit)
    }

    /// The same: all, those of one tenant, or those of one agent of it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn pending_of(
        &self,
        tenant: Option<&TenantId>,
        agent: Option<&AgentId>,
        after: Option<ApprovalId>,
        limit: usize,
    ) -> Result<Vec<Pending>, GuardError> {
        let mut pending = Vec::new();
        for (.., id) in self.places(tenant, agent, after) {
            if pending.len() >= limit {
                break;
            }
            pending.extend(self.held(id)?);
        }
        Ok(pending)
    }

    /// The places of open approvals, in their order. Commits are let in after every few of them, so
    /// what is opened or answered meanwhile may be among them or not.
    fn places(
        &self,
        tenant: Option<&TenantId>,
        agent: Option<&AgentId>,
        after: Option<ApprovalId>,
    ) -> Vec<Place> {
        let known = after.and_then(|id| {
            let state = self.log().state();
            state.approvals().open(id).map(|open| place(id, open))
        });
        let is_later = |found: &Place| match (after, known) {
            (_, Some(known)) => *found > known,
            (Some(after), None) => found.2 > after,
            (None, None) => true,
        };
        let is_wanted = |open: &OpenApproval| {
            let of = &open.of.subject;
            tenant.is_none_or(|tenant| of.tenant == *tenant)
                && agent.is_none_or(|agent| of.agent.as_ref() == Some(agent))
        };
        let (mut places, mut last) = (Vec::new(), None);
        loop {
            let before = last;
            let state = self.log().state();
            for (id, open) in state.approvals().behind(last).take(LOOKED_AT) {
                last = Some(id);
                if is_wanted(open) {
                    places.push(place(id, open));
                }
            }
            drop(state);
            if last == before {
                break;
            }
        }
        places.retain(is_later);
        places.sort_unstable();
        places
    }

    /// One of them; none if it waits no more, or never did.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn held(&self, approval: ApprovalId) -> Result<Option<Pending>, GuardError> {
        let open = {
            let state = self.log().state();
            let open = state.approvals().open(approval);
            open.map(|open| Counted::of(state.approvals(), open))
        };
        let Some(open) = open else { return Ok(None) };
        let followed = self.log().action(open.open.action)?;
        Ok(followed.map(|followed| Pending::new(open, followed)))
    }
}
