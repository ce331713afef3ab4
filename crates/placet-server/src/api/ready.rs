//! `GET /ready`

use std::sync::Arc;

use axum::extract::State;

use crate::app::App;
use crate::wire::Problem;

/// Whether the daemon takes requests: its log can be written and read, and it is not about to stop.
#[utoipa::path(get, path = "/ready", tag = "daemon", security(()), responses((status = OK, body = str)))]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    if app.stop.is_asked() {
        return Err(Problem::unavailable("the daemon is stopping"));
    }
    if app.pulse.has_stopped() {
        return Err(Problem::log_stopped());
    }
    if app.pulse.is_failing() {
        return Err(Problem::unavailable("the log could not be written; it is tried again"));
    }
    let last = app.guard.log().size().saturating_sub(1);
    app.blocking(move |guard| guard.log().entries(last, 1)).await??;
    Ok("ready\n")
}
