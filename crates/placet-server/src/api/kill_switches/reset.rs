//! `DELETE /v1/kill-switches/{scope}`

use axum::Json;
use placet::{PersonId, Rejection, Scope};
use serde::Deserialize;
use utoipa::ToSchema;

use super::trip::{Switched, within};
use crate::auth::{Write, role};
use crate::wire::{Path, Problem, body};

/// Why the switch is reset. The whole body may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reset)]
pub(crate) struct Reset {
    /// Why.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 1024)]
    reason: Option<String>,
    /// Who says so, where the key speaks for no person; else they do, and no other may be named.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    by: Option<PersonId>,
}

/// Reset a kill switch.
#[utoipa::path(
    delete,
    path = "/v1/kill-switches/{scope}",
    operation_id = "reset_kill_switch",
    tag = "kill switches",
    params(("scope" = String, Path, description = "the scope, percent-encoded", example = "tenant:acme")),
    request_body = Option<Reset>,
    responses((status = OK, body = Switched)),
)]
pub(crate) async fn reset(
    Path(scope): Path<String>,
    write: Write<role::Admin>,
) -> Result<Json<Switched>, Problem> {
    let scope: Scope = scope.parse().map_err(Problem::invalid)?;
    if scope.tenant.as_ref().is_some_and(|of| !write.principal.key.covers(of)) {
        return Err(Rejection::NotTripped(scope).into());
    }
    let scope = within(&write.principal.key, scope)?;
    let given: Reset = body::optional(&write.body)?;
    let reason = given.reason.as_deref().unwrap_or(body::NO_REASON);
    let by = write.principal.says(given.by)?;
    let change = write.guard.reset(scope.clone(), reason, by).await?;
    Ok(Json(Switched::new(scope, change.log_index)))
}
