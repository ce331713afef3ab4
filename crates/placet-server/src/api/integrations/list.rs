//! `GET /v1/integrations`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Integration;
use crate::app::App;
use crate::auth::{Read, role};
use crate::wire::{Problem, Query, Whose};

/// The applications whose keys are in force.
#[derive(Serialize, ToSchema)]
#[schema(as = Integrations)]
pub(crate) struct Integrations {
    integrations: Vec<Integration>,
}

/// List the applications that may speak to the daemon.
#[utoipa::path(
    get,
    path = "/v1/integrations",
    operation_id = "list_integrations",
    tag = "integrations",
    params(Whose),
    responses((status = OK, body = Integrations)),
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    read: Read<role::Reader>,
    Query(Whose { tenant }): Query<Whose>,
) -> Result<Json<Integrations>, Problem> {
    let own = read.principal.looks_at(tenant)?;
    let state = app.guard.log().state();
    let keys = state
        .keys()
        .iter()
        .filter(|(_, key)| !key.is_session() && (own.is_none() || key.tenant == own));
    let shown = |(id, key)| Integration::new(id, key, app.telemetry.last_use(id));
    Ok(Json(Integrations { integrations: keys.map(shown).collect() }))
}
