//! Facts: what happened, in the order in which it was judged.
//!
//! An [`Entry`] is one leaf of the log: public, and never changed. What may have to be erased, or
//! is too large for a leaf, is its [`Payload`], kept beside it; the leaf holds only a salted
//! commitment to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::api_key::KeyScope;
use crate::approval::{Approval, Approver, Statement};
use crate::assessment::{Assessment, Subject};
use crate::autonomy::{Evidence, LedgerKey};
use crate::caller::Origin;
use crate::class::AutonomyState;
use crate::command::Rejection;
use crate::decide::Decision;
use crate::digest::Digest;
use crate::erasure::ErasedOf;
use crate::execution::{Outcome, Refusal};
use crate::id::{ActionId, ApprovalId, KeyId, StandingApprovalId};
use crate::json::Json;
use crate::log::{Commitment, Sealed};
use crate::name::{AgentId, ClassName, KeyName, PersonId, TenantId};
use crate::person::{PersonChanged, PersonEnrolled, PersonInvited, PersonRemoved, SignedIn};
use crate::standing_approval::{StandingGranted, StandingRevoked};
use crate::switch::Scope;
use crate::terms::Terms;
use crate::time::Timestamp;

/// One leaf of the log.
///
/// The fields of what every leaf holds stand in the order of their names, here and in the types
/// within: the canonical order, which spares putting them into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When it was judged. Never earlier than the entry before it.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// Its place in the log, from 0.
    pub index: u64,
    /// On whose word, where it was asked for with an API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What its payload is committed to, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Commitment>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// From here on this policy holds.
    PolicyInstalled(PolicyInstalled),
    /// An action was proposed and decided on.
    Decided(Box<Decided>),
    /// A person said no.
    Denied(Denied),
    /// An approval reached its deadline.
    Expired(Expired),
    /// A person signed off.
    SignedOff(Box<SignedOff>),
    /// The agent took back what it had asked for.
    Withdrawn(Withdrawn),
    /// A person changed what was asked for; another action takes its place.
    Superseded(Superseded),
    /// A kill switch or another policy ended it.
    Voided(Voided),
    /// A warrant was spent: the action runs.
    Redeemed(Redeemed),
    /// A warrant was shown and not accepted.
    RedemptionRefused(RedemptionRefused),
    /// Somebody said what came of an action.
    OutcomeReported(OutcomeReported),
    /// Nobody said in time what came of an action.
    Indeterminate(Indeterminate),
    /// A kill switch was tripped.
    Tripped(Switched),
    /// A kill switch was reset.
    Reset(Switched),
    /// Evidence came in.
    EvidenceReported(Evidence),
    /// A person ratified autonomy for a consequential class.
    Ratified(Ratified),
    /// A class went up or down its ladder.
    AutonomyChanged(AutonomyChanged),
    /// The payload of an earlier entry was erased.
    Erased(Erased),
    /// An API key was created.
    KeyCreated(KeyCreated),
    /// The secret of an API key was replaced.
    KeyRotated(KeyRotated),
    /// An API key was revoked.
    KeyRevoked(KeyRevoked),
    /// Warrants are signed by another key from here on.
    WarrantKeyRotated(WarrantKeyRotated),
    /// Somebody was invited.
    PersonInvited(Box<PersonInvited>),
    /// Somebody took their invitation.
    PersonEnrolled(Box<PersonEnrolled>),
    /// What somebody may do was changed.
    PersonChanged(PersonChanged),
    /// Somebody may not sign in any more.
    PersonRemoved(PersonRemoved),
    /// Somebody signed in.
    SignedIn(SignedIn),
    /// A person said how far what they signed off on may be done again without them.
    StandingGranted(Box<StandingGranted>),
    /// A standing approval was taken back.
    StandingRevoked(StandingRevoked),
    /// A request changed nothing. It is kept so that its repetition gets the same answer.
    Unchanged(Unchanged),
}

impl Event {
    /// The kind of event in one word, as it is written.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PolicyInstalled(_) => "policy_installed",
            Self::Decided(_) => "decided",
            Self::Denied(_) => "denied",
            Self::Expired(_) => "expired",
            Self::SignedOff(_) => "signed_off",
            Self::Withdrawn(_) => "withdrawn",
            Self::Superseded(_) => "superseded",
            Self::Voided(_) => "voided",
            Self::Redeemed(_) => "redeemed",
            Self::RedemptionRefused(_) => "redemption_refused",
            Self::OutcomeReported(_) => "outcome_reported",
            Self::Indeterminate(_) => "indeterminate",
            Self::Tripped(_) => "tripped",
            Self::Reset(_) => "reset",
            Self::EvidenceReported(_) => "evidence_reported",
            Self::Ratified(_) => "ratified",
            Self::AutonomyChanged(_) => "autonomy_changed",
            Self::Erased(_) => "erased",
            Self::KeyCreated(_) => "key_created",
            Self::KeyRotated(_) => "key_rotated",
            Self::KeyRevoked(_) => "key_revoked",
            Self::WarrantKeyRotated(_) => "warrant_key_rotated",
            Self::PersonInvited(_) => "person_invited",
            Self::PersonEnrolled(_) => "person_enrolled",
            Self::PersonChanged(_) => "person_changed",
            Self::PersonRemoved(_) => "person_removed",
            Self::SignedIn(_) => "signed_in",
            Self::StandingGranted(_) => "standing_granted",
            Self::StandingRevoked(_) => "standing_revoked",
            Self::Unchanged(_) => "unchanged",
        }
    }

    /// The action that it is about, if it is about one.
    #[must_use]
    pub fn action(&self) -> Option<ActionId> {
        Some(match self {
            Self::Decided(decided) => decided.id,
            Self::SignedOff(signed) => signed.action,
            Self::Denied(denied) => denied.action,
            Self::Expired(expired) => expired.action,
            Self::Withdrawn(withdrawn) => withdrawn.action,
            Self::Superseded(superseded) => superseded.action,
            Self::Voided(voided) => voided.action,
            Self::Redeemed(redeemed) => redeemed.action,
            Self::RedemptionRefused(refused) => refused.action,
            Self::OutcomeReported(reported) => reported.action,
            Self::Indeterminate(doubtful) => doubtful.action,
            Self::StandingGranted(granted) => granted.action,
            Self::StandingRevoked(revoked) => revoked.action,
            _ => return None,
        })
    }

    /// The standing approval by which somebody signed off beforehand, where they did.
    #[must_use]
    pub fn standing(&self) -> Option<StandingApprovalId> {
        match self {
            Self::SignedOff(signed) => signed.standing,
            _ => None,
        }
    }

    /// The earlier entry that it rests on, where that is no longer part of the state.
    #[must_use]
    pub fn cites(&self) -> Option<u64> {
        match self {
            Self::Redeemed(redeemed) => Some(redeemed.decided),
            Self::RedemptionRefused(refused) => Some(refused.decided),
            Self::OutcomeReported(reported) => Some(reported.of),
            _ => None,
        }
    }
}

/// From here on this policy holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyInstalled {
    /// The digest of its files.
    pub policy: Digest,
    /// Who installed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    /// What it means. It is too large for a leaf and comes from the payload; while it is missing,
    /// nothing is let through.
    #[serde(skip)]
    pub terms: Option<Arc<Terms>>,
}

/// An action was proposed and decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// What it waits for, when it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// What was known of it.
    pub assessment: Assessment,
    /// What was decided.
    pub decision: Decision,
    /// Until when its warrant may be redeemed, when it is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The action's id.
    pub id: ActionId,
    /// The action in whose place a person put it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<ActionId>,
}

/// A person signed off. What they wrote is in the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedOff {
    /// The approval.
    pub approval: ApprovalId,
    /// The action that is held.
    pub action: ActionId,
    /// Who.
    pub by: Approver,
    /// Until when the action may run, where this sign-off was the last one that it needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// What is known of the action under the policy of now, where that is another than the one it
    /// was held under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh: Option<Assessment>,
    /// The standing approval by which they signed off beforehand, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<StandingApprovalId>,
}

/// The agent took back what it had asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawn {
    /// The approval that is closed by it.
    pub approval: ApprovalId,
    /// The action that does not run.
    pub action: ActionId,
}

/// A person changed what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Superseded {
    /// The approval that is closed by it.
    pub approval: ApprovalId,
    /// The action that does not run.
    pub action: ActionId,
    /// Who changed it.
    pub by: PersonId,
    /// The action that takes its place, decided on in the entry before.
    pub successor: ActionId,
}

/// A kill switch or another policy ended what was held, or approved and had not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voided {
    /// The action that does not run.
    pub action: ActionId,
    /// What ended it.
    pub why: Void,
}

/// What ended a held action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Void {
    /// This kill switch.
    Switch(Scope),
    /// The policy of now, under which this is known of it.
    Policy(Box<Assessment>),
}

/// A warrant was spent: the action runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redeemed {
    /// The action.
    pub action: ActionId,
    /// The entry that decided on it.
    pub decided: u64,
    /// Until when the warrant could have been spent.
    pub expires: Timestamp,
    /// When it is in doubt what came of the action.
    pub report_by: Timestamp,
    /// Who asked for what.
    pub subject: Subject,
    /// Its class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ClassName>,
}

/// A warrant was shown and not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedemptionRefused {
    /// The action.
    pub action: ActionId,
    /// The entry that decided on it.
    pub decided: u64,
    /// Who asked for what.
    pub subject: Subject,
    /// Why not.
    pub why: Refusal,
}

/// Somebody said what came of an action. Their words are in the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeReported {
    /// The action.
    pub action: ActionId,
    /// The entry that let it run: its redemption, or the decision to allow it.
    pub of: u64,
    /// What came of it.
    pub outcome: Outcome,
    /// Who asked for what.
    pub subject: Subject,
    /// Its class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ClassName>,
}

/// Nobody said in time what came of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indeterminate {
    /// The action.
    pub action: ActionId,
}

/// A person said no. What they wrote is in the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denied {
    /// The approval that is closed by it.
    pub approval: ApprovalId,
    /// The action that does not run.
    pub action: ActionId,
    /// Who said so.
    pub by: PersonId,
}

/// An approval reached its deadline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expired {
    /// The approval.
    pub approval: ApprovalId,
    /// The action that does not run.
    pub action: ActionId,
}

/// A kill switch was tripped or reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switched {
    /// Which one.
    pub scope: Scope,
    /// Why.
    pub reason: String,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
}

/// A person ratified autonomy for a consequential class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ratified {
    /// Whose autonomy.
    pub of: LedgerKey,
    /// Who ratified it.
    pub by: PersonId,
}

/// A class went up or down its ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutonomyChanged {
    /// Whose autonomy.
    pub of: LedgerKey,
    /// From this state.
    pub from: AutonomyState,
    /// To this one.
    pub to: AutonomyState,
    /// What is missing for the next step; after a loss, what was lost.
    pub missing: Vec<String>,
}

/// The payload of an earlier entry was erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// The entry whose payload is gone.
    pub index: u64,
    /// Why.
    pub reason: String,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    /// Whose the entry is, where a key of a tenant asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<ErasedOf>,
}

/// An API key was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCreated {
    /// Its id.
    pub id: KeyId,
    /// What it is for.
    pub name: KeyName,
    /// The tenant it speaks for.
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
    /// The digest of its secret.
    pub secret_digest: Digest,
}

/// The secret of an API key was replaced; the one before is worth nothing from here on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRotated {
    /// The key.
    pub id: KeyId,
    /// The digest of its new secret.
    pub secret_digest: Digest,
}

/// An API key was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRevoked {
    /// The key.
    pub id: KeyId,
}

/// Warrants are signed by another key from here on. Those that earlier ones signed stay good until
/// they expire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarrantKeyRotated {
    /// Which key it is: they are counted from 0.
    pub generation: u32,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
}

/// A request changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unchanged {
    /// Why it was refused; none when it asked for what was so already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Rejection>,
}

/// What is kept beside a leaf: erasable, and bound to it by a salted commitment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Payload {
    /// Of a decided action.
    Action(Box<ActionPayload>),
    /// Of an installed policy.
    Policy(Box<PolicyPayload>),
    /// Of a denial, or of an outcome.
    Statement(String),
    /// Of a sign-off: what the approver wrote, and the digest of what they signed.
    SignOff(Box<SignOffPayload>),
    /// Of a standing approval: the values that it pins, by their places.
    Pins(BTreeMap<String, Json>),
}

/// A decided action, frozen, with its secrets already replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionPayload {
    /// The action in the shape of the wire: the bytes that the digest is taken of.
    pub action: Json,
    /// The digest that decision, sign-off, warrant and outcome all name.
    pub digest: Digest,
    /// What inspection saw, with the evidence for it.
    pub evidence: Json,
}

/// What an approver wrote, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOffPayload {
    /// The digest of the frozen action.
    pub digest: Digest,
    /// Each field by its name, verbatim.
    pub statement: Statement,
}

/// A policy as it was written, and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyPayload {
    /// What it means.
    pub terms: Arc<Terms>,
    /// The files, by name.
    pub files: Vec<PolicyFile>,
}

/// One file of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// Its name, without a folder.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// An event before it has a place in the log, with its payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What happened.
    pub event: Event,
    /// What is kept beside it.
    pub payload: Option<Kept>,
}

/// A payload on its way to be kept beside a leaf.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// As it is; it is sealed when it is appended.
    Open(Payload),
    /// Sealed before it was judged, by whoever had the time.
    Sealed(Sealed),
}

impl From<ActionPayload> for Kept {
    fn from(payload: ActionPayload) -> Self {
        Self::Open(Payload::Action(Box::new(payload)))
    }
}

impl From<Event> for Fact {
    fn from(event: Event) -> Self {
        Self { event, payload: None }
    }
}
