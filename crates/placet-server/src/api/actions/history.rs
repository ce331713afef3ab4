//! `GET /v1/actions/{id}/history`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{ActionId, Guard, Receipt};
use serde::Serialize;
use utoipa::ToSchema;

use super::show::{StatusWord, find};
use crate::api::log::ReceiptShape;
use crate::app::App;
use crate::auth::{Read, role};
use crate::wire::{Path, Problem};

/// The life of an action: the decision first, then what became of it, and where its warrant was
/// refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct History {
    /// The action's id.
    #[schema(value_type = String, pattern = "^act_")]
    id: ActionId,
    /// What became of it.
    #[schema(value_type = StatusWord)]
    status: &'static str,
    /// Each entry about it, with what is kept beside it.
    #[schema(value_type = Vec<ReceiptShape>)]
    entries: Vec<Receipt>,
}

/// Read everything about an action, with the proof of it.
///
/// Each entry is a receipt that holds its private payload as well, where it has one that was not
/// erased: what was decided on, and what people wrote. Of a warrant that was shown and refused the
/// latest twenty are there.
#[utoipa::path(
    get,
    path = "/v1/actions/{id}/history",
    operation_id = "read_history",
    tag = "actions",
    params(("id" = String, Path, description = "the action's id", pattern = "^act_")),
    responses((status = OK, body = History)),
)]
pub(crate) async fn history(
    State(app): State<Arc<App>>,
    read: Read<role::Reader>,
    Path(id): Path<String>,
) -> Result<Json<History>, Problem> {
    let id: ActionId = id.parse().map_err(Problem::missing)?;
    let followed = find(&app, &read.principal, id).await?;
    let status = followed.status.as_str();
    let look = move |guard: &Guard| -> Result<Vec<Receipt>, Problem> {
        let entries = guard.log().history(&followed)?.into_iter().map(|moment| moment.entry.index);
        let receipt = |index| guard.log().receipt(index, true).map_err(Problem::unreadable);
        entries.map(receipt).collect()
    };
    let entries = app.blocking(look).await??;
    Ok(Json(History { id, status, entries }))
}
