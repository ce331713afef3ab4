//! `GET /v1/metrics/summary`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{TenantId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Read, role};
use crate::telemetry::Snapshot;
use crate::wire::{Problem, Query, Whose};

/// What was decided since the daemon started.
#[derive(Serialize, ToSchema)]
#[schema(as = Summary)]
pub(crate) struct Summary {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// How many decisions there were, by verdict.
    decisions: Decisions,
    /// The share of decisions that would have been stricter but for the mode, from 0 to 1; none
    /// without decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    would_have_rate: Option<f64>,
    /// Actions that wait for people.
    open_approvals: usize,
    /// From the first byte of a request to its decision; none without decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    latency: Option<Latency>,
}

/// How many decisions there were.
#[derive(Serialize, ToSchema)]
struct Decisions {
    allow: u64,
    require_approval: u64,
    block: u64,
}

/// How long decisions took, in microseconds: half, 95 and 99 percent of them took no longer.
#[derive(Serialize, ToSchema)]
struct Latency {
    p50_us: u64,
    p95_us: u64,
    p99_us: u64,
}

/// See what was decided, how much of it only the mode let through, and how fast.
///
/// A key of a tenant sees its tenant, one without sees all, or the one that it names.
#[utoipa::path(
    get,
    path = "/v1/metrics/summary",
    operation_id = "read_metrics_summary",
    tag = "daemon",
    params(Whose),
    responses((status = OK, body = Summary)),
)]
pub(crate) async fn summary(
    State(app): State<Arc<App>>,
    read: Read<role::Reader>,
    Query(Whose { tenant }): Query<Whose>,
) -> Result<Json<Summary>, Problem> {
    let tenant = read.principal.looks_at(tenant)?;
    let figures = figures(&app, tenant.as_ref());
    let state = app.guard.log().state();
    let approvals = state.approvals();
    let open = tenant.as_ref().map_or(approvals.len(), |tenant| approvals.of_tenant(tenant));
    Ok(Json(Summary {
        since: app.telemetry.since,
        decisions: Decisions {
            allow: figures.allowed,
            require_approval: figures.held,
            block: figures.blocked,
        },
        would_have_rate: rate(figures.would_have, figures.total()),
        open_approvals: open,
        latency: latency(&figures),
    }))
}

/// What was counted for a tenant, or for all.
pub(crate) fn figures(app: &App, tenant: Option<&TenantId>) -> Snapshot {
    match tenant {
        Some(tenant) => {
            app.tenants.find(tenant).map(|known| known.figures.snapshot()).unwrap_or_default()
        }
        None => app.tenants.figures(),
    }
}

fn latency(figures: &Snapshot) -> Option<Latency> {
    Some(Latency {
        p50_us: figures.percentile(50.0)?,
        p95_us: figures.percentile(95.0)?,
        p99_us: figures.percentile(99.0)?,
    })
}

#[expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "a rate for people to look at, of far fewer than 2^53 decisions"
)]
fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
