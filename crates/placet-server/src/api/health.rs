//! `GET /health`

/// Whether the daemon is alive.
#[utoipa::path(get, path = "/health", tag = "daemon", security(()), responses((status = OK, body = str)))]
pub(crate) async fn health() -> &'static str {
    "ok\n"
}
