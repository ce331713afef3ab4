//! `GET /v1/policy`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{Digest, Guard, Mode};
use serde::Serialize;
use utoipa::ToSchema;

use super::File;
use crate::app::App;
use crate::auth::{Read, role};
use crate::wire::Problem;
use crate::wire::decision::ModeShape;

/// The policy that holds.
#[derive(Serialize, ToSchema)]
#[schema(as = Policy)]
pub(crate) struct Shown {
    /// The digest of its files.
    #[schema(value_type = String, pattern = "^sha256:[0-9a-f]{64}$")]
    policy: Digest,
    /// Its mode.
    #[schema(value_type = ModeShape)]
    mode: Mode,
    /// The entry that installed it; none while nothing was ever installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    log_index: Option<u64>,
    /// Its files.
    files: Vec<File>,
}

/// Read the policy that holds.
#[utoipa::path(
    get,
    path = "/v1/policy",
    operation_id = "read_policy",
    tag = "policy",
    responses((status = OK, body = Shown)),
)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    _: Read<role::Reader>,
) -> Result<Json<Shown>, Problem> {
    let (policy, log_index) = app.blocking(Guard::installed).await??;
    let files = policy.files().iter();
    let file =
        |file: &placet::PolicyFile| File { name: file.name.clone(), text: file.text.clone() };
    Ok(Json(Shown {
        policy: policy.terms().policy,
        mode: policy.terms().mode,
        log_index,
        files: files.map(file).collect(),
    }))
}
