//! An action of the log, and what became of it since.

use placet_core::assessment::Subject;
use placet_core::event::{ActionPayload, Event, Payload};
use placet_core::{Action, ActionId, ActionTag, Entry, Timestamp};
use placet_store::entry::StoredEntry;
use placet_store::projection::{ActionRow, Status, StepRow};
use placet_store::{StoreError, View};
use serde::{Serialize, Serializer};

use crate::answer::Answer;

/// Most steps of one action that are looked at: an ordinary one takes three.
const MAX_STEPS: usize = 100;

/// Most refusals of its warrant that are looked at, the latest: whoever shows a dead warrant again and
/// again says nothing new.
const MAX_REFUSALS: usize = 20;

/// A decision of the log, and what became of its action since.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Followed {
    /// The decision.
    #[serde(flatten)]
    pub answer: Answer,
    /// What became of the action.
    #[serde(serialize_with = "word")]
    pub status: Status,
    /// Why a person said no, in their words, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denial: Option<String>,
    /// The action that a person put in its place, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<ActionId>,
    #[serde(skip)]
    id: ActionId,
    /// Who asked for what.
    #[serde(skip)]
    pub subject: Subject,
    /// The entry that decided on it.
    #[serde(skip)]
    pub decided: Entry,
    /// The frozen action with what inspection saw; none when it was erased. Only the action itself
    /// is written out.
    #[serde(rename = "action", skip_serializing_if = "Option::is_none", serialize_with = "frozen")]
    pub frozen: Option<ActionPayload>,
    /// What happened since, the latest first.
    #[serde(skip)]
    pub steps: Vec<StepRow>,
    /// The entries that refused its warrant, the latest first. They change nothing of what became of
    /// it.
    #[serde(skip)]
    pub refusals: Vec<u64>,
    /// Until when it may run, and the entry that permits it, where it may.
    #[serde(skip)]
    pub permit: Option<(Timestamp, u64)>,
}

impl Followed {
    /// An action as a view of the log has it.
    pub(crate) fn read(view: &dyn View, row: &ActionRow) -> Result<Option<Self>, StoreError> {
        let Some(stored) = view.entries(row.entry, 1)?.into_iter().next() else { return Ok(None) };
        let entry = decode(&stored)?;
        let Event::Decided(decided) = entry.event.clone() else {
            return Err(damaged(&stored, &"it decides on no action"));
        };
        let frozen = match payload(&stored)? {
            Some(Payload::Action(payload)) => Some(*payload),
            _ => None,
        };
        let digest = frozen.as_ref().map(|frozen| frozen.digest);
        let steps = view.steps_of(row.id, MAX_STEPS)?;
        let refusals = view.refusals_of(row.id, MAX_REFUSALS)?;
        let status = steps.first().map_or(row.first_status(), |step| step.status);
        let subject = decided.assessment.subject.clone();
        let expires = decided.expires;
        let mut followed = Self {
            answer: Answer::recorded(digest, *decided, entry.index, entry.at),
            status,
            denial: None,
            successor: None,
            id: row.id,
            subject,
            permit: expires.map(|expires| (expires, entry.index)),
            decided: entry,
            frozen,
            steps,
            refusals: refusals.iter().map(|refusal| refusal.entry).collect(),
        };
        followed.look_at_last_step(view)?;
        Ok(Some(followed))
    }

    fn look_at_last_step(&mut self, view: &dyn View) -> Result<(), StoreError> {
        let Some(last) = self.steps.first() else { return Ok(()) };
        let Some(stored) = view.entries(last.entry, 1)?.into_iter().next() else { return Ok(()) };
        let entry = decode(&stored)?;
        self.permit = None;
        match &entry.event {
            Event::SignedOff(signed) => {
                self.permit = signed.expires.map(|expires| (expires, entry.index));
            }
            Event::Superseded(superseded) => self.successor = Some(superseded.successor),
            Event::Denied(_) => {
                if let Some(Payload::Statement(reason)) = payload(&stored)? {
                    self.denial = Some(reason);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The action's id.
    #[must_use]
    pub fn id(&self) -> ActionId {
        self.id
    }

    /// The tag of its call: the same for whatever asks for the same tool with the same params, on
    /// behalf of the same tenant.
    #[must_use]
    pub fn call(&self) -> Option<ActionTag> {
        match &self.decided.event {
            Event::Decided(decided) => Some(decided.assessment.tag),
            _ => None,
        }
    }

    /// Whether a call with this tag is the one that was decided on.
    pub(crate) fn is_call(&self, tag: &ActionTag) -> bool {
        self.call() == Some(*tag)
    }

    /// Whether whoever asked for it asked to be held to the decision whatever the mode.
    pub(crate) fn is_enforced(&self) -> bool {
        matches!(&self.decided.event, Event::Decided(decided) if decided.assessment.enforce)
    }

    /// Whether it waits for people.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.status == Status::Pending
    }

    /// The frozen action: what was decided on, what people see and what runs, with its secrets
    /// replaced. None when it was erased.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        Action::from_json(self.frozen.as_ref()?.action.clone()).ok()
    }
}

pub(crate) fn decode(stored: &StoredEntry) -> Result<Entry, StoreError> {
    stored.decode().map_err(|error| damaged(stored, &error))
}

pub(crate) fn payload(stored: &StoredEntry) -> Result<Option<Payload>, StoreError> {
    let read = stored.private.as_ref().map(|private| serde_json::from_slice(&private.payload));
    // What serde says of it may repeat what it says.
    read.transpose().map_err(|error: serde_json::Error| {
        damaged(stored, &format_args!("its payload makes no sense from byte {} on", error.column()))
    })
}

fn damaged(stored: &StoredEntry, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("entry {}: {why}", stored.index))
}

fn frozen<S: Serializer>(of: &Option<ActionPayload>, serializer: S) -> Result<S::Ok, S::Error> {
    of.as_ref().map(|payload| &payload.action).serialize(serializer)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn word<S: Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.as_str())
}
