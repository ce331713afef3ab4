//! `GET /health`

use std::sync::Arc;

use axum::extract::State;

use crate::app::App;
use crate::wire::Problem;

/// Whether the daemon is alive. Once it is not, only another start helps.
#[utoipa::path(get, path = "/health", tag = "daemon", security(()), responses((status = OK, body = str)))]
pub(crate) async fn health(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    if app.pulse.has_stopped() {
        return Err(Problem::log_stopped());
    }
    Ok("ok\n")
}
