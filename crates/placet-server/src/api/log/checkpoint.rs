//! `GET /checkpoint`

use std::sync::Arc;

use axum::extract::State;

use super::{Asker, may_count};
use crate::app::App;
use crate::auth::role;
use crate::wire::Problem;

/// The signed head of the log.
///
/// A signed note (C2SP): the name of the log, its size, its root, and the signature.
#[utoipa::path(
    get,
    path = "/checkpoint",
    operation_id = "read_checkpoint",
    tag = "log",
    responses((status = OK, body = str, content_type = "text/plain")),
)]
pub(crate) async fn checkpoint(
    State(app): State<Arc<App>>,
    asker: Asker,
) -> Result<String, Problem> {
    may_count::<role::Anyone>(&app, asker)?;
    Ok(app.guard.log().checkpoint().to_string())
}
