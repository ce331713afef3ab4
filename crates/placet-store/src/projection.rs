//! Projections: what the log says, in the shape that people search.
//!
//! Each entry changes at most one row of each kind, and which follows from the entry alone. So the rows can
//! be written in the commit that appends the entry, made again from the log at any time, and
//! checked against it. Nothing is ever decided from them.

use placet_core::approval::Approval;
use placet_core::autonomy::LedgerKey;
use placet_core::event::Decided;
use placet_core::{
    ActionId, AgentId, ApprovalId, AutonomyState, ClassName, Entry, Event, Outcome, PersonId,
    RequestTag, Scope, TenantId, Timestamp, ToolName, Verdict,
};

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It may run.
    Allowed,
    /// It may not.
    Blocked,
    /// It waits for people.
    Pending,
    /// A person said no.
    Denied,
    /// Nobody answered in time, or nobody ran it in time.
    Expired,
    /// People approved it, and it has not run.
    Approved,
    /// The agent took it back.
    Withdrawn,
    /// A person put another action in its place.
    Superseded,
    /// A kill switch or another policy ended it.
    Voided,
    /// It runs, and nobody has said what came of it.
    Redeemed,
    /// It did what it should.
    Succeeded,
    /// It did not.
    Failed,
    /// It was taken back.
    Reversed,
    /// Nobody said in time what came of it.
    Indeterminate,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 14] = [
        Self::Allowed,
        Self::Blocked,
        Self::Pending,
        Self::Denied,
        Self::Expired,
        Self::Approved,
        Self::Withdrawn,
        Self::Superseded,
        Self::Voided,
        Self::Redeemed,
        Self::Succeeded,
        Self::Failed,
        Self::Reversed,
        Self::Indeterminate,
    ];

    /// The word used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
            Self::Pending => "pending",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Approved => "approved",
            Self::Withdrawn => "withdrawn",
            Self::Superseded => "superseded",
            Self::Voided => "voided",
            Self::Redeemed => "redeemed",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Reversed => "reversed",
            Self::Indeterminate => "indeterminate",
        }
    }

    /// What a verdict makes of an action at first.
    #[must_use]
    pub fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allow => Self::Allowed,
            Verdict::RequireApproval => Self::Pending,
            Verdict::Block => Self::Blocked,
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// One action, as it was decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRow {
    /// The entry that decided on it.
    pub entry: u64,
    /// Its id.
    pub id: ActionId,
    /// When it was decided.
    pub at: Timestamp,
    /// On whose behalf.
    pub tenant: TenantId,
    /// The software that asked.
    pub agent: Option<AgentId>,
    /// The tool.
    pub tool: ToolName,
    /// The class, if the policy knew it.
    pub class: Option<ClassName>,
    /// What bound the caller.
    pub verdict: Verdict,
    /// What would have, where the mode changed it.
    pub would_have: Option<Verdict>,
    /// The approval that it waited for.
    pub approval: Option<ApprovalId>,
    /// The approval's deadline.
    pub deadline: Option<Timestamp>,
}

impl ActionRow {
    /// What the decision made of it.
    #[must_use]
    pub fn first_status(&self) -> Status {
        Status::of(self.verdict)
    }
}

/// One step in what became of an action after it was decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// The entry that says so.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// The action.
    pub action: ActionId,
    /// What became of it.
    pub status: Status,
}

/// One warrant that was shown and refused. It changes nothing of what became of its action, so it is
/// no step; and however many there are, they hide none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalRow {
    /// The entry that says so.
    pub entry: u64,
    /// The action.
    pub action: ActionId,
}

/// One time that a kill switch was tripped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchRow {
    /// The entry that tripped it.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// What it stops.
    pub scope: Scope,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: Option<PersonId>,
    /// The entry that reset it.
    pub reset: Option<u64>,
}

/// One step of a class on its ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutonomyRow {
    /// The entry that records it.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// Whose autonomy.
    pub of: LedgerKey,
    /// From this state.
    pub from: AutonomyState,
    /// To this one.
    pub to: AutonomyState,
}

/// A request that led to entries, so that its repetition is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// The first entry that it led to.
    pub entry: u64,
    /// Which request it is.
    pub id: RequestTag,
}

/// The request that an entry is the first of, if it may be repeated.
#[must_use]
pub fn request(of: &Entry) -> Option<RequestRow> {
    let request = of.origin?.request?;
    Some(RequestRow { entry: of.index, id: request.id })
}

/// What an entry does to the projections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Adds an action.
    Action(ActionRow),
    /// Adds a step in what became of an action.
    Step(StepRow),
    /// Adds a warrant that was refused.
    Refusal(RefusalRow),
    /// Adds a tripped switch.
    Switch(SwitchRow),
    /// Resets the switch of a scope.
    Reset {
        /// The scope.
        scope: Scope,
        /// The entry that says so.
        entry: u64,
    },
    /// Adds a step on a ladder.
    Autonomy(AutonomyRow),
}

/// What an entry does to the projections, if anything.
#[must_use]
pub fn change(of: &Entry) -> Option<Change> {
    let (entry, at) = (of.index, of.at);
    if let Some((action, status)) = step(&of.event) {
        return Some(Change::Step(StepRow { entry, at, action, status }));
    }
    match &of.event {
        Event::Decided(decided) => Some(Change::Action(action(entry, at, decided))),
        Event::RedemptionRefused(refused) => {
            Some(Change::Refusal(RefusalRow { entry, action: refused.action }))
        }
        Event::Tripped(switched) => Some(Change::Switch(SwitchRow {
            entry,
            at,
            scope: switched.scope.clone(),
            reason: switched.reason.clone(),
            by: switched.by.clone(),
            reset: None,
        })),
        Event::Reset(switched) => Some(Change::Reset { scope: switched.scope.clone(), entry }),
        Event::AutonomyChanged(changed) => Some(Change::Autonomy(AutonomyRow {
            entry,
            at,
            of: changed.of.clone(),
            from: changed.from,
            to: changed.to,
        })),
        Event::SignedOff(_)
        | Event::Denied(_)
        | Event::Expired(_)
        | Event::Withdrawn(_)
        | Event::Superseded(_)
        | Event::Voided(_)
        | Event::Redeemed(_)
        | Event::OutcomeReported(_)
        | Event::Indeterminate(_)
        | Event::PolicyInstalled(_)
        | Event::EvidenceReported(_)
        | Event::Ratified(_)
        | Event::Erased(_)
        | Event::KeyCreated(_)
        | Event::KeyRotated(_)
        | Event::KeyRevoked(_)
        | Event::WarrantKeyRotated(_)
        | Event::PersonInvited(_)
        | Event::PersonEnrolled(_)
        | Event::PersonChanged(_)
        | Event::PersonRemoved(_)
        | Event::SignedIn(_)
        | Event::StandingGranted(_)
        | Event::StandingRevoked(_)
        | Event::Unchanged(_) => None,
    }
}

/// What an event makes of an action, if anything.
fn step(event: &Event) -> Option<(ActionId, Status)> {
    Some(match event {
        // One of several that it takes leaves it waiting for the others.
        Event::SignedOff(signed) => {
            (signed.action, signed.expires.map_or(Status::Pending, |_| Status::Approved))
        }
        Event::Denied(denied) => (denied.action, Status::Denied),
        Event::Expired(expired) => (expired.action, Status::Expired),
        Event::Withdrawn(withdrawn) => (withdrawn.action, Status::Withdrawn),
        Event::Superseded(superseded) => (superseded.action, Status::Superseded),
        Event::Voided(voided) => (voided.action, Status::Voided),
        Event::Redeemed(redeemed) => (redeemed.action, Status::Redeemed),
        Event::OutcomeReported(reported) => (reported.action, reported.outcome.into()),
        Event::Indeterminate(doubtful) => (doubtful.action, Status::Indeterminate),
        _ => return None,
    })
}

impl From<Outcome> for Status {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Succeeded,
            Outcome::Failed => Self::Failed,
            Outcome::Reversed => Self::Reversed,
        }
    }
}

fn action(entry: u64, at: Timestamp, decided: &Decided) -> ActionRow {
    let subject = &decided.assessment.subject;
    ActionRow {
        entry,
        id: decided.id,
        at,
        tenant: subject.tenant.clone(),
        agent: subject.agent.clone(),
        tool: subject.tool.clone(),
        class: decided.assessment.class.clone(),
        verdict: decided.decision.verdict,
        would_have: decided.decision.would_have,
        approval: decided.approval.as_ref().map(|approval: &Approval| approval.id),
        deadline: decided.approval.as_ref().map(|approval| approval.deadline),
    }
}
