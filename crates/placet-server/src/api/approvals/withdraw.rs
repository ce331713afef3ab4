//! `POST /v1/approvals/{id}/withdraw`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::Guard;

use super::{Resolved, id};
use crate::app::App;
use crate::auth::{Write, role};
use crate::wire::{Path, Problem};

/// Take back what was asked for.
///
/// For the agent that asked, when the action is not wanted any more.
#[utoipa::path(
    post,
    path = "/v1/approvals/{id}/withdraw",
    operation_id = "withdraw_approval",
    tag = "approvals",
    params(("id" = String, Path, description = "the approval's id", pattern = "^apr_")),
    responses((status = OK, body = Resolved)),
)]
pub(crate) async fn withdraw(
    State(app): State<Arc<App>>,
    Path(approval): Path<String>,
    write: Write<role::Agent>,
) -> Result<Json<Resolved>, Problem> {
    let approval = id(&approval)?;
    let action = approval.action();
    let found = app.blocking(move |guard| guard.log().action(action)).await??;
    if !found.is_some_and(|found| write.principal.sees(&found.subject)) {
        return Err(Problem::missing(format!("there is no approval {approval}")));
    }
    let withdraw = move |_: &Guard| write.guard.blocking().withdraw(approval);
    Ok(Json(app.blocking(withdraw).await??.into()))
}
