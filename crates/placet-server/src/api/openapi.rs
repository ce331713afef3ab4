//! `GET /openapi.json`

use std::sync::LazyLock;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// Written once: it does not change while the daemon runs.
static DOCUMENT: LazyLock<String> = LazyLock::new(super::document);

/// The description of this API: OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "read_openapi",
    tag = "daemon",
    security(()),
    responses((status = OK, body = Object)),
)]
pub(crate) async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}
