//! Judging the log again: could this entry have been written here?
//!
//! A verifier replays the log and asks this of every entry before applying it. A signature shows
//! who wrote an entry; this shows that what was written follows from what came before.

use crate::autonomy;
use crate::class::AutonomyState;
use crate::command::{Command, Mismatch, Rejection};
use crate::decide::decide;
use crate::event::{
    AutonomyChanged, Decided, Denied, Entry, Erased, Event, Expired, Indeterminate,
    PolicyInstalled, Ratified, Redeemed, RedemptionRefused, SignedOff, Superseded, Switched, Void,
    Voided, WarrantKeyRotated, Withdrawn,
};
use crate::execution::Refusal;
use crate::handle::approval::{self, Again, pending};
use crate::handle::{handle, run};
use crate::id::{ActionId, KeyId, StandingApprovalId};
use crate::name::ClassName;
use crate::person::SignedIn;
use crate::standing_approval::{self, StandingRevoked};
use crate::state::State;
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// Why an entry does not follow from the entries before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Another index than the next one.
    #[error("the entry says index {found}, its place is {expected}")]
    Index {
        /// The next index.
        expected: u64,
        /// The one in the entry.
        found: u64,
    },
    /// Time runs backwards.
    #[error("the entry is from {found}, earlier than the entry before it, {before}")]
    Time {
        /// The time of the entry before.
        before: Timestamp,
        /// The time in the entry.
        found: Timestamp,
    },
    /// The policy's payload is missing or another one.
    #[error("the policy that was installed here cannot be read")]
    PolicyUnreadable,
    /// The decision was made under another policy than the one that held.
    #[error("the decision was made under another policy than the one that held")]
    Policy,
    /// Judging again gives another decision.
    #[error("judged again the action is {expected}, the entry says {found}")]
    Decision {
        /// What follows from the log.
        expected: Verdict,
        /// What the entry says.
        found: Verdict,
    },
    /// The verdict is right but its explanation is not.
    #[error(
        "the verdict {0} is right, but its findings, mode or terms are not what follows from the log"
    )]
    Explanation(Verdict),
    /// An approval that should not be there, or not be so.
    #[error("the approval of the entry is not the one that its class asks for")]
    Approval,
    /// An answer to, or the expiry of, an approval that was not open, or not due.
    #[error("the approval that the entry closes was not open then, or not due")]
    NotOpen,
    /// It cites an entry that says something else.
    #[error("it does not say what the entry says that it rests on")]
    Cited,
    /// A warrant was spent that could not be.
    #[error("a warrant was spent that was worth nothing: {0}")]
    NotRedeemable(Refusal),
    /// A standing approval that is not what was signed off on, or covers no such action.
    #[error("the standing approval {0} does not reach as far as the entry says")]
    Standing(StandingApprovalId),
    /// Resetting a switch that was not tripped, or tripping one that was.
    #[error("the kill switch was already in that position")]
    Switch,
    /// A step on the ladder that the evidence does not carry, or with another explanation.
    #[error("the evidence carries {expected}, and the step to {found} does not follow from it")]
    Autonomy {
        /// What the evidence carries.
        expected: AutonomyState,
        /// What the entry says.
        found: AutonomyState,
    },
    /// A step on the ladder that had to be here is not.
    #[error("the autonomy of {0} had to change before this entry")]
    Owed(ClassName),
    /// The entries of an edit stand together, and the edited action is signed by who edited it.
    #[error("an edit is not completed here, or by nobody who began it")]
    HalfEdit,
    /// What the entry says would have been refused.
    #[error("what the entry says would have been refused here: {0}")]
    Refused(#[from] Rejection),
    /// The entry says what was so already, and would not have been written.
    #[error("the entry changes nothing, so it would not have been written")]
    Idle,
    /// It names a key that was not in force, or that may not cause this.
    #[error("the entry names the key {0}, which was not in force here or may not do this")]
    Key(KeyId),
    /// Erasure of what was not yet there.
    #[error("the entry erases entry {0}, which comes later")]
    Erasure(u64),
}

/// Asks whether an entry follows from the state before it, and from the entry of the log that it
/// [cites](Event::cites), if it cites one. An erasure for a tenant rests on two earlier entries, which
/// [`Erased::holds`] is asked about besides.
///
/// # Errors
/// The violation says what does not follow.
pub fn audit(state: &State, entry: &Entry, cited: Option<&Entry>) -> Result<(), Violation> {
    if entry.index != state.size() {
        return Err(Violation::Index { expected: state.size(), found: entry.index });
    }
    if entry.at < state.at() {
        return Err(Violation::Time { before: state.at(), found: entry.at });
    }
    if let Some(origin) = &entry.origin {
        let key = state.keys().get(origin.key).filter(|key| !key.is_over(entry.at));
        if !key.is_some_and(|key| key.permits(origin.key, state, &entry.event)) {
            return Err(Violation::Key(origin.key));
        }
    }
    if !completes_edit(state, &entry.event) {
        return Err(Violation::HalfEdit);
    }
    match (state.owed().next(), &entry.event) {
        (_, Event::AutonomyChanged(changed)) => step(state, changed),
        (Some(of), _) => Err(Violation::Owed(of.class.clone())),
        (None, _) => follows(state, entry, cited),
    }
}

/// Asks whether an event other than a step on a ladder follows.
fn follows(state: &State, entry: &Entry, cited: Option<&Entry>) -> Result<(), Violation> {
    let at = entry.at;
    match &entry.event {
        Event::PolicyInstalled(installed) => policy(installed),
        Event::Decided(_)
        | Event::SignedOff(_)
        | Event::Denied(_)
        | Event::Expired(_)
        | Event::Withdrawn(_)
        | Event::Superseded(_)
        | Event::Voided(_)
        | Event::Redeemed(_)
        | Event::RedemptionRefused(_)
        | Event::OutcomeReported(_)
        | Event::Indeterminate(_) => life(state, entry, cited),
        Event::Tripped(Switched { scope, reason, by }) => {
            switch(state.switches().tripped(scope).is_none())?;
            let (scope, reason, by) = (scope.clone(), reason.clone(), by.clone());
            again(state, Command::Trip { scope, reason, by }, at)
        }
        Event::Reset(Switched { scope, reason, by }) => {
            switch(state.switches().tripped(scope).is_some())?;
            let (scope, reason, by) = (scope.clone(), reason.clone(), by.clone());
            again(state, Command::Reset { scope, reason, by }, at)
        }
        Event::EvidenceReported(evidence) => again(state, Command::Report(evidence.clone()), at),
        Event::Ratified(Ratified { of, by }) => {
            again(state, Command::Ratify { of: of.clone(), by: by.clone() }, at)
        }
        Event::AutonomyChanged(changed) => step(state, changed),
        Event::Erased(erased) if erased.index >= state.size() => {
            Err(Violation::Erasure(erased.index))
        }
        Event::Erased(Erased { index, reason, by, of }) => {
            let (index, reason, by, of) = (*index, reason.clone(), by.clone(), of.clone());
            again(state, Command::Erase { index, reason, by, of }, at)
        }
        Event::KeyCreated(created) => {
            again(state, Command::CreateKey(Box::new(created.clone())), at)
        }
        Event::KeyRotated(rotated) => again(state, Command::RotateKey(rotated.clone()), at),
        Event::KeyRevoked(revoked) => again(state, Command::RevokeKey(revoked.clone()), at),
        Event::WarrantKeyRotated(WarrantKeyRotated { generation, .. }) => {
            let next = state.warrant_keys().next(at)?;
            if next == *generation { Ok(()) } else { Err(Violation::Cited) }
        }
        Event::PersonInvited(invited) => again(state, Command::Invite(invited.clone()), at),
        Event::PersonEnrolled(enrolled) => again(state, Command::Enrol(enrolled.clone()), at),
        Event::PersonChanged(changed) => again(state, Command::ChangePerson(changed.clone()), at),
        Event::PersonRemoved(removed) => again(state, Command::RemovePerson(removed.clone()), at),
        Event::SignedIn(signed_in) => sign_in(state, signed_in, at),
        Event::StandingGranted(granted) => match standing_approval::audit(state, granted, at)? {
            true => Ok(()),
            false => Err(Violation::Standing(granted.id)),
        },
        Event::StandingRevoked(StandingRevoked { id, action, reason, by }) => {
            let standing = state.standing_approvals().get(*id);
            if standing.is_some_and(|standing| standing.granted.action != *action) {
                return Err(Violation::Standing(*id));
            }
            let (id, reason, by) = (*id, reason.clone(), by.clone());
            again(state, Command::RevokeStanding { id, reason, by }, at)
        }
        // Nothing follows from it, so all that has to hold is that somebody asked.
        Event::Unchanged(_) if entry.origin.is_some() => Ok(()),
        Event::Unchanged(_) => Err(Violation::Idle),
    }
}

/// Asks whether an event in the life of one action follows.
fn life(state: &State, entry: &Entry, cited: Option<&Entry>) -> Result<(), Violation> {
    let at = entry.at;
    let cited = |of: &Entry| {
        let is_it =
            |found: &&Entry| Some(found.index) == of.event.cites() && found.index < of.index;
        cited.filter(is_it).ok_or(Violation::Cited)
    };
    match &entry.event {
        Event::Decided(decided) => decision(state, decided, at),
        Event::SignedOff(signed) => sign_off(state, signed, at),
        Event::Denied(Denied { approval, action, .. })
        | Event::Withdrawn(Withdrawn { approval, action }) => {
            require(approval.action() == *action && pending(state, *approval, at).is_ok())
        }
        Event::Superseded(Superseded { approval, action, by, .. }) => {
            approval::may_change(pending(state, *approval, at)?, by)?;
            require(approval.action() == *action)
        }
        Event::Expired(Expired { approval, action }) => {
            let ends_so = is_over(state, *action, at) && !state.is_stopped(*action);
            require(approval.action() == *action && ends_so)
        }
        Event::Voided(Voided { action, why }) => void(state, *action, why, at),
        Event::Redeemed(redeemed) => redemption(state, redeemed, cited(entry)?, at),
        Event::RedemptionRefused(refused) => refusal(state, refused, cited(entry)?, at),
        Event::OutcomeReported(reported) => {
            let expected = run::reported(cited(entry)?, reported.action, reported.outcome)?;
            if expected == *reported { Ok(()) } else { Err(Violation::Cited) }
        }
        Event::Indeterminate(Indeterminate { action }) => {
            let run = state.executions().run(*action);
            require(run.is_some_and(|run| run.report_by <= at))
        }
        // It is in the life of none.
        _ => Err(Violation::Idle),
    }
}

/// Asks whether the command that an event was made of would be accepted here and change something.
fn again(state: &State, command: Command, at: Timestamp) -> Result<(), Violation> {
    if handle(state, command, at)?.is_empty() { Err(Violation::Idle) } else { Ok(()) }
}

fn policy(installed: &PolicyInstalled) -> Result<(), Violation> {
    let matches = installed.terms.as_ref().is_some_and(|terms| terms.policy == installed.policy);
    if matches { Ok(()) } else { Err(Violation::PolicyUnreadable) }
}

fn decision(state: &State, decided: &Decided, at: Timestamp) -> Result<(), Violation> {
    let of = &decided.assessment;
    if of.policy != state.terms().policy {
        return Err(Violation::Policy);
    }
    let (expected, found) = (decide(state, of, at), &decided.decision);
    if expected.verdict != found.verdict {
        return Err(Violation::Decision { expected: expected.verdict, found: found.verdict });
    }
    if expected != *found {
        return Err(Violation::Explanation(found.verdict));
    }
    let held = found.verdict == Verdict::RequireApproval;
    let sound = match &decided.approval {
        Some(approval) => held && *approval == approval::terms(state, decided.id, of, at),
        None => !held,
    };
    if !sound
        || state.knows(decided.id)
        || decided.expires != approval::expires(state, found.verdict, at)
    {
        return Err(Violation::Approval);
    }
    match decided.replaces {
        Some(action) => {
            let open = pending(state, action.approval(), at)?;
            let is_edit = approval::is_edit_of(open, of) && found.real() != Verdict::Block;
            if is_edit { Ok(()) } else { Err(Violation::Approval) }
        }
        None => Ok(()),
    }
}

fn sign_off(state: &State, signed: &SignedOff, at: Timestamp) -> Result<(), Violation> {
    let open = pending(state, signed.approval, at)?;
    approval::may_sign(open, &signed.by)?;
    if let Some(id) = signed.standing
        && !standing_approval::covers(state, id, open, &signed.by, at)
    {
        return Err(Violation::Standing(id));
    }
    let expires = (open.missing() <= 1).then(|| state.terms().warrants.expires(at));
    let again = approval::judge_again(state, open, signed.fresh.clone(), at)?;
    let holds = matches!(again, Again::Holds(fresh) if fresh == signed.fresh);
    require(holds && open.action == signed.action && signed.expires == expires)
}

/// Whether an event is the one that an edit needs next, where one has begun.
fn completes_edit(state: &State, event: &Event) -> bool {
    match (state.half_edit(), event) {
        (None, Event::Superseded(_)) => false,
        (None, _) => true,
        (Some(edit), Event::Superseded(Superseded { action, successor, .. })) => {
            edit.by.is_none() && (edit.replaced, edit.successor) == (*action, *successor)
        }
        (Some(edit), Event::SignedOff(signed)) => {
            edit.by.as_ref() == Some(&signed.by.person) && edit.successor == signed.action
        }
        (Some(_), _) => false,
    }
}

/// Whether a held action's deadline has come, or that of one that was approved and has not run.
fn is_over(state: &State, action: ActionId, at: Timestamp) -> bool {
    let open = state.approvals().open(action.approval()).map(|open| open.terms.deadline);
    let grant = state.executions().grant(action).map(|grant| grant.expires);
    open.or(grant).is_some_and(|ends| ends <= at)
}

fn void(state: &State, action: ActionId, why: &Void, at: Timestamp) -> Result<(), Violation> {
    match why {
        Void::Switch(scope) => require(state.stopped().any(|stopped| stopped == (action, scope))),
        Void::Policy(fresh) => {
            let open = pending(state, action.approval(), at)?;
            let again = approval::judge_again(state, open, Some((**fresh).clone()), at)?;
            require(matches!(again, Again::Void(voided) if voided.why == *why))
        }
    }
}

fn redemption(
    state: &State,
    redeemed: &Redeemed,
    cited: &Entry,
    at: Timestamp,
) -> Result<(), Violation> {
    let decided = run::decision(cited, redeemed.action)?;
    let of = &decided.assessment;
    let permit = run::spend(state, cited.index, decided, at).map_err(Violation::NotRedeemable)?;
    let report_by = state.terms().warrants.report_by(at);
    let expected = (permit.expires, report_by, &of.subject, permit.class);
    let found = (redeemed.expires, redeemed.report_by, &redeemed.subject, redeemed.class.as_ref());
    if expected == found { Ok(()) } else { Err(Violation::Cited) }
}

fn refusal(
    state: &State,
    refused: &RedemptionRefused,
    cited: &Entry,
    at: Timestamp,
) -> Result<(), Violation> {
    let decided = run::decision(cited, refused.action)?;
    let found = run::spend(state, cited.index, decided, at).err();
    // Neither the warrant nor what it was shown for is in the log.
    let is_mismatch = Mismatch::ALL.iter().any(|mismatch| mismatch.refusal() == refused.why);
    let follows = is_mismatch || found.as_ref() == Some(&refused.why);
    let is_of = decided.assessment.subject == refused.subject;
    if follows && is_of { Ok(()) } else { Err(Violation::Cited) }
}

/// The password is gone, and what it was checked against must have been there.
fn sign_in(state: &State, signed_in: &SignedIn, at: Timestamp) -> Result<(), Violation> {
    let person = state.people().get(&signed_in.person);
    let verifier = person.and_then(|person| person.verifier.clone());
    let verifier = verifier.ok_or_else(|| Rejection::UnknownPerson(signed_in.person.clone()))?;
    again(state, Command::SignIn { signed_in: signed_in.clone(), verifier }, at)
}

fn require(open: bool) -> Result<(), Violation> {
    if open { Ok(()) } else { Err(Violation::NotOpen) }
}

fn switch(moved: bool) -> Result<(), Violation> {
    if moved { Ok(()) } else { Err(Violation::Switch) }
}

fn step(state: &State, changed: &AutonomyChanged) -> Result<(), Violation> {
    let record = state.ledgers().get(&changed.of).cloned().unwrap_or_default();
    match autonomy::step(state.terms(), &changed.of, &record) {
        Some(step) if step == *changed => Ok(()),
        step => {
            let expected = step.map_or(record.state, |step| step.to);
            Err(Violation::Autonomy { expected, found: changed.to })
        }
    }
}
