//! The log, for those who follow, witness or check it.

pub(super) mod backup;
pub(super) mod checkpoint;
pub(super) mod entries;
pub(super) mod erase;
pub(super) mod hashes;
pub(super) mod proof;

use std::sync::Arc;

use axum::Extension;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use placet::core::log::{Tile, TileKind};

pub(super) use proof::ReceiptShape;

use crate::app::App;
use crate::auth::{Principal, role::Role};
use crate::wire::Problem;

/// The content of a tile, byte by byte.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
struct Bytes(#[expect(dead_code, reason = "only described")] Vec<u8>);

/// Whoever asks, if they showed a key: as the edge found them.
type Asker = Extension<Result<Principal, Problem>>;

/// Whether a request may read what shows how much was decided, and nothing of what.
fn may_count<R: Role>(app: &App, Extension(asker): Asker) -> Result<(), Problem> {
    if app.config.public_log { Ok(()) } else { R::check(&asker?.key) }
}

/// What a tile holds, as far as it matters who may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// Hashes, which tell how much was decided.
    Hashes,
    /// The entries themselves, of all tenants.
    Entries,
}

/// The content of a tile, if it holds what its endpoint is asked for: the path was matched before its
/// escapes were undone, and may name another tile by now. A complete one never changes.
async fn tile(app: &Arc<App>, path: &str, holds: Holds) -> Result<Response, Problem> {
    let tile: Tile = path.parse().map_err(Problem::missing)?;
    let held = match tile.kind() {
        TileKind::Hashes { .. } => Holds::Hashes,
        TileKind::Entries => Holds::Entries,
    };
    if held != holds {
        return Err(Problem::missing(
            "there is no such tile at this path; write it without escapes",
        ));
    }
    let content = app.blocking(move |guard| guard.log().tile(tile)).await??;
    let content = content.ok_or_else(|| Problem::missing("the log does not reach so far yet"))?;
    let cache = if tile.is_partial() { "no-store" } else { "private, max-age=31536000, immutable" };
    let kind = "application/octet-stream";
    Ok(([(CONTENT_TYPE, kind), (CACHE_CONTROL, cache)], content).into_response())
}
