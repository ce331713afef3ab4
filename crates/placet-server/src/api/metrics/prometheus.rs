//! `GET /metrics`

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::auth::{Read, role};
use crate::telemetry::Levels;
use crate::wire::Problem;

/// The format that Prometheus reads.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted, for Prometheus.
///
/// It counts for all tenants together, so this needs a key that belongs to none.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "read_metrics",
    tag = "daemon",
    responses((status = OK, body = str, content_type = "application/openmetrics-text")),
)]
pub(crate) async fn prometheus(
    State(app): State<Arc<App>>,
    _: Read<role::Overseer>,
) -> Result<Response, Problem> {
    let log = app.guard.log();
    let open_approvals = log.state().approvals().len();
    let levels = Levels {
        log_entries: log.size(),
        open_approvals,
        waits: app.seats.taken(),
        ahead: log.ahead(),
    };
    let text = app.telemetry.text(&levels);
    let text = text.map_err(|_| Problem::unavailable("the figures cannot be written down"))?;
    Ok(([(CONTENT_TYPE, OPENMETRICS)], text).into_response())
}
