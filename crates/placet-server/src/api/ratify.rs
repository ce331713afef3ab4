//! `POST /v1/autonomy/{class}/ratify`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{AutonomyState, BuildId, ClassName, Guard, LedgerKey, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Write, role};
use crate::wire::decision::AutonomyShape;
use crate::wire::{Path, Problem, body};

/// Whose autonomy. The whole body may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Ratification)]
pub(crate) struct Whose {
    /// Of which tenant; the key's when not given.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    tenant: Option<TenantId>,
    /// Of which version of the agent.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    build: Option<BuildId>,
}

/// Where the class stands now.
#[derive(Serialize, ToSchema)]
#[schema(as = Ratified)]
pub(crate) struct Ratified {
    /// The class.
    #[schema(value_type = String)]
    class: ClassName,
    /// What it has earned.
    #[schema(value_type = AutonomyShape)]
    autonomy: AutonomyState,
}

/// Ratify autonomy of a consequential class.
///
/// The key must be a person's: a session, or a key with the scope approver that was made for one.
#[utoipa::path(
    post,
    path = "/v1/autonomy/{class}/ratify",
    operation_id = "ratify_autonomy",
    tag = "autonomy",
    params(("class" = String, Path, description = "the class", example = "issue_refund")),
    request_body = Option<Whose>,
    responses((status = OK, body = Ratified)),
)]
pub(crate) async fn ratify(
    State(app): State<Arc<App>>,
    Path(class): Path<String>,
    write: Write<role::Approver>,
) -> Result<Json<Ratified>, Problem> {
    let class: ClassName = class.parse().map_err(Problem::missing)?;
    let person = write.principal.approver(&app.guard)?.person;
    let whose: Whose = body::optional(&write.body)?;
    let tenant = write.principal.tenant(whose.tenant)?;
    let of = LedgerKey { tenant, class: class.clone(), build: whose.build };
    let ratify = move |_: &Guard| write.guard.blocking().ratify(of, person);
    let autonomy = app.blocking(ratify).await??;
    Ok(Json(Ratified { class, autonomy }))
}
