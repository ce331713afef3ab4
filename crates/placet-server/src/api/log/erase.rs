//! `DELETE /v1/log/entries/{index}/private`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{Guard, PersonId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Principal, Write, role};
use crate::wire::{Path, Problem, body};

/// Why something is erased.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Erasure)]
pub(crate) struct Erasure {
    /// Why. It is public in the log and cannot be erased.
    #[schema(min_length = 1, max_length = 1024)]
    reason: String,
    /// Who says so, where the key speaks for no person; else they do, and no other may be named.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    by: Option<PersonId>,
}

/// It was erased.
#[derive(Serialize, ToSchema)]
#[schema(as = Erased)]
pub(crate) struct Gone {
    /// The entry that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    log_index: Option<u64>,
}

/// Erase what is kept beside an entry: params, reasons, what people wrote.
///
/// The entry, its place and all proofs stay, and a new entry says that this was done, by whom and why.
/// It cannot be undone. A key of a tenant erases beside entries about actions of its tenant; what
/// belongs to no tenant, those who run the daemon erase. Policies stay: decisions are judged by them.
#[utoipa::path(
    delete,
    path = "/v1/log/entries/{index}/private",
    operation_id = "erase_entry",
    tag = "log",
    params(("index" = u64, Path, description = "the entry, as `log_index` names it")),
    request_body = Erasure,
    responses((status = OK, body = Gone)),
)]
pub(crate) async fn erase(
    State(app): State<Arc<App>>,
    Path(index): Path<String>,
    write: Write<role::Admin>,
) -> Result<Json<Gone>, Problem> {
    let Erasure { reason, by } = body::typed(&write.body)?;
    let by = write.principal.says(by)?;
    let index: u64 = index.parse().map_err(|_| Problem::missing("the path names no entry"))?;
    let principal = write.principal.clone();
    app.blocking(move |guard| may_erase(guard, &principal, index)).await??;
    let change = write.guard.erase(index, &reason, by).await?;
    Ok(Json(Gone { log_index: change.log_index }))
}

/// Whether the key may have that erased; an entry of another tenant is not there for it. It is judged
/// again at the tip of the log, which says less.
fn may_erase(guard: &Guard, principal: &Principal, index: u64) -> Result<(), Problem> {
    let Some(own) = &principal.key.tenant else { return Ok(()) };
    let log = guard.log();
    if !log.concerns(index, own, None)? {
        return Err(Problem::missing("the log has no such entry"));
    }
    let entry = log.entries(index, 1)?.into_iter().next();
    if entry.is_some_and(|entry| entry.event.action().is_none()) {
        return Err(Problem::forbidden(
            "a key of a tenant erases what is kept beside entries about its actions; for this ask \
             whoever runs the daemon",
        ));
    }
    Ok(())
}
