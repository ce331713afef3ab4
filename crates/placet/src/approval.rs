//! Held actions: answering them, taking them back, waiting for the answer.

use std::collections::BTreeSet;

use placet_core::approval::Statement;
use placet_core::assessment::Assessment;
use placet_core::command::{Edit, Proposal, SigningOff};
use placet_core::event::{Event, Kept, Payload};
use placet_core::json::Object;
use placet_core::standing_approval::Bounds;
use placet_core::{
    Action, ActionId, ApprovalId, Command, Digest, Entry, GroupName, PersonId, Rejection,
};
use placet_policy::Assessed;
use placet_store::SubmitError;
use placet_store::entry::seal_payload;
use placet_store::projection::Status;

use crate::error::GuardError;
use crate::followed::Followed;
use crate::guard::{Guard, MAX_REASSESSMENTS};
use crate::ids;
use crate::notice::Notice;
use crate::standing_approval::Reach;

/// A person who answers. That it is them is for the caller to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// Who.
    pub person: PersonId,
    /// The groups that they are in.
    pub groups: BTreeSet<GroupName>,
}

/// What a person answers to a held action.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// It may run.
    Approve {
        /// What they write, each field by its name.
        statement: Statement,
    },
    /// It may run, and the like of it without asking.
    ApproveStanding {
        /// What they write, each field by its name.
        statement: Statement,
        /// What the like of it is.
        reach: Reach,
    },
    /// It may run with other params.
    Edit {
        /// Those params.
        params: Object,
        /// What they write, each field by its name.
        statement: Statement,
    },
    /// It may not run.
    Deny {
        /// Why; the agent is told.
        reason: String,
    },
}

/// What an answer led to. The first answer wins: a second one changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It was taken in. Where more people have to sign off, the action is still pending.
    Resolved(Status),
    /// There was an answer before, or the same person signed before.
    AlreadyResolved(Status),
    /// The deadline has passed; then the answer is no.
    Expired,
    /// There is no such approval.
    Unknown,
}

impl Resolution {
    /// The word used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolved(_) => "resolved",
            Self::AlreadyResolved(_) => "already_resolved",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }

    /// What the answer made of the action, or what had ended the wait before it, where there is one.
    #[must_use]
    pub fn status(self) -> Option<Status> {
        match self {
            Self::Resolved(status) | Self::AlreadyResolved(status) => Some(status),
            Self::Expired => Some(Status::Expired),
            Self::Unknown => None,
        }
    }
}

impl Guard {
    /// Takes in a person's answer to a held action.
    ///
    /// Asked twice, also by two at the same time, it is taken in once.
    ///
    /// # Errors
    /// When the person may not give this answer, it lacks something, or it could not be recorded.
    pub async fn resolve(
        &self,
        approval: ApprovalId,
        by: &Approver,
        reply: Reply,
    ) -> Result<Resolution, GuardError> {
        for _ in 0..MAX_REASSESSMENTS {
            let Some(followed) = self.log().action(approval.action())? else {
                return Ok(Resolution::Unknown);
            };
            if followed.answer.approval.is_none() {
                return Ok(Resolution::Unknown);
            }
            let led = match self.answer(approval, by, reply.clone(), &followed) {
                // Nobody sees any more what they answer, but who did in time is told so again.
                Err(GuardError::Erased) => self.answered_without_payload(approval)?,
                command => self.submit(command?).await.map(|committed| committed.entries),
            };
            match led {
                Ok(entries) => return Ok(outcome(approval, &entries)),
                Err(GuardError::Rejected(Rejection::StalePolicy)) => self.follow_policy()?,
                Err(GuardError::Rejected(Rejection::UnknownApproval(_))) => {
                    return self.resolution(approval, Resolution::AlreadyResolved);
                }
                // It waits for others.
                Err(GuardError::Rejected(Rejection::SignedAlready)) => {
                    return Ok(Resolution::AlreadyResolved(Status::Pending));
                }
                Err(GuardError::Rejected(Rejection::ApprovalExpired(..))) => {
                    return Ok(Resolution::Expired);
                }
                Err(error) => return Err(error),
            }
        }
        Err(GuardError::Rejected(Rejection::StalePolicy))
    }

    fn resolution(
        &self,
        approval: ApprovalId,
        kind: fn(Status) -> Resolution,
    ) -> Result<Resolution, GuardError> {
        let found = self.log().action(approval.action())?;
        Ok(match found.map(|found| ended(&found)) {
            None => Resolution::Unknown,
            Some(Status::Expired) => Resolution::Expired,
            Some(status) => kind(status),
        })
    }

    fn answer(
        &self,
        approval: ApprovalId,
        by: &Approver,
        reply: Reply,
        followed: &Followed,
    ) -> Result<Command, GuardError> {
        let Approver { person, groups } = by.clone();
        let tag = self.log().pepper().person_tag(&person);
        let signer = placet_core::Approver { person, tag, groups };
        Ok(match reply {
            Reply::Deny { reason } => Command::Deny { approval, by: signer.person, reason },
            Reply::Approve { statement } => self.sign_off(signer, statement, None, followed)?,
            Reply::ApproveStanding { statement, reach } => {
                let bounds = self.bounds(followed, reach)?;
                self.sign_off(signer, statement, Some(Box::new(bounds)), followed)?
            }
            Reply::Edit { params, statement } => {
                let action = followed.action().ok_or(GuardError::Erased)?;
                // What was held because its caller asked to be held stays so.
                let enforce = followed.is_enforced();
                let edited = Action { params, value: None, enforce, ..action };
                // What the gate said of the call it says of the changed one, too.
                let evidence = followed.frozen.as_ref().map(|frozen| &frozen.evidence);
                let notices = evidence.map(Notice::all).unwrap_or_default();
                let (proposal, digest) = self.freeze(&edited, &notices)?;
                let edit = Edit { approval, by: signer, statement, digest, proposal };
                Command::Edit(Box::new(edit))
            }
        })
    }

    fn sign_off(
        &self,
        by: placet_core::Approver,
        statement: Statement,
        standing: Option<Box<Bounds>>,
        followed: &Followed,
    ) -> Result<Command, GuardError> {
        let approval = followed.id().approval();
        let digest = followed.answer.digest.ok_or(GuardError::Erased)?;
        let fresh = self.fresh(followed)?;
        let signing = SigningOff { approval, by, statement, digest, fresh, standing };
        Ok(Command::SignOff(Box::new(signing)))
    }

    /// What is known of a held action under the policy of now, where it was held under another.
    fn fresh(&self, followed: &Followed) -> Result<Option<Assessment>, GuardError> {
        let open = self.log().state().approvals().open(followed.id().approval()).cloned();
        let policy = self.policy();
        match open {
            Some(open) if open.of.policy != policy.terms().policy => {
                let action = followed.action().ok_or(GuardError::Erased)?;
                Ok(Some(policy.reassess(&action, &open.of, self.log().pepper())))
            }
            _ => Ok(None),
        }
    }

    /// Ends every held action that the policy of now forbids. What holds of an action is judged
    /// again in any case when somebody answers; this only tells people and agents sooner.
    ///
    /// # Errors
    /// When the log cannot be read, or the end of one could not be recorded.
    pub async fn recheck(&self) -> Result<(), GuardError> {
        let policy = self.policy().terms().policy;
        let stale: Vec<ActionId> = {
            let state = self.log().state();
            let stale = state.approvals().iter().filter(|(_, open)| open.of.policy != policy);
            stale.map(|(_, open)| open.action).collect()
        };
        for action in stale {
            let Some(followed) = self.log().action(action)? else { continue };
            let Ok(Some(fresh)) = self.fresh(&followed) else { continue };
            let command = Command::Recheck { approval: action.approval(), fresh: Box::new(fresh) };
            match self.submit(command).await {
                // Somebody answered meanwhile, or yet another policy holds.
                Ok(_) | Err(GuardError::Rejected(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes back what was asked for, when it is not wanted any more.
    ///
    /// # Errors
    /// When it could not be recorded.
    pub async fn withdraw(&self, approval: ApprovalId) -> Result<Resolution, GuardError> {
        match self.submit(Command::Withdraw { approval }).await {
            Ok(_) => Ok(Resolution::Resolved(Status::Withdrawn)),
            Err(GuardError::Rejected(
                Rejection::UnknownApproval(_) | Rejection::ApprovalExpired(..),
            )) => self.resolution(approval, Resolution::AlreadyResolved),
            Err(error) => Err(error),
        }
    }

    /// Waits until an action is pending no more, and says what became of it; none if the log does
    /// not have it.
    ///
    /// The wait takes no thread, and nothing is lost when it is dropped. It ends by itself, because
    /// every approval has a deadline.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn settled(&self, action: ActionId) -> Result<Option<Followed>, GuardError> {
        self.answered(action).await?;
        Ok(self.log().action(action)?)
    }

    /// Returns when an action waits for people no more, or the log is closed.
    ///
    /// # Errors
    /// When the log cannot be read, or is written no more after a panic: nobody can answer then.
    pub async fn answered(&self, action: ActionId) -> Result<(), GuardError> {
        let is_open = || self.log().state().approvals().open(action.approval()).is_some();
        while is_open() {
            let ear = self.log().listen(action)?;
            let heard = ear.heard();
            // What happened before we listened is seen now, what happens from now on is heard.
            if !is_open() || self.log().is_closed() {
                break;
            }
            heard.await;
        }
        if is_open() && self.log().pulse().has_stopped() {
            return Err(GuardError::Unrecorded(SubmitError::Closed));
        }
        Ok(())
    }

    /// A proposal of an action, with the digest of what is frozen and what the gate says of it.
    pub(crate) fn freeze(
        &self,
        action: &Action,
        notices: &[Notice],
    ) -> Result<(Proposal, Digest), GuardError> {
        let environment = self.log().environment();
        let assessed = self.policy().assess(action, self.log().pepper());
        let Assessed { mut assessment, mut payload } = assessed;
        Notice::add(notices, &mut payload, self.log().pepper());
        assessment.pins = self.pins(&assessment, &payload.action);
        let digest = payload.digest;
        let id = ActionId::new(ids::fresh(environment)?);
        let payload = Payload::Action(Box::new(payload));
        let sealed = seal_payload(&payload, environment).map_err(SubmitError::from)?;
        Ok((Proposal { id, assessment, payload: Kept::Sealed(sealed) }, digest))
    }
}

/// What ended the wait for people, whatever has become of the action since: who answers too late, and
/// asks once more, is told the same.
fn ended(followed: &Followed) -> Status {
    let is_end = |status: &Status| *status != Status::Pending;
    let ended = followed.steps.iter().rev().map(|step| step.status).find(is_end);
    ended.unwrap_or(followed.status)
}

/// What an answer made of the approval. It is read off the entries that the answer led to, and not
/// off what has become of the approval since, so that a repeated request is told the same.
fn outcome(approval: ApprovalId, entries: &[Entry]) -> Resolution {
    let mut made = entries.iter().rev().filter_map(|entry| match &entry.event {
        Event::SignedOff(it) if it.approval == approval => {
            Some(if it.expires.is_some() { Status::Approved } else { Status::Pending })
        }
        Event::Denied(it) if it.approval == approval => Some(Status::Denied),
        Event::Superseded(it) if it.approval == approval => Some(Status::Superseded),
        Event::Voided(it) if it.action == approval.action() => Some(Status::Voided),
        Event::Expired(it) if it.approval == approval => Some(Status::Expired),
        _ => None,
    });
    match made.next() {
        None => Resolution::Unknown,
        Some(Status::Expired) => Resolution::Expired,
        Some(status) => Resolution::Resolved(status),
    }
}
