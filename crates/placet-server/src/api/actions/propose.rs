//! `POST /v1/actions`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::decided;
use crate::app::App;
use crate::auth::{Write, role};
use crate::wire::Problem;
use crate::wire::decision::{ActionShape, DecisionShape};

/// Propose an action.
///
/// It is decided on, and the decision is durable when it is answered. `verdict` is what the caller
/// must obey: only `allow` is a permission. The warrant is what the permission is shown with.
#[utoipa::path(
    post,
    path = "/v1/actions",
    operation_id = "propose_action",
    tag = "actions",
    request_body = ActionShape,
    responses((status = OK, body = DecisionShape)),
)]
pub(crate) async fn propose(
    State(app): State<Arc<App>>,
    write: Write<role::Agent>,
) -> Result<Response, Problem> {
    let action = write.principal.action(write.body)?;
    let tenant = app.tenants.get(&action.tenant);
    let _turn = tenant.turn().await;
    let answer = write.guard.propose(&action).await?;
    if let Some(id) = answer.id.filter(|_| answer.is_approved) {
        // People signed off on it beforehand, and so it may run although it was held.
        let found = app.blocking(move |guard| guard.log().action(id)).await??;
        let warrant = found.as_ref().and_then(|found| write.guard.warrant_of(found));
        return Ok(decided(&answer, &answer, warrant, true));
    }
    let warrant = write.guard.warrant(&action, &answer);
    Ok(decided(&answer, &answer, warrant, true))
}
