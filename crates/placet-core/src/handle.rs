//! Judging commands: the only place that does.
//!
//! `handle` looks at the state at the tip of the log and either names the facts that follow, in
//! order, or rejects the command. It changes nothing: the caller makes the facts durable and then
//! applies them. A crash before that leaves nothing, a crash after it leaves everything.

use std::sync::Arc;

use crate::approval::Approval;
use crate::autonomy::{self, Evidence, LedgerKey, Record};
use crate::class::{AutonomyState, RiskTier};
use crate::command::{Command, Proposal, Rejection};
use crate::decide::decide;
use crate::event::{
    AutonomyChanged, Decided, Denied, Erased, Event, Expired, Fact, Payload, PolicyInstalled,
    PolicyPayload, Ratified, Switched,
};
use crate::limits;
use crate::state::State;
use crate::terms::Terms;
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// Judges a command at the tip.
///
/// # Errors
/// The rejection says why nothing happens.
pub fn handle(state: &State, command: Command, now: Timestamp) -> Result<Vec<Fact>, Rejection> {
    match command {
        Command::InstallPolicy { terms, files, by } => {
            let policy = terms.policy;
            let mut facts = vec![Fact {
                event: Event::PolicyInstalled(PolicyInstalled {
                    policy,
                    by,
                    terms: Some(Arc::clone(&terms)),
                }),
                payload: Some(Payload::Policy(Box::new(PolicyPayload {
                    terms: Arc::clone(&terms),
                    files,
                }))),
            }];
            facts.extend(regrade_all(state, &terms));
            Ok(facts)
        }
        Command::Propose(proposal) => propose(state, *proposal, now),
        Command::Deny { approval, by, reason } => {
            check_reason(&reason)?;
            let open =
                state.approvals().open(approval).ok_or(Rejection::UnknownApproval(approval))?;
            if open.deadline <= now {
                return Err(Rejection::ApprovalExpired(approval, open.deadline));
            }
            let event = Event::Denied(Denied { approval, action: open.action, by });
            Ok(vec![Fact { event, payload: Some(Payload::Statement(reason)) }])
        }
        Command::Trip { scope, reason, by } => trip(state, Switched { scope, reason, by }),
        Command::Reset { scope, reason, by } => {
            check_reason(&reason)?;
            if state.switches().tripped(&scope).is_none() {
                return Err(Rejection::NotTripped(scope));
            }
            Ok(vec![Event::Reset(Switched { scope, reason, by }).into()])
        }
        Command::Report(evidence) => report(state, evidence),
        Command::Ratify { of, by } => ratify(state, Ratified { of, by }),
        Command::Erase { index, reason, by } => {
            check_reason(&reason)?;
            if index >= state.size() {
                return Err(Rejection::UnknownEntry { index, size: state.size() });
            }
            Ok(vec![Event::Erased(Erased { index, reason, by }).into()])
        }
        Command::Tick => Ok(expire(state, now)),
    }
}

fn propose(state: &State, proposal: Proposal, now: Timestamp) -> Result<Vec<Fact>, Rejection> {
    let Proposal { id, approval, assessment, payload } = proposal;
    if assessment.policy != state.terms().policy {
        return Err(Rejection::StalePolicy);
    }
    let decision = decide(state, &assessment, now);
    let approval = if decision.verdict == Verdict::RequireApproval {
        room("open approvals", state.approvals().len(), limits::MAX_OPEN_APPROVALS)?;
        Some(open(state, approval, &assessment, now))
    } else {
        None
    };
    let event = Event::Decided(Box::new(Decided { id, assessment, decision, approval }));
    Ok(vec![Fact { event, payload: Some(Payload::Action(Box::new(payload))) }])
}

/// The approval for a held action, on the terms of its class.
pub(crate) fn open(
    state: &State,
    id: crate::id::ApprovalId,
    of: &crate::assessment::Assessment,
    now: Timestamp,
) -> Approval {
    let class = of.class.as_ref().and_then(|name| state.terms().classes.get(name));
    let terms = class.map(|class| class.approval.clone()).unwrap_or_default();
    Approval {
        id,
        deadline: now.saturating_add(terms.deadline),
        quorum: terms.quorum,
        fields: terms.fields,
    }
}

/// Tripping what is tripped already changes nothing, and is no error: a second hand on the switch
/// must never be told that it failed.
fn trip(state: &State, switched: Switched) -> Result<Vec<Fact>, Rejection> {
    check_reason(&switched.reason)?;
    if state.switches().tripped(&switched.scope).is_some() {
        return Ok(Vec::new());
    }
    room("tripped kill switches", state.switches().len(), limits::MAX_SWITCHES)?;
    Ok(vec![Event::Tripped(switched).into()])
}

fn report(state: &State, evidence: Evidence) -> Result<Vec<Fact>, Rejection> {
    let graduation = &state.terms().graduation;
    if !graduation.sources.is_empty() && !graduation.sources.contains(&evidence.source) {
        return Err(Rejection::UnknownSource(evidence.source));
    }
    match evidence.passed.checked_add(evidence.failed) {
        Some(0) => return Err(Rejection::NoSamples),
        Some(samples) if samples <= limits::MAX_SAMPLES_PER_REPORT => {}
        _ => return Err(Rejection::TooManySamples),
    }
    let of = LedgerKey::of(&evidence);
    let mut record = ledger(state, &of)?;
    let known = record.sources.contains_key(&(evidence.source.clone(), evidence.adversarial));
    if !known {
        room("sources of evidence for the class", record.sources.len(), limits::MAX_SOURCES)?;
    }
    record.add(&evidence, graduation.window);
    let change = regrade(state.terms(), of, &record);
    Ok(std::iter::once(Event::EvidenceReported(evidence).into()).chain(change).collect())
}

fn ratify(state: &State, ratified: Ratified) -> Result<Vec<Fact>, Rejection> {
    let mut record = ledger(state, &ratified.of)?;
    let class = state.terms().classes.get(&ratified.of.class);
    if class.is_none_or(|class| class.risk != RiskTier::Consequential) {
        return Err(Rejection::NotRatifiable(ratified.of.class));
    }
    if !record.ratified_by.insert(ratified.by.clone()) {
        return Ok(Vec::new());
    }
    let change = regrade(state.terms(), ratified.of.clone(), &record);
    Ok(std::iter::once(Event::Ratified(ratified).into()).chain(change).collect())
}

/// A copy of the record that a report or a ratification adds to.
fn ledger(state: &State, of: &LedgerKey) -> Result<Record, Rejection> {
    if !state.terms().classes.contains_key(&of.class) {
        return Err(Rejection::UnknownClass(of.class.clone()));
    }
    match state.ledgers().get(of) {
        Some(record) => Ok(record.clone()),
        None => {
            room("records of evidence", state.ledgers().len(), limits::MAX_LEDGERS)?;
            Ok(Record::default())
        }
    }
}

/// The step that a record takes under the given terms, if it takes one.
pub(crate) fn regrade(terms: &Terms, of: LedgerKey, record: &Record) -> Option<Fact> {
    let (to, missing) = match terms.classes.get(&of.class) {
        Some(class) => {
            let standing = autonomy::standing(class, &terms.graduation, record);
            (standing.state, standing.missing)
        }
        None => (AutonomyState::Manual, vec!["the policy no longer has the class".to_owned()]),
    };
    let from = record.state;
    (to != from).then(|| Event::AutonomyChanged(AutonomyChanged { of, from, to, missing }).into())
}

fn regrade_all(state: &State, terms: &Terms) -> impl Iterator<Item = Fact> {
    state.ledgers().iter().filter_map(|(of, record)| regrade(terms, of.clone(), record))
}

/// The approvals whose deadline has come, at most so many at a time.
fn expire(state: &State, now: Timestamp) -> Vec<Fact> {
    let due = state.approvals().due(now).take(limits::MAX_EXPIRIES_PER_TICK);
    due.map(|(approval, open)| Event::Expired(Expired { approval, action: open.action }).into())
        .collect()
}

fn check_reason(reason: &str) -> Result<(), Rejection> {
    let fits = (1..=limits::MAX_REASON_BYTES).contains(&reason.trim().len());
    if fits { Ok(()) } else { Err(Rejection::Reason) }
}

fn room(what: &'static str, used: usize, limit: usize) -> Result<(), Rejection> {
    if used < limit { Ok(()) } else { Err(Rejection::TooMany { what, limit }) }
}
