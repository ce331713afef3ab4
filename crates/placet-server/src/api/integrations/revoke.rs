//! `DELETE /v1/integrations/{id}`

use axum::Json;
use placet::KeyId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Write, own, role};
use crate::wire::{Path, Problem};

/// A key that is worth nothing any more.
#[derive(Serialize, ToSchema)]
#[schema(as = Revoked)]
pub(crate) struct Revoked {
    /// Its id.
    #[schema(value_type = String, pattern = "^key_")]
    app_id: KeyId,
    /// The entry that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    log_index: Option<u64>,
}

/// Revoke an integration, at once.
#[utoipa::path(
    delete,
    path = "/v1/integrations/{id}",
    operation_id = "revoke_integration",
    tag = "integrations",
    params(("id" = String, Path, description = "its id", pattern = "^key_")),
    responses((status = OK, body = Revoked)),
)]
pub(crate) async fn revoke(
    Path(id): Path<String>,
    write: Write<role::Admin>,
) -> Result<Json<Revoked>, Problem> {
    let id = own::key(&id, write.guard.log().state().keys(), &write.principal)?;
    let change = write.guard.revoke_key(id).await?;
    Ok(Json(Revoked { app_id: id, log_index: change.log_index }))
}
