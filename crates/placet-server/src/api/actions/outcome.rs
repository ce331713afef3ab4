//! `POST /v1/actions/{id}/outcome`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{ActionId, Guard, Outcome};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::show::{StatusWord, find};
use crate::app::App;
use crate::auth::{Write, role};
use crate::wire::{Path, Problem, body};

/// How it ended.
#[derive(Deserialize, ToSchema)]
#[schema(as = OutcomeWord, rename_all = "snake_case")]
enum OutcomeShape {
    Succeeded,
    Failed,
    Reversed,
}

/// What came of an action.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Outcome)]
pub(crate) struct Report {
    /// How it ended.
    #[schema(value_type = OutcomeShape)]
    status: Outcome,
    /// What went wrong, when it failed.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(nullable = false, max_length = 16384)]
    error: Option<String>,
    /// Why, when it was reversed.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(nullable = false, max_length = 16384)]
    reason: Option<String>,
}

/// That it was taken in.
#[derive(Serialize, ToSchema)]
#[schema(as = Concluded)]
pub(crate) struct Concluded {
    /// The action.
    #[schema(value_type = String, pattern = "^act_")]
    id: ActionId,
    /// What became of it.
    #[schema(value_type = StatusWord)]
    status: &'static str,
    /// The entry that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    log_index: Option<u64>,
}

/// Report what came of an action.
#[utoipa::path(
    post,
    path = "/v1/actions/{id}/outcome",
    operation_id = "report_outcome",
    tag = "actions",
    params(("id" = String, Path, description = "the action's id", pattern = "^act_")),
    request_body = Report,
    responses((status = OK, body = Concluded)),
)]
pub(crate) async fn outcome(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    write: Write<role::Runner>,
) -> Result<Json<Concluded>, Problem> {
    let id: ActionId = id.parse().map_err(Problem::missing)?;
    let Report { status, error, reason } = body::typed(&write.body)?;
    find(&app, &write.principal, id).await?;
    let detail = match (status, error, reason) {
        (Outcome::Failed, error, None) => error,
        (Outcome::Reversed, None, reason) => reason,
        (Outcome::Succeeded, None, None) => None,
        _ => {
            let detail = "error goes with failed, reason with reversed";
            return Err(Problem::invalid_at("/status", detail));
        }
    };
    let detail = detail.unwrap_or_default();
    let read = move |guard: &Guard| guard.conclusion(id, status, &detail);
    let conclusion = app.blocking(read).await??;
    let change = write.guard.conclude_with(conclusion).await?;
    Ok(Json(Concluded { id, status: status.as_str(), log_index: change.log_index }))
}
