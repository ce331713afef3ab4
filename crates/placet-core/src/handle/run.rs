//! From a warrant to its outcome.

use crate::autonomy::{self, Evidence, LedgerKey};
use crate::command::{Conclusion, Redemption, Rejection};
use crate::event::{
    Decided, Entry, Event, Fact, Kept, OutcomeReported, Payload, Redeemed, RedemptionRefused,
};
use crate::execution::{Given, Outcome, Permit, Refusal, redeemable};
use crate::id::ActionId;
use crate::limits;
use crate::state::State;
use crate::time::Timestamp;
use crate::verdict::Verdict;

use super::{ledger, room, with_step};

/// Spends a warrant. A refusal is a fact as well: somebody tried.
pub(super) fn redeem(
    state: &State,
    redemption: &Redemption,
    now: Timestamp,
) -> Result<Vec<Fact>, Rejection> {
    let Redemption { action, decided: entry, mismatch } = redemption;
    let decided = decision(entry, *action)?;
    let subject = decided.assessment.subject.clone();
    let found = match mismatch {
        None => spend(state, entry.index, decided, now),
        Some(mismatch) => Err(mismatch.refusal()),
    };
    let (action, decided) = (*action, entry.index);
    let event = match found {
        Err(why) => Event::RedemptionRefused(RedemptionRefused { action, decided, subject, why }),
        Ok(Permit { expires, class }) => {
            let (all, own) =
                (state.executions().running(), state.executions().running_of(&subject.tenant));
            room("running actions", all, limits::MAX_RUNS)?;
            room("running actions of this tenant", own, limits::MAX_RUNS_PER_TENANT)?;
            let report_by = state.terms().warrants.report_by(now);
            let class = class.cloned();
            Event::Redeemed(Redeemed { action, decided, expires, report_by, subject, class })
        }
    };
    Ok(vec![event.into()])
}

/// Whether the warrant of an action could be redeemed now, and until when: what whoever showed it
/// would be told, without anybody having to try. `decided` is the entry that decided on the action.
///
/// # Errors
/// The refusal says why not.
pub fn redeemable_until(
    state: &State,
    decided: &Entry,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    match &decided.event {
        Event::Decided(decision) => {
            let permit = spend(state, decided.index, decision, state.clock(now))?;
            Ok(permit.expires)
        }
        _ => Err(Refusal::NotGranted),
    }
}

/// The decision on an action in its entry.
pub(crate) fn decision(entry: &Entry, action: ActionId) -> Result<&Decided, Rejection> {
    match &entry.event {
        Event::Decided(decided) if decided.id == action => Ok(decided),
        _ => Err(Rejection::UnknownAction(action)),
    }
}

/// What the warrant is good for, if it can be spent.
pub(crate) fn spend<'a>(
    state: &'a State,
    entry: u64,
    decided: &'a Decided,
    now: Timestamp,
) -> Result<Permit<'a>, Refusal> {
    let of = &decided.assessment;
    let given = Given {
        action: decided.id,
        entry,
        verdict: decided.decision.verdict,
        subject: &of.subject,
        class: of.class.as_ref(),
        policy: &of.policy,
        expires: decided.expires,
    };
    redeemable(state.executions(), state.switches(), state.terms(), &given, now)
}

/// Takes in what came of an action.
pub(super) fn conclude(state: &State, conclusion: Conclusion) -> Result<Vec<Fact>, Rejection> {
    let Conclusion { action, of: entry, outcome, detail } = conclusion;
    if detail.len() > limits::MAX_OUTCOME_BYTES {
        return Err(Rejection::LongOutcome);
    }
    let reported = reported(&entry, action, outcome)?;
    let step = match evidence(state, &reported) {
        Some(evidence) => {
            let of = LedgerKey::of(&evidence);
            let mut record = ledger(state, &of)?;
            record.add(&evidence, state.terms().graduation.window);
            autonomy::step(state.terms(), &of, &record)
        }
        None => None,
    };
    let mut facts = with_step(Event::OutcomeReported(reported), step);
    if let Some(first) = facts.first_mut().filter(|_| !detail.is_empty()) {
        first.payload = Some(Kept::Open(Payload::Statement(detail)));
    }
    Ok(facts)
}

/// The report of an outcome, as far as the entry that let the action run knows it.
pub(crate) fn reported(
    entry: &Entry,
    action: ActionId,
    outcome: Outcome,
) -> Result<OutcomeReported, Rejection> {
    let (subject, class) = match &entry.event {
        Event::Redeemed(redeemed) if redeemed.action == action => {
            (redeemed.subject.clone(), redeemed.class.clone())
        }
        Event::Decided(decided)
            if decided.id == action && decided.decision.verdict == Verdict::Allow =>
        {
            (decided.assessment.subject.clone(), decided.assessment.class.clone())
        }
        _ => return Err(Rejection::NotRun(action)),
    };
    Ok(OutcomeReported { action, of: entry.index, outcome, subject, class })
}

/// What an outcome shows. A success counts once, when it ends a run; what went wrong counts
/// whenever somebody says so. Where there is no room for another record it counts for nothing:
/// that an action has ended must be recorded in any case.
pub(crate) fn evidence(state: &State, reported: &OutcomeReported) -> Option<Evidence> {
    let class = reported.class.clone()?;
    let is_success = reported.outcome == Outcome::Succeeded;
    let ends_run = state.executions().run(reported.action).is_some();
    let is_known = state.terms().classes.contains_key(&class);
    let is_wanted = state.terms().graduation.counts_outcomes();
    let evidence = (is_known && is_wanted && (ends_run || !is_success)).then(|| Evidence {
        tenant: reported.subject.tenant.clone(),
        class,
        build: reported.subject.build.clone(),
        source: autonomy::outcomes(),
        adversarial: false,
        passed: u64::from(is_success),
        failed: u64::from(!is_success),
    });
    evidence.filter(|evidence| state.ledgers().counts(&LedgerKey::of(evidence)))
}
