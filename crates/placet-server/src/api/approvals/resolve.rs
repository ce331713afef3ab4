//! `POST /v1/approvals/{id}/resolve`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{Json as Value, Object, Reply};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Resolved, id};
use crate::app::App;
use crate::auth::{Write, role};
use crate::wire::{Path, Problem};

/// Most fields of a sign-off that are looked at: no policy asks for so many.
const MAX_FIELDS: usize = 64;

/// A person's answer to a held action.
#[derive(Deserialize, ToSchema)]
#[schema(as = Answer)]
#[expect(dead_code, reason = "it describes what is read by hand")]
pub(crate) struct Answer {
    /// Whether it may run. Only `true` approves.
    approved: bool,
    /// Why not, when it may not; the agent is told.
    #[schema(nullable = false, max_length = 1024)]
    reason: Option<String>,
    /// Other params, to approve the action with those instead.
    #[schema(value_type = Option<Object>, nullable = false)]
    params: Option<serde_json::Value>,
    /// The statement in the approver's own words, where the approval asks for it.
    #[schema(nullable = false)]
    verbatim_response: Option<String>,
    /// Who answers for it, where the approval asks for it.
    #[schema(nullable = false)]
    responsible_owner: Option<String>,
    /// Any other field that the approval asks for.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, String>)]
    fields: BTreeMap<String, String>,
}

/// Answer a held action.
///
/// The key must be a person's: a session, or a key with the scope approver that was made for one.
/// Nobody answers for what they asked for themselves, or what is done for them. An answer that was
/// given before is told, and changes nothing.
#[utoipa::path(
    post,
    path = "/v1/approvals/{id}/resolve",
    operation_id = "resolve_approval",
    tag = "approvals",
    params(("id" = String, Path, description = "the approval's id", pattern = "^apr_")),
    request_body = Answer,
    responses((status = OK, body = Resolved)),
)]
pub(crate) async fn resolve(
    State(app): State<Arc<App>>,
    Path(approval): Path<String>,
    write: Write<role::Approver>,
) -> Result<Json<Resolved>, Problem> {
    let approval = id(&approval)?;
    let approver = write.principal.approver(&app.guard)?;
    let reply = reply(&write.body)?;
    let action = approval.action();
    let found = app.blocking(move |guard| guard.log().action(action)).await??;
    if !found.is_some_and(|found| write.principal.key.covers(&found.subject.tenant)) {
        return Err(Problem::missing(format!("there is no approval {approval}")));
    }
    Ok(Json(write.guard.resolve(approval, &approver, reply).await?.into()))
}

/// Reads an answer. Nothing but a real `true` approves, and every other field is a text.
pub(crate) fn reply(json: &Value) -> Result<Reply, Problem> {
    let Value::Object(fields) = json else {
        return Err(Problem::invalid_at("", "a JSON object is expected"));
    };
    let mut approved = None;
    let mut params = None;
    let mut statement = BTreeMap::new();
    for (name, value) in fields.iter().take(MAX_FIELDS) {
        match (name, value) {
            ("approved", Value::Bool(value)) => approved = Some(*value),
            ("approved", _) => {
                return Err(Problem::invalid_at("/approved", "true or false is expected"));
            }
            ("params", Value::Object(value)) => params = Some(Object::clone(value)),
            ("params", _) => return Err(Problem::invalid_at("/params", "an object is expected")),
            (name, Value::String(text)) => drop(statement.insert(name.to_owned(), text.clone())),
            (name, _) => {
                return Err(Problem::invalid_at(format!("/{name}"), "a text is expected"));
            }
        }
    }
    match approved.ok_or_else(|| Problem::invalid_at("/approved", "is missing"))? {
        true => Ok(match params {
            Some(params) => Reply::Edit { params, statement },
            None => Reply::Approve { statement },
        }),
        false if params.is_some() => {
            Err(Problem::invalid_at("/params", "only what is approved has params"))
        }
        false => {
            let reason = statement.remove("reason").or(statement.remove("verbatim_response"));
            let detail = "say why not; the agent is told";
            Ok(Reply::Deny {
                reason: reason.ok_or_else(|| Problem::invalid_at("/reason", detail))?,
            })
        }
    }
}
