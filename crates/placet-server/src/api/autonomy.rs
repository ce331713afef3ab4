//! `GET /v1/autonomy`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{AutonomyState, BuildId, ClassName, RiskTier, Standing, TenantId, standings};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Read, role};
use crate::wire::decision::{AutonomyShape, RiskShape};
use crate::wire::{Problem, Query, Whose};

/// Where one class stands on its ladder.
#[derive(Serialize, ToSchema)]
#[schema(as = Standing)]
pub(crate) struct Stands {
    /// For whom.
    #[schema(value_type = String)]
    tenant: TenantId,
    /// Which class.
    #[schema(value_type = String)]
    class: ClassName,
    /// Which version of the agent, where evidence names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    build: Option<BuildId>,
    /// How much harm it can do.
    #[schema(value_type = RiskShape)]
    risk: RiskTier,
    /// What it has earned.
    #[schema(value_type = AutonomyShape)]
    autonomy: AutonomyState,
    /// The most that it can earn.
    #[schema(value_type = AutonomyShape)]
    max_state: AutonomyState,
    /// What is missing for the next step.
    missing: Vec<String>,
}

/// Where every class stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Autonomy)]
pub(crate) struct Ladder {
    classes: Vec<Stands>,
}

impl From<Standing> for Stands {
    fn from(standing: Standing) -> Self {
        let Standing { of, risk, autonomy, max_state, missing } = standing;
        Self {
            tenant: of.tenant,
            class: of.class,
            build: of.build,
            risk,
            autonomy,
            max_state,
            missing,
        }
    }
}

/// See what each class has earned, and what it lacks for the next step.
///
/// A key of a tenant sees its tenant. One without sees all that have evidence, or the one that it names.
#[utoipa::path(
    get,
    path = "/v1/autonomy",
    operation_id = "read_autonomy",
    tag = "autonomy",
    params(Whose),
    responses((status = OK, body = Ladder)),
)]
pub(crate) async fn autonomy(
    State(app): State<Arc<App>>,
    read: Read<role::Reader>,
    Query(Whose { tenant }): Query<Whose>,
) -> Result<Json<Ladder>, Problem> {
    let tenant = read.principal.looks_at(tenant)?;
    let standings =
        app.blocking(move |guard| standings(&guard.log().state(), tenant.as_ref())).await?;
    Ok(Json(Ladder { classes: standings.into_iter().map(Stands::from).collect() }))
}
