//! Commands: what someone wants to happen, before it is judged.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::approval::{Approver, Statement};
use crate::assessment::Assessment;
use crate::autonomy::{self, Evidence, LedgerKey};
use crate::digest::Digest;
use crate::erasure::ErasedOf;
use crate::event::{Entry, Kept, KeyCreated, KeyRevoked, KeyRotated, PolicyFile};
use crate::execution::{Outcome, Refusal};
use crate::id::{ActionId, ApprovalId, KeyId, StandingApprovalId};
use crate::limits;
use crate::name::{ClassName, PersonId, SourceName};
use crate::person::{
    PasswordVerifier, PersonChanged, PersonEnrolled, PersonInvited, PersonRemoved, SignedIn,
};
use crate::standing_approval::Bounds;
use crate::switch::Scope;
use crate::terms::Terms;
use crate::time::Timestamp;

/// What someone wants to happen.
#[derive(Clone, Debug)]
pub enum Command {
    /// Hold to another policy from here on.
    InstallPolicy {
        /// What it means.
        terms: Arc<Terms>,
        /// Its files.
        files: Vec<PolicyFile>,
        /// Who installs it.
        by: Option<PersonId>,
    },
    /// Decide on an action.
    Propose(Box<Proposal>),
    /// Sign off on a held action.
    SignOff(Box<SigningOff>),
    /// Put another action in the place of a held one, and sign off on that.
    Edit(Box<Edit>),
    /// Take back a standing approval.
    RevokeStanding {
        /// Which one.
        id: StandingApprovalId,
        /// Why.
        reason: String,
        /// Who.
        by: Option<PersonId>,
    },
    /// Take back what was asked for.
    Withdraw {
        /// The approval.
        approval: ApprovalId,
    },
    /// Look at a held action again, under the policy of now.
    Recheck {
        /// The approval.
        approval: ApprovalId,
        /// What is known of the action now.
        fresh: Box<Assessment>,
    },
    /// Spend a warrant.
    Redeem(Box<Redemption>),
    /// Say what came of an action.
    Conclude(Box<Conclusion>),
    /// Say no to a held action.
    Deny {
        /// The approval.
        approval: ApprovalId,
        /// Who says so.
        by: PersonId,
        /// Why, in their words.
        reason: String,
    },
    /// Stop what a scope covers.
    Trip {
        /// What to stop.
        scope: Scope,
        /// Why.
        reason: String,
        /// Who.
        by: Option<PersonId>,
    },
    /// Let it run again.
    Reset {
        /// The scope of the tripped switch.
        scope: Scope,
        /// Why.
        reason: String,
        /// Who.
        by: Option<PersonId>,
    },
    /// Take in evidence.
    Report(Evidence),
    /// Ratify autonomy for a consequential class.
    Ratify {
        /// Whose autonomy.
        of: LedgerKey,
        /// Who ratifies it.
        by: PersonId,
    },
    /// Note that an entry's payload is to be erased.
    Erase {
        /// The entry.
        index: u64,
        /// Why.
        reason: String,
        /// Who.
        by: Option<PersonId>,
        /// Whose the entry is, where a key of a tenant asks. The sequencer says so, whatever is here.
        of: Option<ErasedOf>,
    },
    /// Create an API key.
    CreateKey(Box<KeyCreated>),
    /// Replace the secret of an API key.
    RotateKey(KeyRotated),
    /// Sign warrants with another key from here on.
    RotateWarrantKey {
        /// Who.
        by: Option<PersonId>,
    },
    /// Revoke an API key.
    RevokeKey(KeyRevoked),
    /// Invite somebody.
    Invite(Box<PersonInvited>),
    /// Take an invitation.
    Enrol(Box<PersonEnrolled>),
    /// Change what somebody may do.
    ChangePerson(PersonChanged),
    /// Let somebody not sign in any more.
    RemovePerson(PersonRemoved),
    /// Begin a session.
    SignIn {
        /// Whose, and which.
        signed_in: SignedIn,
        /// What the password was checked against.
        verifier: PasswordVerifier,
    },
    /// Let time pass: close what is due.
    Tick,
}

/// An action to decide on.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The id it shall have.
    pub id: ActionId,
    /// What is known of it.
    pub assessment: Assessment,
    /// What is kept beside the leaf.
    pub payload: Kept,
}

/// A sign-off on a held action.
#[derive(Clone, Debug)]
pub struct SigningOff {
    /// The approval.
    pub approval: ApprovalId,
    /// Who signs.
    pub by: Approver,
    /// What they write.
    pub statement: Statement,
    /// The digest of the frozen action.
    pub digest: Digest,
    /// What is known of the action under the policy of now; needed where it was held under
    /// another.
    pub fresh: Option<Assessment>,
    /// How far the same may be done again without them, where they want that.
    pub standing: Option<Box<Bounds>>,
}

/// Another action in the place of a held one.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The approval of the action that is changed.
    pub approval: ApprovalId,
    /// Who changes it, and signs off on what they made of it.
    pub by: Approver,
    /// What they write.
    pub statement: Statement,
    /// The digest of the action that they made of it.
    pub digest: Digest,
    /// The action that they made of it.
    pub proposal: Proposal,
}

/// A warrant to be spent. Its signature was checked before.
#[derive(Clone, Debug)]
pub struct Redemption {
    /// The action that it is for.
    pub action: ActionId,
    /// The entry of the log that decided on the action.
    pub decided: Entry,
    /// What about it, or about how it is shown, is not as it was given.
    pub mismatch: Option<Mismatch>,
}

/// What about a warrant with a signature of ours, or about how it is shown, is not as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It is shown for another tool or other params.
    Call,
    /// It is shown by, or was made out to, another audience.
    Audience,
    /// It names another issuer.
    Issuer,
    /// The key that signed it is good no more.
    Key,
}

impl Mismatch {
    /// All that there are.
    pub const ALL: [Self; 4] = [Self::Call, Self::Audience, Self::Issuer, Self::Key];

    /// Why nothing is spent.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Call => Refusal::OtherAction,
            Self::Audience => Refusal::OtherAudience,
            Self::Issuer => Refusal::OtherIssuer,
            Self::Key => Refusal::OldKey,
        }
    }
}

/// What came of an action.
#[derive(Clone, Debug)]
pub struct Conclusion {
    /// The action.
    pub action: ActionId,
    /// The entry of the log that let it run: its redemption, or the decision to allow it.
    pub of: Entry,
    /// What came of it.
    pub outcome: Outcome,
    /// More about it, in the words of whoever reports; empty where there is nothing to say.
    pub detail: String,
}

/// Why a command was not accepted. Nothing happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rejection {
    /// The action was assessed under a policy that no longer holds.
    #[error("the policy changed while the action was assessed; propose it again")]
    StalePolicy,
    /// Evidence, or a ratification, for a class that the policy does not have.
    #[error("the policy has no class {0}; name one of its action classes")]
    UnknownClass(ClassName),
    /// Evidence from a source that the policy does not list.
    #[error("the policy does not list the evidence source {0}; add it to [graduation] sources")]
    UnknownSource(SourceName),
    /// A report without samples.
    #[error("the report has no samples; passed and failed are both 0")]
    NoSamples,
    /// A report beyond its limit.
    #[error("a report holds at most {} samples", limits::MAX_SAMPLES_PER_REPORT)]
    TooManySamples,
    /// More evidence sources, ledgers, switches or approvals than are kept.
    #[error("there are already {limit} {what}; close or remove some first")]
    TooMany {
        /// Of what.
        what: Cow<'static, str>,
        /// How many are kept.
        limit: usize,
    },
    /// A rotation while too many keys are good.
    #[error("there are already {limit} keys whose warrants may live; rotate again after {until}")]
    TooManyWarrantKeys {
        /// How many are kept.
        limit: usize,
        /// When the first of them is good no more.
        until: Timestamp,
    },
    /// A ratification that changes nothing.
    #[error("autonomy of {0} takes no ratification: the class is not consequential")]
    NotRatifiable(ClassName),
    /// Resetting a switch that is not tripped.
    #[error("the kill switch {0} is not tripped")]
    NotTripped(Scope),
    /// A reason that is empty or too long.
    #[error("the reason must be 1 to {} bytes long", limits::MAX_REASON_BYTES)]
    Reason,
    /// No such open approval: it never was, or it has been answered.
    #[error("no open approval has the id {0}")]
    UnknownApproval(ApprovalId),
    /// The answer came too late.
    #[error("the approval {0} expired at {1}")]
    ApprovalExpired(ApprovalId, Timestamp),
    /// An action with an id that one has which is held.
    #[error("there is already a held action with the id {0}; make another id")]
    KnownAction(ActionId),
    /// A standing approval for a tool without a class.
    #[error("the policy does not know this tool; only classes have standing approvals")]
    NoClass,
    /// A standing approval that is bound by too little, or by nothing.
    #[error(
        "a standing approval pins 1 to {} params, is used 1 to {} times and lasts at most {} days",
        limits::MAX_PINS, limits::MAX_STANDING_USES, limits::MAX_STANDING_TIME.as_secs() / 86_400
    )]
    StandingBounds,
    /// A standing approval with an action that was held under another policy.
    #[error(
        "another policy holds since the action was held; approve it alone, and let the next one stand"
    )]
    StandingPolicy,
    /// An id that another standing approval has.
    #[error("there is already a standing approval {0}; make another id")]
    KnownStanding(StandingApprovalId),
    /// A standing approval that is not in force.
    #[error("no standing approval in force has the id {0}")]
    UnknownStanding(StandingApprovalId),
    /// An action that the log does not have.
    #[error("the log has no action {0}")]
    UnknownAction(ActionId),
    /// An outcome of what was never allowed to run.
    #[error("the action {0} was not allowed to run, so nothing can have come of it")]
    NotRun(ActionId),
    /// A sign-off by who asked, or by whom it is done for.
    #[error("nobody approves what they asked for or what is done for them; let somebody else")]
    OwnAction,
    /// A second sign-off by the same person.
    #[error("you have signed off on this already; it takes somebody else as well")]
    SignedAlready,
    /// A sign-off by somebody of another group.
    #[error("this takes somebody of the group {0}")]
    OtherGroup(String),
    /// A field that says too little.
    #[error("{field} has {found} characters that show; it takes at least {least}")]
    ShortField {
        /// The field.
        field: String,
        /// How many it takes.
        least: u16,
        /// How many it has.
        found: usize,
    },
    /// A field beyond its limit.
    #[error("{field} is longer than {} bytes", limits::MAX_STATEMENT_BYTES)]
    LongField {
        /// The field.
        field: String,
    },
    /// A field that nobody asked for.
    #[error("the approval asks for no field {0}")]
    UnknownField(String),
    /// A change of more than the params.
    #[error("only the params of a held action can be changed")]
    OtherSubject,
    /// A change to what is not allowed.
    #[error("the policy blocks the changed action; change it back or deny it")]
    EditBlocked,
    /// A sign-off on what was held and is forbidden by now.
    #[error("a budget is used up since, or the same call was denied; it cannot be approved now")]
    Blocked,
    /// A report of an outcome beyond its limit.
    #[error("the report of an outcome is longer than {} bytes", limits::MAX_OUTCOME_BYTES)]
    LongOutcome,
    /// Evidence under the name that outcomes have.
    #[error(
        "the source {} is kept for the outcomes of actions; use another name",
        autonomy::OUTCOMES
    )]
    ReservedSource,
    /// Erasing what every later entry is judged by.
    #[error("entry {0} holds a policy, which is needed to judge the log again and stays")]
    PolicyEntry(u64),
    /// Erasing what is not there.
    #[error("the log has no entry {index}; it has {size}")]
    UnknownEntry {
        /// What was named.
        index: u64,
        /// How many there are.
        size: u64,
    },
    /// A key that is revoked, or whose secret was replaced, while the command was on its way.
    #[error("the key {0} is revoked or has another secret now")]
    DeadKey(KeyId),
    /// A request under the name of an earlier one that asked for something else.
    #[error("a request of this name asked for something else; give every request its own name")]
    OtherRequest,
    /// A key that may not do this.
    #[error("the key {0} may not do this")]
    Forbidden(KeyId),
    /// Rotating or revoking a key that is not in force.
    #[error("there is no key {0}")]
    UnknownKey(KeyId),
    /// A key that could do nothing.
    #[error("the key has no scope; give it at least one of agent, approver, admin and auditor")]
    NoScope,
    /// A key for proposing actions that could propose them for anyone.
    #[error("a key with the scope agent, or for one agent, must name its tenant")]
    NoTenant,
    /// A key that is bound to one agent, and in charge of all of them.
    #[error("a key with the scope admin belongs to no agent; leave out one of the two")]
    AdminOfAgent,
    /// A key that would speak for somebody, and could do what they may not.
    #[error(
        "a key that speaks for {0} has their tenant and at most their roles, and belongs to no agent"
    )]
    BeyondPerson(PersonId),
    /// Nobody of this name may sign in.
    #[error("there is nobody called {0}")]
    UnknownPerson(PersonId),
    /// A name that somebody of another tenant has.
    #[error("there is somebody else called {0}; choose another name")]
    KnownPerson(PersonId),
    /// Somebody who could do nothing, or what only software does.
    #[error("give a person at least one of the roles approver, admin and auditor, and not agent")]
    Roles,
    /// An invitation that nobody could take, or that could be taken for too long.
    #[error("an invitation ends in the future, {} days from now at the latest", limits::MAX_INVITE_TIME.as_secs() / 86_400)]
    InviteTime,
    /// An invitation that was taken, replaced or never made, or is over.
    #[error(
        "this invitation was used already, replaced by a newer one, or is over; ask for another"
    )]
    DeadInvite,
    /// A verifier that would cost too much, or too little.
    #[error("the password was stretched with costs that are not accepted here")]
    Verifier,
    /// A session that would be over, or be there for too long.
    #[error("a session ends in the future, {} hours from now at the latest", limits::MAX_SESSION_TIME.as_secs() / 3_600)]
    SessionTime,
    /// An id that another key has.
    #[error("there is already a key {0}; make another id")]
    KnownKey(KeyId),
}
