//! What people answer to a held action, and what else ends it.

use std::collections::BTreeMap;

use crate::approval::{Approval, Approver, OpenApproval, Statement};
use crate::assessment::Assessment;
use crate::command::{Edit, Proposal, Rejection, SigningOff};
use crate::decide::decide;
use crate::event::{
    Decided, Denied, Event, Fact, Kept, Payload, SignOffPayload, SignedOff, Superseded, Void,
    Voided, Withdrawn,
};
use crate::id::{ActionId, ApprovalId};
use crate::limits;
use crate::name::PersonId;
use crate::signoff::visible_length;
use crate::standing_approval::{self, StandingGranted};
use crate::state::State;
use crate::time::Timestamp;
use crate::verdict::Verdict;

use super::{check_reason, room};

/// Opens the approval for an action, where there is room for one more.
pub(super) fn hold(
    state: &State,
    action: ActionId,
    of: &Assessment,
    now: Timestamp,
) -> Result<Approval, Rejection> {
    let (all, own) = (state.approvals().len(), state.approvals().of_agent(&of.subject));
    room("open approvals", all, limits::MAX_OPEN_APPROVALS)?;
    let of_tenant = state.approvals().of_tenant(&of.subject.tenant);
    room("open approvals of this tenant", of_tenant, limits::MAX_OPEN_APPROVALS_PER_TENANT)?;
    room("open approvals of this agent", own, limits::MAX_OPEN_APPROVALS_PER_AGENT)?;
    Ok(terms(state, action, of, now))
}

/// The approval for a held action, on the terms of its class.
pub(crate) fn terms(state: &State, action: ActionId, of: &Assessment, now: Timestamp) -> Approval {
    let class = of.class.as_ref().and_then(|name| state.terms().classes.get(name));
    let terms = class.map(|class| class.approval.clone()).unwrap_or_default();
    Approval::on(terms, action.approval(), now)
}

pub(super) fn deny(
    state: &State,
    approval: ApprovalId,
    by: PersonId,
    reason: String,
    now: Timestamp,
) -> Result<Vec<Fact>, Rejection> {
    check_reason(&reason)?;
    let open = pending(state, approval, now)?;
    let event = Event::Denied(Denied { approval, action: open.action, by });
    Ok(vec![Fact { event, payload: Some(Kept::Open(Payload::Statement(reason))) }])
}

pub(super) fn withdraw(
    state: &State,
    approval: ApprovalId,
    now: Timestamp,
) -> Result<Vec<Fact>, Rejection> {
    let action = pending(state, approval, now)?.action;
    Ok(vec![Event::Withdrawn(Withdrawn { approval, action }).into()])
}

/// Counts a sign-off; where the policy of now forbids the action, it ends it instead.
pub(super) fn sign_off(
    state: &State,
    signing: SigningOff,
    now: Timestamp,
) -> Result<Vec<Fact>, Rejection> {
    let SigningOff { approval, by, statement, digest, fresh, standing } = signing;
    let open = pending(state, approval, now)?;
    let fresh = match judge_again(state, open, fresh, now)? {
        Again::Holds(fresh) => fresh,
        Again::Void(voided) => return Ok(vec![Event::Voided(voided).into()]),
    };
    may_sign(open, &by)?;
    check_statement(&open.terms, &statement)?;
    let expires = (open.missing() <= 1).then(|| state.terms().warrants.expires(now));
    let mut facts = Vec::with_capacity(2);
    if let Some(bounds) = standing {
        let granted = standing_approval::grant(state, open, &by, &bounds, now)?;
        let values = bounds.pins.into_iter();
        let pins = values.map(|(place, pin)| (place.as_str().to_owned(), pin.value)).collect();
        let event = Event::StandingGranted(Box::new(granted));
        facts.push(Fact { event, payload: Some(Kept::Open(Payload::Pins(pins))) });
    }
    let signed = SignedOff { approval, action: open.action, by, expires, fresh, standing: None };
    let event = Event::SignedOff(Box::new(signed));
    let payload = Payload::SignOff(Box::new(SignOffPayload { digest, statement }));
    facts.push(Fact { event, payload: Some(Kept::Open(payload)) });
    Ok(facts)
}

/// The sign-offs that people gave beforehand on an action which is held now.
pub(super) fn signed_beforehand(state: &State, decided: &Decided, now: Timestamp) -> Vec<Fact> {
    let Some(terms) = &decided.approval else { return Vec::new() };
    let open = OpenApproval {
        action: decided.id,
        of: Box::new(decided.assessment.clone()),
        terms: terms.clone(),
        opened: now,
        decided: state.size(),
        proposed_by: None,
        signed: BTreeMap::new(),
    };
    let signed = state.standing_approvals().sign(&open, &decided.decision.findings, now);
    let missing = open.missing();
    let sign = |(place, granted): (usize, &StandingGranted)| {
        let expires = (place + 1 >= missing).then(|| state.terms().warrants.expires(now));
        let (approval, action, by) = (terms.id, decided.id, granted.by.clone());
        let standing = Some(granted.id);
        let signed = SignedOff { approval, action, by, expires, fresh: None, standing };
        Event::SignedOff(Box::new(signed)).into()
    };
    signed.into_iter().enumerate().map(sign).collect()
}

/// Ends what the policy of now forbids.
pub(super) fn recheck(
    state: &State,
    approval: ApprovalId,
    fresh: Assessment,
    now: Timestamp,
) -> Result<Vec<Fact>, Rejection> {
    let open = pending(state, approval, now)?;
    if open.of.policy == state.terms().policy {
        return Ok(Vec::new());
    }
    Ok(match judge_again(state, open, Some(fresh), now)? {
        Again::Holds(_) => Vec::new(),
        Again::Void(voided) => vec![Event::Voided(voided).into()],
    })
}

/// Puts another action in the place of a held one. Whoever does so signs off on what they wrote.
pub(super) fn edit(state: &State, edit: Edit, now: Timestamp) -> Result<Vec<Fact>, Rejection> {
    let Edit { approval, by, statement, digest, proposal } = edit;
    let open = pending(state, approval, now)?;
    may_sign(open, &by)?;
    check_statement(&open.terms, &statement)?;
    let Proposal { id, assessment, payload } = proposal;
    if assessment.policy != state.terms().policy {
        return Err(Rejection::StalePolicy);
    }
    if !is_edit_of(open, &assessment) {
        return Err(Rejection::OtherSubject);
    }
    let decided = decided(state, id, assessment, Some(open.action), now)?;
    // Also where the mode would let it through: what a person writes is held to the policy.
    if decided.decision.real() == Verdict::Block {
        return Err(Rejection::EditBlocked);
    }
    let successor = decided.approval.clone();
    let event = Event::Decided(Box::new(decided));
    let mut facts = vec![Fact { event, payload: Some(payload) }];
    let (action, person) = (open.action, by.person.clone());
    facts
        .push(Event::Superseded(Superseded { approval, action, by: person, successor: id }).into());
    if let Some(terms) = successor {
        check_statement(&terms, &statement)?;
        is_in_group(&terms, &by)?;
        let expires = (terms.quorum <= 1).then(|| state.terms().warrants.expires(now));
        let signed =
            SignedOff { approval: terms.id, action: id, by, expires, fresh: None, standing: None };
        let payload = Payload::SignOff(Box::new(SignOffPayload { digest, statement }));
        let event = Event::SignedOff(Box::new(signed));
        facts.push(Fact { event, payload: Some(Kept::Open(payload)) });
    }
    Ok(facts)
}

/// Decides on an action, and opens its approval or gives it its time to run.
pub(super) fn decided(
    state: &State,
    id: ActionId,
    assessment: Assessment,
    replaces: Option<ActionId>,
    now: Timestamp,
) -> Result<Decided, Rejection> {
    if state.knows(id) {
        return Err(Rejection::KnownAction(id));
    }
    let decision = decide(state, &assessment, now);
    let approval = match decision.verdict {
        // It takes the room of the one that it replaces.
        Verdict::RequireApproval if replaces.is_some() => Some(terms(state, id, &assessment, now)),
        Verdict::RequireApproval => Some(hold(state, id, &assessment, now)?),
        Verdict::Allow | Verdict::Block => None,
    };
    let expires = expires(state, decision.verdict, now);
    Ok(Decided { approval, assessment, decision, expires, id, replaces })
}

/// Until when an action may run that is decided on now, if it may.
pub(crate) fn expires(state: &State, verdict: Verdict, now: Timestamp) -> Option<Timestamp> {
    (verdict == Verdict::Allow).then(|| state.terms().warrants.expires(now))
}

/// Whether an action differs from a held one in its params and value only.
pub(crate) fn is_edit_of(open: &OpenApproval, by: &Assessment) -> bool {
    let same = |of: &Assessment| (of.subject.clone(), of.class.clone(), of.user, of.enforce);
    same(&open.of) == same(by)
}

/// An approval that can be answered.
pub(crate) fn pending(
    state: &State,
    approval: ApprovalId,
    now: Timestamp,
) -> Result<&OpenApproval, Rejection> {
    let open = state.approvals().open(approval).ok_or(Rejection::UnknownApproval(approval))?;
    if state.is_stopped(open.action) {
        return Err(Rejection::UnknownApproval(approval));
    }
    if open.terms.deadline <= now {
        return Err(Rejection::ApprovalExpired(approval, open.terms.deadline));
    }
    Ok(open)
}

/// What the policy of now says to a held action.
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made")]
pub(crate) enum Again {
    /// It may still be approved. What is known of it now, where that had to be looked at.
    Holds(Option<Assessment>),
    /// It may not.
    Void(Voided),
}

/// Judges a held action again, by the policy of now.
///
/// Where that is another than the one it was held under, the action ends if the policy forbids it,
/// or asks for other terms: nobody can have signed on those. Under the same policy it can only be
/// that a budget is used up since, or that somebody denied the same call. That passes, and so the
/// action goes on waiting.
pub(crate) fn judge_again(
    state: &State,
    open: &OpenApproval,
    fresh: Option<Assessment>,
    now: Timestamp,
) -> Result<Again, Rejection> {
    let policy = state.terms().policy;
    if open.of.policy == policy {
        let blocked = decide(state, &open.of, now).real() == Verdict::Block;
        return if blocked { Err(Rejection::Blocked) } else { Ok(Again::Holds(None)) };
    }
    let fresh = fresh.filter(|fresh| fresh.policy == policy).ok_or(Rejection::StalePolicy)?;
    // How the call is spelled most plainly may be something else under another policy.
    let same = |of: &Assessment| (of.subject.clone(), of.tag, of.user);
    if same(&fresh) != same(&open.of) {
        return Err(Rejection::OtherSubject);
    }
    let forbidden = decide(state, &fresh, now).real() == Verdict::Block;
    let terms = terms(state, open.action, &fresh, now);
    if forbidden || !terms.asks_the_same(&open.terms) {
        let why = Void::Policy(Box::new(fresh));
        return Ok(Again::Void(Voided { action: open.action, why }));
    }
    Ok(Again::Holds(Some(fresh)))
}

/// Whether a person may sign off on this: neither who asked for it nor whom it is done for, in one
/// of the groups, and once.
pub(crate) fn may_sign(open: &OpenApproval, by: &Approver) -> Result<(), Rejection> {
    if open.of.user == Some(by.tag) {
        return Err(Rejection::OwnAction);
    }
    may_change(open, &by.person)?;
    is_in_group(&open.terms, by)
}

/// Whether somebody of this name may sign off or edit, as far as the name tells.
pub(crate) fn may_change(open: &OpenApproval, by: &PersonId) -> Result<(), Rejection> {
    let agent = open.of.subject.agent.as_ref().map(|agent| agent.as_str());
    if agent == Some(by.as_str()) {
        return Err(Rejection::OwnAction);
    }
    let has_signed = open.signed.contains_key(by);
    if has_signed { Err(Rejection::SignedAlready) } else { Ok(()) }
}

fn is_in_group(terms: &Approval, by: &Approver) -> Result<(), Rejection> {
    let is_in =
        terms.groups.is_empty() || terms.groups.iter().any(|g| by.groups.contains(g.as_str()));
    if is_in { Ok(()) } else { Err(Rejection::OtherGroup(terms.groups.join(", "))) }
}

/// Whether every field is there and says enough, and nothing else is.
fn check_statement(terms: &Approval, statement: &Statement) -> Result<(), Rejection> {
    if let Some(field) = statement.keys().find(|field| !terms.fields.contains(field)) {
        return Err(Rejection::UnknownField(crate::quote::quote(field)));
    }
    for (place, field) in terms.fields.iter().enumerate() {
        let text = statement.get(field).map_or("", String::as_str);
        let least = if place == 0 { terms.least_length.max(1) } else { 1 };
        if text.len() > limits::MAX_STATEMENT_BYTES {
            return Err(Rejection::LongField { field: field.clone() });
        }
        let found = visible_length(text);
        if found < usize::from(least) {
            return Err(Rejection::ShortField { field: field.clone(), least, found });
        }
    }
    Ok(())
}
