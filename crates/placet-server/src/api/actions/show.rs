//! `GET /v1/actions/{id}`

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use placet::{ActionId, Followed, KeyScope, Rejection};
use serde::Serialize;
use utoipa::ToSchema;

use super::decided;
use crate::app::App;
use crate::auth::{Principal, Read, role};
use crate::limits::MAX_WAIT;
use crate::wire::decision::{ActionShape, DecisionShape};
use crate::wire::{Path, Problem, prefer};

/// A decision, and what became of the action since.
#[derive(Serialize, ToSchema)]
#[schema(as = Status)]
struct StatusShape {
    #[schema(inline)]
    #[serde(flatten)]
    decision: DecisionShape,
    /// What became of it.
    status: StatusWord,
    /// The frozen action, its secrets replaced; gone once it is erased.
    #[schema(value_type = Option<ActionShape>, nullable = false)]
    action: Option<serde_json::Value>,
    /// Why a person said no, in their words.
    #[schema(nullable = false)]
    denial: Option<String>,
    /// The action that a person put in its place.
    #[schema(nullable = false, pattern = "^act_")]
    successor: Option<String>,
    /// Why it may not run any more although it was allowed or approved: its warrant is dead, and
    /// there is none.
    #[schema(nullable = false)]
    refusal: Option<String>,
}

/// What became of an action.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StatusWord)]
#[expect(dead_code, reason = "it describes what the engine writes")]
pub(crate) enum StatusWord {
    Allowed,
    Blocked,
    Pending,
    Denied,
    Expired,
    Approved,
    Withdrawn,
    Superseded,
    Voided,
    Redeemed,
    Succeeded,
    Failed,
    Reversed,
    Indeterminate,
}

/// Follow an action.
///
/// With `Prefer: wait=N` the answer comes when the action is pending no more, at the latest after
/// N seconds.
#[utoipa::path(
    get,
    path = "/v1/actions/{id}",
    operation_id = "read_action",
    tag = "actions",
    params(
        ("id" = String, Path, description = "the action's id", pattern = "^act_"),
        ("Prefer" = Option<String>, Header, nullable = false, description = "wait=N, in seconds", example = "wait=30"),
    ),
    responses((status = OK, body = StatusShape)),
)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    read: Read<role::Anyone>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id: ActionId = id.parse().map_err(Problem::missing)?;
    let found = find(&app, &read.principal, id).await?;
    let found = match prefer::wait(&headers) {
        Some(time) if found.is_pending() => {
            let _seat = read.principal.seat(&app)?;
            let found = settled(&app, &read.principal, id, time.min(MAX_WAIT)).await?;
            let caller = &read.principal.caller;
            // Whoever has waited may have lost the key meanwhile, and with it what it may see.
            if !app.guard.admits(caller) {
                return Err(Rejection::DeadKey(caller.key).into());
            }
            found
        }
        _ => found,
    };
    let refusal = app.guard.refusal(&found).map(|why| why.to_string());
    let is_agent = read.principal.key.has(KeyScope::Agent);
    let warrant = is_agent.then(|| app.guard.warrant_of(&found)).flatten();
    Ok(decided(&found.answer, &Shown { found: &found, refusal }, warrant, false))
}

/// What became of an action, and whether that still holds.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    found: &'a Followed,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
}

/// The action, when it is pending no more or the time is up.
async fn settled(
    app: &Arc<App>,
    principal: &Principal,
    id: ActionId,
    time: Duration,
) -> Result<Followed, Problem> {
    tokio::select! {
        answered = app.guard.answered(id) => answered?,
        () = tokio::time::sleep(time) => {}
        () = app.stop.asked() => {}
        () = app.pulse.stopped() => {}
    }
    find(app, principal, id).await
}

/// The action, if the key may see it; to everyone else it does not exist.
pub(super) async fn find(
    app: &Arc<App>,
    principal: &Principal,
    id: ActionId,
) -> Result<Followed, Problem> {
    let found = app.blocking(move |guard| guard.log().action(id)).await??;
    found
        .filter(|found| principal.sees(&found.subject))
        .ok_or_else(|| Problem::missing(format!("there is no action {id}")))
}
