//! `PUT /v1/policy`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{Digest, Policy};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Files, files};
use crate::app::App;
use crate::auth::{Write, role};
use crate::wire::Problem;

/// The policy that holds now.
#[derive(Serialize, ToSchema)]
#[schema(as = Installed)]
pub(crate) struct Installed {
    /// The digest of its files.
    #[schema(value_type = String, pattern = "^sha256:[0-9a-f]{64}$")]
    policy: Digest,
    /// The entry that installed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    log_index: Option<u64>,
}

/// Install a policy.
///
/// It holds from the next decision on. With errors in it nothing changes: the one before still
/// holds.
#[utoipa::path(
    put,
    path = "/v1/policy",
    operation_id = "install_policy",
    tag = "policy",
    request_body = Files,
    responses((status = OK, body = Installed)),
)]
pub(crate) async fn install(
    State(app): State<Arc<App>>,
    write: Write<role::Operator>,
) -> Result<Json<Installed>, Problem> {
    // A large one takes a while to compile.
    let installed = app.blocking(move |_| -> Result<Installed, Problem> {
        let files = files(&write.body)?;
        let change = write.guard.blocking().install_policy(&files, None)?;
        Ok(Installed { policy: Policy::digest_of(&files), log_index: change.log_index })
    });
    Ok(Json(installed.await??))
}
