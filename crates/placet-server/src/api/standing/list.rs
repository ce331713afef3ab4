//! `GET /v1/standing-approvals`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::StandingApproval;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Read, role};
use crate::wire::decision::FindingShape;
use crate::wire::{Problem, Query, Whose};

/// What somebody signed off on beforehand.
#[derive(ToSchema)]
#[schema(as = StandingApproval)]
#[expect(dead_code, reason = "it describes what the engine writes")]
struct Shape {
    /// Its id.
    #[schema(pattern = "^sta_")]
    id: String,
    /// Who gave it.
    by: String,
    /// The action that it was given with.
    #[schema(pattern = "^act_")]
    action: String,
    /// For whom.
    tenant: String,
    /// For which agent; null for those without a name.
    agent: Option<String>,
    /// For which class.
    class: String,
    /// The values that are pinned, by their places as JSON Pointers.
    #[schema(value_type = Object)]
    pins: BTreeMap<String, serde_json::Value>,
    /// No action is covered that is worth more.
    #[schema(nullable = false)]
    at_most: Option<String>,
    /// What held the first action. Nothing is covered that is held for another reason.
    held_by: Vec<FindingShape>,
    /// How often it may be used in all.
    #[schema(nullable = false)]
    uses: Option<u32>,
    /// How often it was used.
    used: u32,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    until: String,
    /// The entry of the log that gave it.
    log_index: u64,
}

/// The standing approvals in force, the latest first.
#[derive(Serialize, ToSchema)]
#[schema(as = StandingApprovals)]
pub(crate) struct Standing {
    #[schema(value_type = Vec<Shape>)]
    standing_approvals: Vec<StandingApproval>,
}

/// List what people signed off on beforehand.
///
/// A standing approval signs off in the name of its person on what it covers. It ends with its time,
/// its uses, the policy it was given under, a kill switch that could stop what it covers, and with
/// the right of its person to approve.
#[utoipa::path(
    get,
    path = "/v1/standing-approvals",
    operation_id = "list_standing_approvals",
    tag = "approvals",
    params(Whose),
    responses((status = OK, body = Standing)),
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    read: Read<role::Reader>,
    Query(Whose { tenant }): Query<Whose>,
) -> Result<Json<Standing>, Problem> {
    let tenant = read.principal.looks_at(tenant)?;
    let mut found = app.blocking(move |guard| guard.standing_approvals(tenant.as_ref())).await??;
    if let Some(own) = read.principal.key.agent {
        found.retain(|standing| standing.agent.as_ref() == Some(&own));
    }
    Ok(Json(Standing { standing_approvals: found }))
}
