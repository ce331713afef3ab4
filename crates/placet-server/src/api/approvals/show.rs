//! `GET /v1/approvals/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::Pending;

use super::{HeldShape, id};
use crate::app::App;
use crate::auth::{Read, role};
use crate::wire::{Path, Problem};

/// Look at one held action.
///
/// What waits no more is not found here: follow its action instead.
#[utoipa::path(
    get,
    path = "/v1/approvals/{id}",
    operation_id = "read_approval",
    tag = "approvals",
    params(("id" = String, Path, description = "the approval's id", pattern = "^apr_")),
    responses((status = OK, body = HeldShape)),
)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    read: Read<role::Reader>,
    Path(approval): Path<String>,
) -> Result<Json<Pending>, Problem> {
    let approval = id(&approval)?;
    let held = app.blocking(move |guard| guard.held(approval)).await??;
    let held = held.filter(|held| read.principal.sees(&held.followed.subject));
    held.map(Json).ok_or_else(|| Problem::missing(format!("{approval} waits for nobody")))
}
