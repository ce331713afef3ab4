//! `POST /v1/integrations/{id}/rotate`

use axum::Json;

use super::Credentials;
use crate::auth::{Write, own, role};
use crate::wire::{Path, Problem};

/// Replace the secret of an integration.
///
/// The one before is worth nothing from then on.
#[utoipa::path(
    post,
    path = "/v1/integrations/{id}/rotate",
    operation_id = "rotate_integration",
    tag = "integrations",
    params(("id" = String, Path, description = "its id", pattern = "^key_")),
    responses((status = OK, body = Credentials)),
)]
pub(crate) async fn rotate(
    Path(id): Path<String>,
    write: Write<role::Admin>,
) -> Result<Json<Credentials>, Problem> {
    let id = own::key(&id, write.guard.log().state().keys(), &write.principal)?;
    let (secret, _) = write.guard.rotate_key(id, Some(&write.principal.secret)).await?;
    Ok(Json(Credentials::new(&secret)))
}
