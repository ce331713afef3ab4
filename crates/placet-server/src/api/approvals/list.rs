//! `GET /v1/approvals`

#![expect(unused_qualifications, reason = "the macro that describes the endpoint writes one")]

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{ApprovalId, Pending, PersonId, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::{Read, role};
use crate::limits::{APPROVALS_IN_A_PAGE, MAX_APPROVALS_IN_A_PAGE};
use crate::wire::decision::{ActionShape, DecisionShape};
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

/// A held action.
#[derive(Serialize, ToSchema)]
#[schema(as = Pending)]
pub(crate) struct Held {
    /// The decision.
    #[schema(value_type = DecisionShape)]
    decision: serde_json::Value,
    /// The frozen action, its secrets replaced; gone once it is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ActionShape>, nullable = false)]
    action: Option<serde_json::Value>,
    /// What inspection saw in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    evidence: Option<serde_json::Value>,
    /// Who has signed off so far.
    #[schema(value_type = Vec<String>)]
    signed: Vec<PersonId>,
}

/// Held actions, the oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Approvals)]
pub(crate) struct Approvals {
    approvals: Vec<Held>,
}

impl Held {
    fn new(pending: Pending) -> Self {
        let Pending { followed, signed, .. } = pending;
        let value = |json: &placet::Json| serde_json::to_value(json).unwrap_or_default();
        Self {
            action: followed.frozen.as_ref().map(|frozen| value(&frozen.action)),
            evidence: followed.frozen.as_ref().map(|frozen| value(&frozen.evidence)),
            decision: serde_json::to_value(&followed.answer).unwrap_or_default(),
            signed,
        }
    }
}

/// List the actions that wait for people.
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
    let tenant = match (&read.principal.key.tenant, which.tenant) {
        (None, named) => named,
        (Some(_), named) => Some(read.principal.tenant(named)?),
    };
    let limit = which.limit.unwrap_or(APPROVALS_IN_A_PAGE);
    if !(1..=MAX_APPROVALS_IN_A_PAGE).contains(&limit) {
        let detail = format!("the query: limit: 1 to {MAX_APPROVALS_IN_A_PAGE} is expected");
        return Err(Problem::malformed(detail));
    }
    let pending =
        app.blocking(move |guard| guard.pending(tenant.as_ref(), which.after, limit)).await??;
    Ok(Json(Approvals { approvals: pending.into_iter().map(Held::new).collect() }))
}
