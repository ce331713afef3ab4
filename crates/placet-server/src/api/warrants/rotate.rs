//! `POST /v1/warrants/rotate`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Write, role};
use crate::wire::Problem;

/// The key that signs warrants from here on.
#[derive(Serialize, ToSchema)]
#[schema(as = WarrantKey)]
pub(crate) struct Rotated {
    /// Its id, as in `/.well-known/jwks.json`.
    kid: String,
}

/// Sign warrants with another key from here on.
///
/// Those that earlier keys signed can be redeemed until they expire, and so long those keys are in
/// `/.well-known/jwks.json`. While sixteen keys are good the next one has to wait.
#[utoipa::path(
    post,
    path = "/v1/warrants/rotate",
    operation_id = "rotate_warrant_key",
    tag = "warrants",
    responses((status = OK, body = Rotated)),
)]
pub(crate) async fn rotate(write: Write<role::Operator>) -> Result<Json<Rotated>, Problem> {
    let by = write.principal.key.person.clone();
    let key = write.guard.rotate_warrant_key(by).await?;
    Ok(Json(Rotated { kid: key.id().to_owned() }))
}
