//! `GET /tile/entries/{index}`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::{Bytes, Holds, tile};
use crate::app::App;
use crate::auth::{Read, role};
use crate::wire::{Path, Problem};

/// A bundle of entries of the log (C2SP tlog-tiles).
///
/// They are those of all tenants, so this needs a key that belongs to none.
#[utoipa::path(
    get,
    path = "/tile/entries/{*index}",
    operation_id = "read_entries_tile",
    tag = "log",
    params(("index" = String, Path, description = "the index in groups of three digits, x001/234; \
        a partial bundle ends with .p/ and its width")),
    responses((status = OK, body = inline(Bytes), content_type = "application/octet-stream")),
)]
pub(crate) async fn entries(
    State(app): State<Arc<App>>,
    _: Read<role::Overseer>,
    Path(index): Path<String>,
) -> Result<Response, Problem> {
    tile(&app, &format!("tile/entries/{index}"), Holds::Entries).await
}
