//! `GET /.well-known/jwks.json`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::core::warrant::Jwk;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// The public keys of warrants (RFC 7517).
#[derive(Serialize, ToSchema)]
#[schema(as = Jwks)]
pub(crate) struct Jwks {
    /// The key that signs now, and those before it whose warrants may live.
    #[schema(value_type = Vec<Object>)]
    keys: Vec<Jwk>,
}

/// The public keys of warrants.
///
/// With them any JWT library can check a warrant. That it was not spent is known only here.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "read_warrant_keys",
    tag = "warrants",
    security(),
    responses((status = OK, body = Jwks)),
)]
pub(crate) async fn jwks(State(app): State<Arc<App>>) -> Json<Jwks> {
    let keys = app.guard.warrant_keys();
    Json(Jwks { keys: keys.iter().map(placet::core::warrant::PublicKey::jwk).collect() })
}
