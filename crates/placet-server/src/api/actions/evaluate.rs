//! `POST /v1/evaluate`

use axum::response::Response;

use super::decided;
use super::propose::Asked;
use crate::auth::{Write, role};
use crate::wire::decision::{ActionShape, DecisionShape};
use crate::wire::{Problem, Query};

/// Ask what would be decided.
///
/// Nothing is recorded and nothing permitted: the answer says what proposing the action would say
/// now. It is no write: an `Idempotency-Key` means nothing here, and sent again it is evaluated
/// again.
#[utoipa::path(
    post,
    path = "/v1/evaluate",
    operation_id = "evaluate_action",
    tag = "actions",
    params(Asked),
    request_body = ActionShape,
    responses((status = OK, body = DecisionShape)),
)]
pub(crate) async fn evaluate(
    Query(Asked { treatment }): Query<Asked>,
    write: Write<role::Anyone>,
) -> Result<Response, Problem> {
    let action = write.principal.action(write.body)?;
    let answer = write.guard.evaluate_as(&action, treatment)?;
    Ok(decided(&answer, &answer, None, false))
}
