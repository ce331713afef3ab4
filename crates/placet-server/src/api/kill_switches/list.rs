//! `GET /v1/kill-switches`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{KillSwitch, PersonId, Scope, TenantId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Read, role};
use crate::wire::{Problem, Query, Whose};

/// A tripped switch.
#[derive(Serialize, ToSchema)]
#[schema(as = KillSwitch)]
pub(crate) struct Tripped {
    /// What it stops.
    #[schema(value_type = String, example = "tenant:acme/tool:issue_refund")]
    scope: Scope,
    /// Why.
    reason: String,
    /// Who tripped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    by: Option<PersonId>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// The tripped switches.
#[derive(Serialize, ToSchema)]
#[schema(as = KillSwitches)]
pub(crate) struct Switches {
    switches: Vec<Tripped>,
}

impl From<&KillSwitch> for Tripped {
    fn from(switch: &KillSwitch) -> Self {
        let KillSwitch { scope, reason, by, since } = switch.clone();
        Self { scope, reason, by, since }
    }
}

/// List the tripped switches.
///
/// A key of a tenant sees those of its tenant, and those that stop everything or one agent or tool
/// everywhere. One without a tenant sees all, or what the tenant that it names would see.
#[utoipa::path(
    get,
    path = "/v1/kill-switches",
    operation_id = "list_kill_switches",
    tag = "kill switches",
    params(Whose),
    responses((status = OK, body = Switches)),
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    read: Read<role::Reader>,
    Query(Whose { tenant }): Query<Whose>,
) -> Result<Json<Switches>, Problem> {
    let own = read.principal.looks_at(tenant)?;
    let is_meant = |of: &TenantId| own.as_ref().is_none_or(|own| own == of);
    let state = app.guard.log().state();
    let sees = |switch: &&KillSwitch| switch.scope.tenant.as_ref().is_none_or(is_meant);
    let switches = state.switches().iter().filter(sees).map(Tripped::from).collect();
    Ok(Json(Switches { switches }))
}
