//! `GET /v1/autonomy`

#![expect(unused_qualifications, reason = "the macro that describes the endpoint writes one")]

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use placet::{
    AutonomyState, BuildId, ClassName, Guard, LedgerKey, RiskTier, Standing, TenantId,
    standings_after,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::{Read, role};
use crate::limits::{MAX_STANDINGS_IN_A_PAGE, STANDINGS_IN_A_PAGE};
use crate::wire::decision::{AutonomyShape, RiskShape};
use crate::wire::{Problem, Query, body};

/// What is not written as it is in a place.
const ODD: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

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

/// Which of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only those after this place: what an earlier answer has as `next`.
    #[serde(default, deserialize_with = "body::present")]
    #[param(value_type = Option<String>, nullable = false, min_length = 1)]
    after: Option<Place>,
    /// At most so many.
    #[serde(default, deserialize_with = "body::present")]
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Only what is this tenant's. A key of a tenant means its own, and may name no other.
    #[serde(default, deserialize_with = "body::present")]
    #[param(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    tenant: Option<TenantId>,
}

/// A place among all that stand somewhere. As text it is class, tenant and, where there is one, build.
#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
struct Place(LedgerKey);

impl TryFrom<String> for Place {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        read(&text).map(Self).ok_or("what an earlier answer has as `next` is expected")
    }
}

fn read(text: &str) -> Option<LedgerKey> {
    let mut parts = text.split('/').map(|part| percent_decode_str(part).decode_utf8().ok());
    let class = parts.next()??.parse().ok()?;
    let tenant = parts.next()??.parse().ok()?;
    let build = match parts.next() {
        Some(part) => Some(part?.parse().ok()?),
        None => None,
    };
    parts.next().is_none().then_some(LedgerKey { tenant, class, build })
}

impl From<Place> for String {
    fn from(Place(LedgerKey { tenant, class, build }): Place) -> Self {
        let parts =
            [Some(class.as_str()), Some(tenant.as_str()), build.as_ref().map(BuildId::as_str)];
        let written = |part| utf8_percent_encode(part, &ODD).to_string();
        parts.into_iter().flatten().map(written).collect::<Vec<_>>().join("/")
    }
}

/// Where classes stand.
#[derive(Serialize, ToSchema)]
#[schema(as = Autonomy)]
pub(crate) struct Ladder {
    classes: Vec<Stands>,
    /// Where there are more: what to ask for them with, as `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    next: Option<Place>,
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
/// They come in the order of classes, tenants and builds; an answer that has `next` is not the last.
#[utoipa::path(
    get,
    path = "/v1/autonomy",
    operation_id = "read_autonomy",
    tag = "autonomy",
    params(Which),
    responses((status = OK, body = Ladder)),
)]
pub(crate) async fn autonomy(
    State(app): State<Arc<App>>,
    read: Read<role::Reader>,
    Query(Which { after, limit, tenant }): Query<Which>,
) -> Result<Json<Ladder>, Problem> {
    let tenant = read.principal.looks_at(tenant)?;
    let limit = limit.unwrap_or(STANDINGS_IN_A_PAGE);
    if !(1..=MAX_STANDINGS_IN_A_PAGE).contains(&limit) {
        let detail = format!("the query: limit: 1 to {MAX_STANDINGS_IN_A_PAGE} is expected");
        return Err(Problem::malformed(detail));
    }
    let page = move |guard: &Guard| {
        let after = after.as_ref().map(|Place(after)| after);
        // One more says whether there are more.
        standings_after(&guard.log().state(), tenant.as_ref(), after, limit + 1)
    };
    let mut found = app.blocking(page).await?;
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let last = found.last().filter(|_| !is_last);
    let next = last.map(|last| Place(last.of.clone()));
    Ok(Json(Ladder { classes: found.into_iter().map(Stands::from).collect(), next }))
}
