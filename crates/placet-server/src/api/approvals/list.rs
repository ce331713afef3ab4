//! `GET /v1/approvals`

#![expect(unused_qualifications, reason = "the macro that describes the endpoint writes one")]

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{ApprovalId, Guard, Pending, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::HeldShape;
use crate::app::App;
use crate::auth::{Read, role};
use crate::limits::{APPROVALS_IN_A_PAGE, MAX_APPROVALS_IN_A_PAGE};
use crate::wire::{Problem, Query, body};

/// Which of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only those after this one.
    #[serde(default, deserialize_with = "body::present")]
    #[param(value_type = Option<String>, nullable = false, pattern = "^apr_")]
    after: Option<ApprovalId>,
    /// At most so many.
    #[serde(default, deserialize_with = "body::present")]
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Only those of this tenant.
    #[serde(default, deserialize_with = "body::present")]
    #[param(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    tenant: Option<TenantId>,
}

/// Held actions, the oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Approvals)]
pub(crate) struct Approvals {
    #[schema(value_type = Vec<HeldShape>)]
    approvals: Vec<Pending>,
}

/// List the actions that wait for people.
///
/// A key that speaks for one agent sees those of that agent.
#[utoipa::path(
    get,
    path = "/v1/approvals",
    operation_id = "list_approvals",
    tag = "approvals",
    params(Which),
    responses((status = OK, body = Approvals)),
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    read: Read<role::Reader>,
    Query(which): Query<Which>,
) -> Result<Json<Approvals>, Problem> {
    let tenant = read.principal.looks_at(which.tenant)?;
    let limit = which.limit.unwrap_or(APPROVALS_IN_A_PAGE);
    if !(1..=MAX_APPROVALS_IN_A_PAGE).contains(&limit) {
        let detail = format!("the query: limit: 1 to {MAX_APPROVALS_IN_A_PAGE} is expected");
        return Err(Problem::malformed(detail));
    }
    let agent = read.principal.key.agent;
    let pending =
        move |guard: &Guard| guard.pending_of(tenant.as_ref(), agent.as_ref(), which.after, limit);
    Ok(Json(Approvals { approvals: app.blocking(pending).await?? }))
}
