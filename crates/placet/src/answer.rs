//! What a caller is told: the decision in the shape of the wire.

use placet_core::approval::Approval;
use placet_core::event::Decided;
use placet_core::{
    ActionId, AutonomyState, ClassName, Decision, Digest, Finding, Mode, RiskTier, Timestamp,
    Verdict,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A decision, with what names it. Serialises to the shape that HTTP, `placet check` and the hooks
/// share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "approval")]
    pub approval: Option<Approval>,
    /// The action in whose place a person put this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<ActionId>,
    /// Until when it may run, when it is allowed.
    #[serde(skip)]
    pub expires: Option<Timestamp>,
    /// Whether as many people as it takes had signed off on it beforehand: then it may run although
    /// it was held.
    #[serde(skip)]
    pub is_approved: bool,
    /// Whether it is the answer to an earlier request that was made once more. What was allowed then
    /// may have run since, or be forbidden.
    #[serde(skip)]
    pub is_repeated: bool,
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
            replaces: None,
            expires: None,
            is_approved: false,
            is_repeated: false,
        }
    }

    /// The answer for an action whose decision is in the log.
    pub(crate) fn recorded(
        digest: Option<Digest>,
        decided: Decided,
        index: u64,
        at: Timestamp,
    ) -> Self {
        let Decided { id, assessment, decision, approval, expires, replaces } = decided;
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
            replaces,
            expires,
            is_approved: false,
            is_repeated: false,
        }
    }

    /// Whether the caller may go ahead.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allow
    }
}

/// An approval as a daemon shows it: with the place where people answer it, which is no part of it.
fn approval<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Approval>, D::Error> {
    let mut shown = Option::<serde_json::Value>::deserialize(deserializer)?;
    if let Some(fields) = shown.as_mut().and_then(serde_json::Value::as_object_mut) {
        fields.remove("url");
    }
    shown.map(serde_json::from_value).transpose().map_err(D::Error::custom)
}
