//! `POST /v1/kill-switches`

use axum::Json;
use axum::http::StatusCode;
use placet::{ApiKey, PersonId, Scope, Target};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::{Write, role};
use crate::wire::{Problem, body};

/// What to stop, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Trip)]
pub(crate) struct Trip {
    /// `all`, `tenant:T`, `agent:A` or `tool:N`; the last two inside a tenant as
    /// `tenant:T/agent:A`. A key of a tenant means its own tenant.
    #[schema(value_type = String, example = "tool:issue_refund")]
    scope: Scope,
    /// Why.
    #[schema(min_length = 1, max_length = 1024)]
    reason: String,
    /// Who says so, where the key speaks for no person; else they do, and no other may be named.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    by: Option<PersonId>,
}

/// A switch that is in its new position.
#[derive(Serialize, ToSchema)]
#[schema(as = Switched)]
pub(crate) struct Switched {
    /// What it stops.
    #[schema(value_type = String)]
    scope: Scope,
    /// The entry that says so; none when it was so already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    log_index: Option<u64>,
}

impl Switched {
    pub(super) fn new(scope: Scope, log_index: Option<u64>) -> Self {
        Self { scope, log_index }
    }
}

/// Trip a kill switch.
///
/// What it covers is stopped from the next decision on. Tripping what is tripped is no error.
#[utoipa::path(
    post,
    path = "/v1/kill-switches",
    operation_id = "trip_kill_switch",
    tag = "kill switches",
    request_body = Trip,
    responses((status = CREATED, body = Switched)),
)]
pub(crate) async fn trip(
    write: Write<role::Admin>,
) -> Result<(StatusCode, Json<Switched>), Problem> {
    let Trip { scope, reason, by } = body::typed(&write.body)?;
    let scope = within(&write.principal.key, scope)?;
    let by = write.principal.says(by)?;
    let change = write.guard.trip(scope.clone(), &reason, by).await?;
    Ok((StatusCode::CREATED, Json(Switched::new(scope, change.log_index))))
}

/// The scope as a key means it: that of a tenant speaks of its own tenant.
pub(crate) fn within(key: &ApiKey, scope: Scope) -> Result<Scope, Problem> {
    let Some(own) = &key.tenant else { return Ok(scope) };
    match (&scope.tenant, &scope.target) {
        (Some(named), _) if named == own => Ok(scope),
        (Some(_), _) => Err(Problem::forbidden("the key belongs to another tenant")),
        (None, Target::Everything) => {
            Err(Problem::forbidden(format!("the key stops its own tenant only: tenant:{own}")))
        }
        (None, _) => Ok(Scope { tenant: Some(own.clone()), ..scope }),
    }
}
