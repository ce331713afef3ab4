//! `GET /tile/{level}/{index}`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::{Asker, Bytes, Holds, may_count, tile};
use crate::app::App;
use crate::auth::role;
use crate::wire::{Path, Problem};

/// A tile of hashes of the log (C2SP tlog-tiles).
#[utoipa::path(
    get,
    path = "/tile/{level}/{*index}",
    operation_id = "read_hashes_tile",
    tag = "log",
    params(
        ("level" = u8, Path, description = "the level, counted in tiles", minimum = 0, maximum = 5),
        ("index" = String, Path, description = "the index in groups of three digits, x001/234; a \
            partial tile ends with .p/ and its width"),
    ),
    responses((status = OK, body = inline(Bytes), content_type = "application/octet-stream")),
)]
pub(crate) async fn hashes(
    State(app): State<Arc<App>>,
    Path((level, index)): Path<(String, String)>,
    asker: Asker,
) -> Result<Response, Problem> {
    may_count::<role::Reader>(&app, asker)?;
    tile(&app, &format!("tile/{level}/{index}"), Holds::Hashes).await
}
