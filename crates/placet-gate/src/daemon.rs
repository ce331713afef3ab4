//! Calls that are decided at a daemon.

use std::time::{Duration, Instant};

use placet::core::mode::Treatment;
use placet::{
    Action, ActionId, ApprovalId, Finding, Json, Mode, Notice, Object, Outcome, Status, Timestamp,
    ToolName, Verdict,
};
use placet_client::{Client, segment};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{Call, Course, Held};
use crate::error::GateError;
use crate::here::reasons;

/// How long a daemon is asked to wait at a time.
const LONGEST_POLL: Duration = Duration::from_secs(30);

/// A decision as a daemon writes it, as far as it matters here.
#[derive(Deserialize)]
struct Decision {
    id: Option<ActionId>,
    verdict: Verdict,
    would_have: Option<Verdict>,
    mode: Mode,
    findings: Vec<Finding>,
    approval: Option<Approval>,
    warrant: Option<String>,
}

#[derive(Deserialize)]
struct Approval {
    id: ApprovalId,
    deadline: Timestamp,
    url: Option<String>,
}

/// What became of an action.
#[derive(Deserialize)]
struct Shown {
    #[serde(flatten)]
    decision: Decision,
    status: String,
    denial: Option<String>,
    successor: Option<ActionId>,
    action: Option<Proposed>,
}

#[derive(Deserialize)]
struct Proposed {
    params: Object,
}

pub(crate) fn propose(
    client: &Client,
    action: &Action,
    treatment: Treatment,
    notices: &[Notice],
) -> Result<Call, GateError> {
    let path = match treatment {
        Treatment::Binding => "/v1/actions".to_owned(),
        other => format!("/v1/actions?treatment={}", other.as_str()),
    };
    let decision: Decision = client.post(&path, &body(&claimed(action, notices)))?;
    Ok(call(client, decision, action.tool.clone(), action.params.clone()))
}

/// The action with what the gate has to say of it in its context. A daemon knows nothing but the key of
/// an agent, which anybody may have who speaks for that agent, and so it stands there as a claim.
fn claimed(action: &Action, notices: &[Notice]) -> Action {
    let mut action = action.clone();
    if !notices.is_empty() {
        let said = notices.iter().map(Notice::to_json).collect();
        let context = action.context.get_or_insert_default();
        context.insert("gate".to_owned(), Json::Array(said));
    }
    action
}

/// An action in the shape of the wire.
fn body(action: &Action) -> Json {
    let mut body = action.clone().into_json();
    if let (Json::Object(fields), true) = (&mut body, action.enforce) {
        fields.insert("enforce".to_owned(), Json::Bool(true));
    }
    body
}

/// The mode that the policy has for an action.
pub(crate) fn mode(client: &Client, action: &Action) -> Result<Mode, GateError> {
    Ok(client.ask::<Decision>("/v1/evaluate", &body(action))?.mode)
}

fn call(client: &Client, decision: Decision, tool: ToolName, params: Object) -> Call {
    let verdict = decision.verdict;
    let held = |it: Approval| Held {
        id: it.id,
        deadline: it.deadline,
        url: it.url.map(|path| place(client, &path)),
    };
    Call {
        id: decision.id,
        tool,
        params,
        is_edited: false,
        verdict,
        would_have: decision.would_have,
        mode: decision.mode,
        reasons: reasons(&decision.findings, decision.would_have.unwrap_or(verdict)),
        approval: decision.approval.map(held),
        is_permitted: decision.warrant.is_some() || is_unrecorded(verdict, decision.id),
        is_lenient: false,
        warrant: decision.warrant,
    }
}

/// Shadow lets through what it could not record, and has no warrant for it.
fn is_unrecorded(verdict: Verdict, id: Option<ActionId>) -> bool {
    verdict == Verdict::Allow && id.is_none()
}

/// Where a page of the console is, for a browser on the machine of whoever is asked.
fn place(client: &Client, path: &str) -> String {
    if client.url().starts_with("http") { format!("{}{path}", client.url()) } else { path.into() }
}

/// Where people answer a held action.
pub(crate) fn page(client: &Client, id: ActionId) -> String {
    place(client, &format!("/console/actions/{id}"))
}

pub(crate) fn course(
    client: &Client,
    mut id: ActionId,
    tool: ToolName,
    mut params: Object,
    time: Duration,
) -> Result<Course, GateError> {
    let until = Instant::now().checked_add(time);
    let mut is_edited = false;
    loop {
        let left =
            until.map_or(LONGEST_POLL, |until| until.saturating_duration_since(Instant::now()));
        let path = format!("/v1/actions/{}", segment(&id.to_string()));
        let shown: Shown = client.wait(&path, left.min(LONGEST_POLL))?;
        if is_edited {
            params = shown.action.ok_or(GateError::Strange("the params of an action"))?.params;
        }
        match (shown.successor, status(&shown.status)?) {
            (Some(successor), _) => (id, is_edited) = (successor, true),
            (None, Status::Pending) if left.is_zero() => return Ok(Course::Pending),
            (None, Status::Pending) => {}
            (None, Status::Denied) => return Ok(Course::Denied(shown.denial.unwrap_or_default())),
            (None, Status::Allowed | Status::Approved) if shown.decision.warrant.is_some() => {
                let call = call(client, shown.decision, tool, params);
                return Ok(Course::Permitted(Box::new(Call { is_edited, ..call })));
            }
            (None, status) => return Ok(Course::Over(status)),
        }
    }
}

fn status(word: &str) -> Result<Status, GateError> {
    let mut known = Status::ALL.into_iter();
    known
        .find(|status| status.as_str() == word)
        .ok_or(GateError::Strange("the status of an action"))
}

pub(crate) fn redeem(client: &Client, call: &Call) -> Result<(), GateError> {
    let warrant = call.warrant.as_deref().ok_or(GateError::NotPermitted)?;
    let body = json!({ "warrant": warrant, "tool": call.tool, "params": call.params });
    client.post::<Value>("/v1/warrants/redeem", &body).map(drop)?;
    Ok(())
}

pub(crate) fn conclude(
    client: &Client,
    id: ActionId,
    outcome: Outcome,
    detail: &str,
) -> Result<(), GateError> {
    let mut body = json!({ "status": outcome.as_str() });
    let field = match outcome {
        Outcome::Failed => Some("error"),
        Outcome::Reversed => Some("reason"),
        _ => None,
    };
    if let (Some(field), Some(body), false) = (field, body.as_object_mut(), detail.is_empty()) {
        body.insert(field.to_owned(), detail.into());
    }
    let path = format!("/v1/actions/{}/outcome", segment(&id.to_string()));
    client.post::<Value>(&path, &body).map(drop)?;
    Ok(())
}

pub(crate) fn withdraw(client: &Client, approval: ApprovalId) -> Result<(), GateError> {
    let path = format!("/v1/approvals/{}/withdraw", segment(&approval.to_string()));
    client.post::<Value>(&path, &json!({})).map(drop)?;
    Ok(())
}
