//! What a caller is told: the decision in the shape of the wire.

use placet_core::approval::Approval;
use placet_core::event::{Decided, Event, Payload};
use placet_core::{
    ActionId, AgentId, AutonomyState, ClassName, Decision, Digest, Finding, Mode, RiskTier,
    TenantId, Timestamp, Verdict,
};
use placet_store::StoreError;
use placet_store::entry::StoredEntry;
use placet_store::projection::{ActionRow, Status};
use serde::{Serialize, Serializer};
use serde_json::from_slice;

/// A decision, with what names it. Serialises to the shape that HTTP, `placet check` and the hooks
/// share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The action's id; none when the action was only evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ActionId>,
    /// The digest of the frozen action; none when that was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// What the caller must obey.
    pub verdict: Verdict,
    /// What the verdict would have been, where the mode changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_have: Option<Verdict>,
    /// The policy's mode.
    pub mode: Mode,
    /// The class that the tool falls into; none when the policy does not know it.
    pub class: Option<ClassName>,
    /// How much harm it can do.
    pub risk: Option<RiskTier>,
    /// What its class has earned.
    pub autonomy: Option<AutonomyState>,
    /// All that held it, and what let it pass.
    pub findings: Vec<Finding>,
    /// The policy that it was decided under.
    pub policy: Digest,
    /// When it was decided; none when it was only evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Its place in the log; none when it was only evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_index: Option<u64>,
    /// What it waits for, when it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

impl Answer {
    /// The answer for an action that was decided on without a record.
    pub(crate) fn evaluated(
        digest: Digest,
        class: Option<ClassName>,
        policy: Digest,
        decision: Decision,
    ) -> Self {
        Self {
            id: None,
            digest: Some(digest),
            verdict: decision.verdict,
            would_have: decision.would_have,
            mode: decision.mode,
            class,
            risk: decision.risk,
            autonomy: decision.autonomy,
            findings: decision.findings,
            policy,
            at: None,
            log_index: None,
            approval: None,
        }
    }

    /// The answer for an action whose decision is in the log.
    pub(crate) fn recorded(
        digest: Option<Digest>,
        decided: Decided,
        index: u64,
        at: Timestamp,
    ) -> Self {
        let Decided { id, assessment, decision, approval } = decided;
        Self {
            id: Some(id),
            digest,
            verdict: decision.verdict,
            would_have: decision.would_have,
            mode: decision.mode,
            class: assessment.class,
            risk: decision.risk,
            autonomy: decision.autonomy,
            findings: decision.findings,
            policy: assessment.policy,
            at: Some(at),
            log_index: Some(index),
            approval,
        }
    }

    /// Whether the caller may go ahead.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allow
    }
}

/// A decision of the log, and what became of its action since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Followed {
    /// The decision.
    #[serde(flatten)]
    pub answer: Answer,
    /// What became of the action.
    #[serde(serialize_with = "word")]
    pub status: Status,
    /// On whose behalf it was proposed.
    #[serde(skip)]
    pub tenant: TenantId,
    /// The software that proposed it.
    #[serde(skip)]
    pub agent: Option<AgentId>,
}

impl Followed {
    /// An action as the log has it.
    pub(crate) fn new(row: &ActionRow, stored: &StoredEntry) -> Result<Self, StoreError> {
        let damaged = |why: &dyn std::fmt::Display| {
            StoreError::Corrupt(format!("entry {}: {why}", stored.index))
        };
        let entry = stored.decode().map_err(|error| damaged(&error))?;
        let Event::Decided(decided) = entry.event else {
            return Err(damaged(&"it decides on no action"));
        };
        let payload = stored.private.as_ref().map(|private| from_slice(&private.payload));
        let digest = match payload.transpose().map_err(|error| damaged(&error))? {
            Some(Payload::Action(payload)) => Some(payload.digest),
            _ => None,
        };
        let subject = decided.assessment.subject.clone();
        Ok(Self {
            answer: Answer::recorded(digest, *decided, entry.index, entry.at),
            status: row.status,
            tenant: subject.tenant,
            agent: subject.agent,
        })
    }

    /// Whether it waits for people.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.status == Status::Pending
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn word<S: Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.as_str())
}
