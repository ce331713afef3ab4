//! `POST /v1/approvals/{id}/resolve`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{ApprovalId, Approver, Guard, Reply, Resolution};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Resolved, id};
use crate::app::App;
use crate::auth::{Write, role};
use crate::wire::{Path, Problem};

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
    /// How far the like of it may be done without asking, to approve that as well.
    #[schema(nullable = false)]
    standing: Option<Standing>,
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

/// How far the like of an action may be done without asking.
///
/// It holds for the tenant, agent and class of that action, for amounts that are no higher, and for
/// what is held for the same reasons.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reach)]
#[expect(dead_code, reason = "it describes what the engine reads")]
pub(crate) struct Standing {
    /// The params that must have the same values, as JSON Pointers; `""` for all of them.
    #[schema(min_items = 1, max_items = 16, example = json!(["/order"]))]
    params: Vec<String>,
    /// How often at the most; left out, as often as there is time.
    #[schema(nullable = false, minimum = 1, maximum = 10000)]
    uses: Option<u32>,
    /// Until when, at most for 31 days; left out, for so long.
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    until: Option<String>,
}

/// Answer a held action.
///
/// The key must be a person's: a session, or a key with the scope approver that was made for one.
/// Nobody answers for what they asked for themselves, or what is done for them. An answer that was
/// given before is told, and changes nothing; of an id that nothing was asked under, at least not on
/// behalf of the key's tenant, it is told that it is unknown.
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
    let reply = Reply::from_json(&write.body)?;
    let action = approval.action();
    let found = app.blocking(move |guard| guard.log().action(action)).await??;
    if !found.is_some_and(|found| write.principal.key.covers(&found.subject.tenant)) {
        return Ok(Json(Resolution::Unknown.into()));
    }
    Ok(Json(answer(&app, write.guard, approval, approver, reply).await?.into()))
}

/// Takes in a person's answer, where the log can be read meanwhile without holding up anybody.
pub(crate) async fn answer(
    app: &Arc<App>,
    guard: Guard,
    approval: ApprovalId,
    approver: Approver,
    reply: Reply,
) -> Result<Resolution, Problem> {
    let resolve = move |_: &Guard| guard.blocking().resolve(approval, &approver, reply);
    Ok(app.blocking(resolve).await??)
}
