//! Judging commands: the only place that does.
//!
//! `handle` looks at the state at the tip of the log and either names the facts that follow, in
//! order, or rejects the command. It changes nothing: the caller makes the facts durable and then
//! applies them. A crash before that leaves nothing, a crash after it leaves everything.

pub(crate) mod approval;
mod due;
pub(crate) mod run;

use std::sync::Arc;

pub use run::redeemable_until;

use crate::api_key::KeyScope;
use crate::autonomy::{self, Evidence, LedgerKey, Record};
use crate::caller::Caller;
use crate::class::RiskTier;
use crate::command::{Command, Proposal, Rejection};
use crate::event::{
    AutonomyChanged, Decided, Erased, Event, Fact, Kept, KeyCreated, Payload, PolicyInstalled,
    PolicyPayload, Ratified, Switched, WarrantKeyRotated,
};
use crate::limits;
use crate::person;
use crate::standing_approval::StandingRevoked;
use crate::state::State;
use crate::terms::Terms;
use crate::time::Timestamp;

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
                payload: Some(Kept::Open(Payload::Policy(Box::new(PolicyPayload {
                    terms: Arc::clone(&terms),
                    files,
                })))),
            }];
            facts.extend(regrade_all(state, &terms));
            Ok(facts)
        }
        Command::Propose(proposal) => propose(state, *proposal, now),
        Command::SignOff(signing) => approval::sign_off(state, *signing, now),
        Command::Deny { approval, by, reason } => approval::deny(state, approval, by, reason, now),
        Command::RevokeStanding { id, reason, by } => {
            check_reason(&reason)?;
            let standing = state.standing_approvals().get(id);
            let action = standing.ok_or(Rejection::UnknownStanding(id))?.granted.action;
            let revoked = StandingRevoked { id, action, reason, by };
            Ok(vec![Event::StandingRevoked(revoked).into()])
        }
        Command::Withdraw { approval } => approval::withdraw(state, approval, now),
        Command::Edit(edit) => approval::edit(state, *edit, now),
        Command::Recheck { approval, fresh } => approval::recheck(state, approval, *fresh, now),
        Command::Redeem(redemption) => run::redeem(state, &redemption, now),
        Command::Conclude(conclusion) => run::conclude(state, *conclusion),
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
        Command::Erase { index, reason, by, of } => erase(state, Erased { index, reason, by, of }),
        Command::CreateKey(created) => create_key(state, *created),
        Command::RotateKey(rotated) => match state.keys().get(rotated.id) {
            // A session has no second secret: it ends, and another begins.
            Some(key) if !key.is_session() => Ok(vec![Event::KeyRotated(rotated).into()]),
            _ => Err(Rejection::UnknownKey(rotated.id)),
        },
        Command::RevokeKey(revoked) => match state.keys().get(revoked.id) {
            Some(_) => Ok(vec![Event::KeyRevoked(revoked).into()]),
            None => Err(Rejection::UnknownKey(revoked.id)),
        },
        Command::RotateWarrantKey { by } => {
            let generation = state.warrant_keys().next(now)?;
            Ok(vec![Event::WarrantKeyRotated(WarrantKeyRotated { generation, by }).into()])
        }
        Command::Invite(invited) => person::invite(state, *invited, now),
        Command::Enrol(enrolled) => person::enrol(state, *enrolled, now),
        Command::ChangePerson(changed) => person::change(state, changed),
        Command::RemovePerson(removed) => person::remove(state, removed),
        Command::SignIn { signed_in, verifier } => {
            person::sign_in(state, signed_in, &verifier, now)
        }
        Command::Tick => Ok(due::tick(state, now)),
    }
}

/// Judges a command that came with an API key: the key must be in force at the tip, and may do
/// what the command leads to.
///
/// # Errors
/// The rejection says why nothing happens.
pub fn handle_as(
    state: &State,
    caller: &Caller,
    command: Command,
    now: Timestamp,
) -> Result<Vec<Fact>, Rejection> {
    let key = state.keys().admit(caller, now)?;
    let command = key.shows(command);
    let mut facts = handle(state, command, now)?;
    if facts.iter().any(opens_approval) {
        let open = state.approvals().of_key(caller.key);
        room("open approvals of this key", open, limits::MAX_OPEN_APPROVALS_PER_KEY)?;
    }
    // Who asks for what they themselves signed off on beforehand has to ask like anybody else.
    let permitted = |fact: &Fact| key.permits(caller.key, state, &fact.event);
    if facts.iter().any(|fact| fact.event.standing().is_some() && !permitted(fact)) {
        facts.retain(|fact| fact.event.standing().is_none());
    }
    if facts.iter().all(|fact| key.permits(caller.key, state, &fact.event)) {
        Ok(facts)
    } else {
        Err(Rejection::Forbidden(caller.key))
    }
}

/// Whether a fact opens an approval beside those that are open. An edited action takes the room of
/// the one that it replaces.
fn opens_approval(fact: &Fact) -> bool {
    let opens = |decided: &Decided| decided.approval.is_some() && decided.replaces.is_none();
    matches!(&fact.event, Event::Decided(decided) if opens(decided))
}

fn propose(state: &State, proposal: Proposal, now: Timestamp) -> Result<Vec<Fact>, Rejection> {
    let Proposal { id, assessment, payload } = proposal;
    if assessment.policy != state.terms().policy {
        return Err(Rejection::StalePolicy);
    }
    let decided = approval::decided(state, id, assessment, None, now)?;
    let signed = approval::signed_beforehand(state, &decided, now);
    let event = Event::Decided(Box::new(decided));
    let mut facts = vec![Fact { event, payload: Some(payload) }];
    facts.extend(signed);
    Ok(facts)
}

/// Tripping what is tripped already changes nothing, and is no error: a second hand on the switch
/// must never be told that it failed.
fn trip(state: &State, switched: Switched) -> Result<Vec<Fact>, Rejection> {
    check_reason(&switched.reason)?;
    if state.switches().tripped(&switched.scope).is_some() {
        return Ok(Vec::new());
    }
    state.switches().check_room(&switched.scope)?;
    Ok(vec![Event::Tripped(switched).into()])
}

fn create_key(state: &State, created: KeyCreated) -> Result<Vec<Fact>, Rejection> {
    if created.scopes.is_empty() {
        return Err(Rejection::NoScope);
    }
    let speaks = created.scopes.contains(&KeyScope::Agent) || created.agent.is_some();
    if speaks && created.tenant.is_none() {
        return Err(Rejection::NoTenant);
    }
    if created.agent.is_some() && created.scopes.contains(&KeyScope::Admin) {
        return Err(Rejection::AdminOfAgent);
    }
    if state.keys().get(created.id).is_some() {
        return Err(Rejection::KnownKey(created.id));
    }
    if let Some(person) = &created.person {
        let known = state.people().get(person);
        // No tenant learns the names of another's people.
        let known = known.filter(|it| created.tenant.is_none() || created.tenant == it.tenant);
        let known = known.ok_or_else(|| Rejection::UnknownPerson(person.clone()))?;
        let is_within = created.scopes.is_subset(&known.roles);
        if !is_within || created.tenant != known.tenant || created.agent.is_some() {
            return Err(Rejection::BeyondPerson(person.clone()));
        }
    }
    let lasting = || state.keys().iter().filter(|(_, key)| !key.is_session());
    let own = lasting().filter(|(_, key)| key.tenant == created.tenant).count();
    room("API keys", lasting().count(), limits::MAX_API_KEYS)?;
    room("API keys of this tenant", own, limits::MAX_API_KEYS_PER_TENANT)?;
    Ok(vec![Event::KeyCreated(created).into()])
}

fn report(state: &State, evidence: Evidence) -> Result<Vec<Fact>, Rejection> {
    let graduation = &state.terms().graduation;
    if evidence.source == autonomy::outcomes() {
        return Err(Rejection::ReservedSource);
    }
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
    let step = autonomy::step(state.terms(), &of, &record);
    Ok(with_step(Event::EvidenceReported(evidence), step))
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
    let step = autonomy::step(state.terms(), &ratified.of, &record);
    Ok(with_step(Event::Ratified(ratified), step))
}

/// An event, and the step on the ladder that it leads to.
fn with_step(event: Event, step: Option<AutonomyChanged>) -> Vec<Fact> {
    std::iter::once(event).chain(step.map(Event::AutonomyChanged)).map(Fact::from).collect()
}

/// A copy of the record that a report or a ratification adds to.
fn ledger(state: &State, of: &LedgerKey) -> Result<Record, Rejection> {
    if !state.terms().classes.contains_key(&of.class) {
        return Err(Rejection::UnknownClass(of.class.clone()));
    }
    match state.ledgers().get(of) {
        Some(record) => Ok(record.clone()),
        None => {
            state.ledgers().room(of)?;
            Ok(Record::default())
        }
    }
}

fn regrade_all(state: &State, terms: &Terms) -> impl Iterator<Item = Fact> {
    let steps = state.ledgers().iter().filter_map(|(of, record)| autonomy::step(terms, of, record));
    steps.map(|step| Event::AutonomyChanged(step).into())
}

fn erase(state: &State, erased: Erased) -> Result<Vec<Fact>, Rejection> {
    check_reason(&erased.reason)?;
    if erased.index >= state.size() {
        return Err(Rejection::UnknownEntry { index: erased.index, size: state.size() });
    }
    // Without its policy the log could neither be folded to the same state nor judged again.
    if state.holds_policy(erased.index) {
        return Err(Rejection::PolicyEntry(erased.index));
    }
    Ok(vec![Event::Erased(erased).into()])
}

fn check_reason(reason: &str) -> Result<(), Rejection> {
    let says_something = !reason.trim().is_empty();
    if says_something && reason.len() <= limits::MAX_REASON_BYTES {
        Ok(())
    } else {
        Err(Rejection::Reason)
    }
}

pub(crate) fn room(what: &'static str, used: usize, limit: usize) -> Result<(), Rejection> {
    if used < limit { Ok(()) } else { Err(Rejection::TooMany { what: what.into(), limit }) }
}
