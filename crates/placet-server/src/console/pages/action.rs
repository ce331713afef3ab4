//! `/console/actions/{id}`: one action, from the decision to its outcome, with its proof.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use placet::core::event::{Payload, Void};
use placet::{
    ActionId, Event, Followed, Guard, KeyId, Moment, Outcome, Receipt, Refusal, Status, Timestamp,
};

use super::super::diff::diff;
use super::super::fault::Fault;
use super::super::form::Fields;
use super::super::frame::{Frame, Notice, Place};
use super::super::held::{Card, Frozen, more_have_to_sign, short};
use super::super::params::params_text;
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::inbox::looker;
use super::policy::{Shown as Compared, folded as compared};
use super::{reply, time};
use crate::app::App;
use crate::auth::role::Reader;
use crate::wire::{Path, Problem};

#[derive(Template)]
#[template(path = "action.html")]
struct Page {
    frame: Frame,
    of: Frozen,
    status: &'static str,
    tone: &'static str,
    /// Why it may not run any more although it is allowed or approved.
    dead: Option<Dead>,
    verdict: &'static str,
    would_have: Option<&'static str>,
    mode: &'static str,
    policy: String,
    decided: String,
    story: Vec<Step>,
    card: Option<Card>,
    edits: Vec<Edit>,
    proof: Proof,
    now: Timestamp,
}

/// Why a warrant is refused, in few words and in a sentence.
struct Dead {
    tag: &'static str,
    why: String,
}

/// A moment as the page tells it.
struct Step {
    entry: u64,
    at: String,
    what: String,
    tone: &'static str,
    by: Option<String>,
    /// What somebody wrote: each text with what it is.
    words: Vec<(String, String)>,
}

/// An action that this one replaced, or that replaced it, with what differs.
struct Edit {
    what: &'static str,
    id: String,
    lines: Vec<Compared>,
}

/// What was verified just now.
struct Proof {
    entries: Vec<u64>,
    size: u64,
    root: String,
    wrong: Option<String>,
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    visitor: Visitor<Reader>,
) -> Result<Response, Fault> {
    let id: ActionId = id.parse().map_err(Problem::missing)?;
    page(&app, &visitor, id, None, None, StatusCode::OK).await
}

/// The page of an action, with a word on an answer that was not taken and what was typed for it.
pub(super) async fn page(
    app: &Arc<App>,
    visitor: &Visitor<Reader>,
    id: ActionId,
    notice: Option<Notice>,
    typed: Option<&Fields>,
    status: StatusCode,
) -> Result<Response, Fault> {
    let followed = find(app, visitor, id).await?;
    let (looker, now) = (looker(app, visitor), app.guard.now());
    let frame = Frame::new("Action", Place::Inbox, visitor).with(notice);
    let page = app.blocking(move |guard| look(guard, frame, &followed)).await??;
    let pending = app.blocking(move |guard| guard.held(id.approval())).await??;
    let card = pending.map(|pending| Card::new(&pending, &looker, now));
    let card = card.map(|card| match typed {
        Some(fields) => card.with_typed(fields),
        None => card,
    });
    let card = card.map(|card| Card { is_large: false, ..card });
    Ok(reply(&Page { card, ..page }, status))
}

/// The receipt of the entry that decided on it, with what the entry commits to.
pub(super) async fn receipt(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    visitor: Visitor<Reader>,
) -> Result<Response, Fault> {
    let id: ActionId = id.parse().map_err(Problem::missing)?;
    let index = find(&app, &visitor, id).await?.decided.index;
    let made = app.blocking(move |guard| guard.log().receipt(index, true)).await?;
    let receipt = made.map_err(Problem::unreadable)?;
    let mut response = axum::Json(receipt).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let name = HeaderValue::from_static("attachment; filename=\"receipt.json\"");
    headers.insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

/// An action that the visitor may see; to everyone else it does not exist.
pub(super) async fn find<R>(
    app: &Arc<App>,
    visitor: &Visitor<R>,
    id: ActionId,
) -> Result<Followed, Problem> {
    let found = app.blocking(move |guard| guard.log().action(id)).await??;
    found
        .filter(|found| visitor.principal.key.covers(&found.subject.tenant))
        .ok_or_else(|| Problem::missing(format!("there is no action {id}")))
}

/// What became of an action, in a sentence that names who did it.
pub(super) async fn told(app: &Arc<App>, mut followed: Followed) -> Result<String, Problem> {
    let (tool, rest) = (followed.subject.tool.clone(), rest(&followed));
    // What was tried with a dead warrant has changed nothing.
    followed.refusals.clear();
    let history = app.blocking(move |guard| guard.log().history(&followed)).await??;
    Ok(match history.last().map(|moment| step(&app.guard, moment)) {
        Some(Step { what, by, at, .. }) => {
            let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
            format!("{tool}: {}{by} at {at} UTC.{rest}", what.to_lowercase())
        }
        None => format!("Nothing is known of {tool} any more."),
    })
}

/// How many have to sign yet, where somebody has and that was not enough.
fn rest(followed: &Followed) -> String {
    let signed = followed.steps.iter().filter(|step| step.status == Status::Pending).count();
    let quorum = followed.answer.approval.as_ref().map_or(0, |terms| usize::from(terms.quorum));
    if !followed.is_pending() || signed == 0 {
        return String::new();
    }
    format!(" {}", more_have_to_sign(quorum.saturating_sub(signed)))
}

fn look(guard: &Guard, frame: Frame, followed: &Followed) -> Result<Page, Problem> {
    let history = guard.log().history(followed)?;
    let answer = &followed.answer;
    Ok(Page {
        frame,
        status: followed.status.as_str(),
        tone: status_tone(followed.status),
        dead: guard.refusal(followed).and_then(|why| dead(&why)),
        verdict: answer.verdict.as_str(),
        would_have: answer.would_have.map(|verdict| verdict.as_str()),
        mode: answer.mode.as_str(),
        policy: short(&answer.policy.to_string()),
        decided: time(followed.decided.at),
        story: history.iter().map(|moment| step(guard, moment)).collect(),
        card: None,
        edits: edits(guard, followed)?,
        proof: prove(guard, &history),
        of: Frozen::new(followed),
        now: guard.now(),
    })
}

/// What has ended its warrant before its time, where something has. That time itself ends one says
/// nothing of what was decided.
fn dead(refusal: &Refusal) -> Option<Dead> {
    let (tag, why) = match refusal {
        Refusal::OtherPolicy => {
            ("under another policy", "Another policy was installed since.".to_owned())
        }
        Refusal::Stopped(scope) => {
            ("stopped", format!("The kill switch {scope} was tripped since."))
        }
        _ => return None,
    };
    Some(Dead { tag, why })
}

fn edits(guard: &Guard, followed: &Followed) -> Result<Vec<Edit>, Problem> {
    let mut edits = Vec::new();
    let links = [
        ("Takes the place of", followed.answer.replaces, true),
        ("Replaced by", followed.successor, false),
    ];
    for (what, id, is_before) in links {
        let Some(id) = id else { continue };
        let Some(other) = guard.log().action(id)? else { continue };
        let (own, other) = (params_text(followed), params_text(&other));
        let (old, new) = if is_before { (other, own) } else { (own, other) };
        edits.push(Edit { what, id: id.to_string(), lines: compared(&diff(&old, &new)) });
    }
    Ok(edits)
}

/// Proves now, with the key that everyone knows, that the log has every moment of it.
fn prove(guard: &Guard, history: &[Moment]) -> Proof {
    let entries: Vec<u64> = history.iter().map(|moment| moment.entry.index).collect();
    let mut proof = Proof { entries, size: 0, root: String::new(), wrong: None };
    for index in proof.entries.clone() {
        match prove_one(guard, index) {
            Ok((size, root)) => (proof.size, proof.root) = (size, root),
            Err(wrong) => proof.wrong = Some(format!("entry {index}: {wrong}")),
        }
    }
    proof
}

fn prove_one(guard: &Guard, index: u64) -> Result<(u64, String), String> {
    let log = guard.log();
    let receipt: Receipt = log.receipt(index, true).map_err(|error| error.to_string())?;
    let verified =
        receipt.verify(std::slice::from_ref(log.verifier())).map_err(|error| error.to_string())?;
    Ok((verified.checkpoint.size(), verified.checkpoint.root().to_string()))
}

fn step(guard: &Guard, moment: &Moment) -> Step {
    let entry = &moment.entry;
    let (what, tone, by) = event(&entry.event);
    let words = match (&moment.payload, &entry.event) {
        (Some(Payload::Statement(text)), _) if !text.is_empty() => {
            vec![(String::new(), text.clone())]
        }
        (None, event) if let Some(standing) = event.standing() => {
            vec![("by the standing approval".to_owned(), standing.to_string())]
        }
        (Some(Payload::SignOff(signed)), _) => signed.statement.clone().into_iter().collect(),
        (_, Event::RedemptionRefused(refused)) => {
            let shown =
                entry.origin.map(|origin| ("shown with".to_owned(), key(guard, origin.key)));
            shown.into_iter().chain([("because".to_owned(), refused.why.to_string())]).collect()
        }
        _ => Vec::new(),
    };
    Step { entry: entry.index, at: time(entry.at), what, tone, by, words }
}

/// A key by its name, while it is in force, and by its id.
fn key(guard: &Guard, id: KeyId) -> String {
    match guard.log().state().keys().get(id) {
        Some(known) => format!("the key {} ({id})", known.name),
        None => format!("a key that ended ({id})"),
    }
}

/// What an event is called, how it is coloured, and who did it.
fn event(event: &Event) -> (String, &'static str, Option<String>) {
    let name = |person: &dyn ToString| Some(person.to_string());
    let (what, tone, by) = match event {
        Event::Decided(decided) => match decided.decision.verdict {
            placet::Verdict::Allow => ("Allowed", "good", None),
            placet::Verdict::RequireApproval => ("Held for people", "held", None),
            placet::Verdict::Block => ("Blocked", "bad", None),
        },
        Event::SignedOff(signed) if signed.standing.is_some() => {
            ("Signed off beforehand", "good", name(&signed.by.person))
        }
        Event::SignedOff(signed) if signed.expires.is_some() => {
            ("Approved", "good", name(&signed.by.person))
        }
        Event::SignedOff(signed) => ("Signed off", "good", name(&signed.by.person)),
        Event::Denied(denied) => ("Denied", "bad", name(&denied.by)),
        Event::Expired(_) => ("Expired", "bad", None),
        Event::Withdrawn(_) => ("Withdrawn by the agent", "", None),
        Event::Superseded(superseded) => ("Replaced by another action", "", name(&superseded.by)),
        Event::Voided(voided) => {
            let what = match &voided.why {
                Void::Switch(scope) => format!("Ended by the kill switch {scope}"),
                Void::Policy(_) => "Ended by another policy".to_owned(),
            };
            return (what, "bad", None);
        }
        Event::Redeemed(_) => ("Warrant redeemed, the action runs", "good", None),
        Event::RedemptionRefused(_) => ("Warrant shown and refused", "bad", None),
        Event::OutcomeReported(reported) => match reported.outcome {
            Outcome::Succeeded => ("Succeeded", "good", None),
            Outcome::Failed => ("Failed", "bad", None),
            Outcome::Reversed => ("Reversed", "held", None),
        },
        Event::Indeterminate(_) => ("In doubt: nobody said what came of it", "bad", None),
        other => (other.kind(), "", None),
    };
    (what.to_owned(), tone, by)
}

/// How a status is coloured.
pub(super) fn status_tone(status: Status) -> &'static str {
    match status {
        Status::Allowed | Status::Approved | Status::Redeemed | Status::Succeeded => "good",
        Status::Pending | Status::Reversed => "held",
        Status::Withdrawn | Status::Superseded => "",
        Status::Blocked
        | Status::Denied
        | Status::Expired
        | Status::Voided
        | Status::Failed
        | Status::Indeterminate => "bad",
    }
}
