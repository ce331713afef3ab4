//! `DELETE /v1/standing-approvals/{id}`

use axum::Json;
use placet::StandingApprovalId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::{Write, own, role};
use crate::wire::{Path, Problem, body};

/// Why it is taken back. The whole body may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RevokeStanding)]
pub(crate) struct Revoke {
    /// Why.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 1024)]
    reason: Option<String>,
}

/// That it was taken back.
#[derive(Serialize, ToSchema)]
#[schema(as = StandingRevoked)]
pub(crate) struct Revoked {
    /// Which one.
    #[schema(value_type = String, pattern = "^sta_")]
    id: StandingApprovalId,
    /// The entry that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    log_index: Option<u64>,
}

/// Take a standing approval back.
///
/// What it signed off on before stays signed off on.
#[utoipa::path(
    delete,
    path = "/v1/standing-approvals/{id}",
    operation_id = "revoke_standing_approval",
    tag = "approvals",
    params(("id" = String, Path, description = "the standing approval's id", pattern = "^sta_")),
    request_body = Option<Revoke>,
    responses((status = OK, body = Revoked)),
)]
pub(crate) async fn revoke(
    Path(id): Path<String>,
    write: Write<role::Answerer>,
) -> Result<Json<Revoked>, Problem> {
    let id = {
        let state = write.guard.log().state();
        own::standing(&id, state.standing_approvals(), &write.principal)?
    };
    let given: Revoke = body::optional(&write.body)?;
    let reason = given.reason.as_deref().unwrap_or(body::NO_REASON);
    let by = write.principal.key.person.clone();
    let change = write.guard.revoke_standing(id, reason, by).await?;
    Ok(Json(Revoked { id, log_index: change.log_index }))
}
