//! `POST /v1/actions`

#![expect(unused_qualifications, reason = "the macro that describes the endpoint writes one")]

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::decided;
use placet::core::mode::Treatment;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::{Write, role};
use crate::wire::decision::{ActionShape, DecisionShape};
use crate::wire::{Problem, Query};

/// What the program asks for at the place where it proposes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `gated`: a person approves it in any case. `unasked`: nobody is asked, and what would wait for
    /// people is blocked. `stopped`: the program stops it itself, and wants that on record. `fail_open`:
    /// it does not wait for people, where the policy's `on_review` permits that. `shadow`: nothing stops
    /// it, likewise.
    #[serde(default)]
    #[param(value_type = Option<TreatmentShape>, inline, nullable = false)]
    pub(super) treatment: Treatment,
}

/// How it is treated.
#[derive(ToSchema)]
#[schema(as = Treatment, rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what is read")]
pub(crate) enum TreatmentShape {
    Binding,
    Gated,
    Unasked,
    Stopped,
    FailOpen,
    Shadow,
}

/// Propose an action.
///
/// It is decided on, and the decision is durable when it is answered. `verdict` is what the caller
/// must obey: only `allow` is a permission. The warrant is what the permission is shown with.
#[utoipa::path(
    post,
    path = "/v1/actions",
    operation_id = "propose_action",
    tag = "actions",
    params(Asked),
    request_body = ActionShape,
    responses((status = OK, body = DecisionShape)),
)]
pub(crate) async fn propose(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    write: Write<role::Agent>,
) -> Result<Response, Problem> {
    let action = write.principal.action(write.body)?;
    let tenant = app.tenants.get(&action.tenant);
    let _turn = tenant.turn().await;
    let answer = write.guard.propose_as(&action, asked.treatment).await?;
    if let Some(id) = answer.id.filter(|_| answer.is_approved || answer.is_repeated) {
        // People signed off on it beforehand, and so it may run although it was held; or it was
        // decided on before, and may have run since or be dead. What people answered since is no
        // part of the first answer, nor of this one.
        let found = app.blocking(move |guard| guard.log().action(id)).await??;
        let found = found.filter(|_| answer.is_allowed() || answer.is_approved);
        let warrant = found.as_ref().and_then(|found| write.guard.warrant_of(found));
        return Ok(decided(&answer, &answer, warrant, !answer.is_repeated));
    }
    let warrant = write.guard.warrant(&action, &answer);
    Ok(decided(&answer, &answer, warrant, true))
}
