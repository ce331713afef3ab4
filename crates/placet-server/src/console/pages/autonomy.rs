//! `/console/autonomy`: each class on its ladder, what it has shown, and what it lacks.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use placet::core::autonomy::{Record, Samples};
use placet::{AutonomyState, Guard, RiskTier, Standing, TenantId, standings};

use super::super::fault::Fault;
use super::super::frame::{Frame, Place};
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::reply;
use crate::app::App;
use crate::auth::role::Reader;

/// Most classes on the page; beyond that only whole tenants are left out.
const MAX_CLASSES: usize = 500;

/// Actions that are looked at for tenants of which nothing else is known.
const LATELY: usize = 500;

/// The rungs, from the ground up.
const RUNGS: [(AutonomyState, &str); 3] = [
    (AutonomyState::Manual, "a person approves every call"),
    (AutonomyState::Supervised, "runs by itself up to its cap"),
    (AutonomyState::Autonomous, "runs by itself"),
];

#[derive(Template)]
#[template(path = "autonomy.html")]
struct Page {
    frame: Frame,
    classes: Vec<Class>,
    /// Whether those of all tenants are shown.
    is_over_all: bool,
    /// Tenants that there was no room for.
    left_out: usize,
}

struct Class {
    name: String,
    tenant: String,
    build: Option<String>,
    risk: &'static str,
    is_grave: bool,
    rungs: Vec<Rung>,
    missing: Vec<String>,
    evidence: Vec<Evidence>,
    ratified_by: Vec<String>,
}

struct Rung {
    name: &'static str,
    meaning: &'static str,
    is_reached: bool,
    is_here: bool,
    is_closed: bool,
}

struct Evidence {
    source: String,
    is_adversarial: bool,
    samples: u64,
    rate: String,
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor<Reader>,
) -> Result<Response, Fault> {
    let tenants = match visitor.tenant() {
        Some(own) => [own.clone()].into(),
        None => tenants(&app).await?,
    };
    let is_over_all = visitor.tenant().is_none();
    let (mut classes, left_out) = app.blocking(move |guard| classes(guard, &tenants)).await?;
    classes
        .sort_by(|one: &Class, other| (&one.name, &one.tenant).cmp(&(&other.name, &other.tenant)));
    let frame = Frame::new("Autonomy", Place::Autonomy, &visitor);
    Ok(reply(&Page { frame, classes, is_over_all, left_out }, StatusCode::OK))
}

/// Where the classes of these tenants stand, and of how many tenants that is left out. Commits are let
/// in between two tenants.
fn classes(guard: &Guard, tenants: &BTreeSet<TenantId>) -> (Vec<Class>, usize) {
    let mut classes = Vec::new();
    let mut left_out = tenants.len();
    for tenant in tenants {
        if classes.len() >= MAX_CLASSES {
            break;
        }
        left_out -= 1;
        let state = guard.log().state();
        classes.extend(standings(&state, Some(tenant)).into_iter().map(|standing| {
            let record = state.ledgers().get(&standing.of).cloned().unwrap_or_default();
            class(standing, &record)
        }));
    }
    (classes, left_out)
}

/// The tenants where something is: evidence, a key, a person, or something that was done lately.
async fn tenants(app: &Arc<App>) -> Result<BTreeSet<TenantId>, Fault> {
    let recent = app.blocking(|guard| guard.log().recent(None, LATELY)).await??;
    let mut tenants: BTreeSet<TenantId> = recent.into_iter().map(|(row, _)| row.tenant).collect();
    let state = app.guard.log().state();
    tenants.extend(state.ledgers().parts(|of| &of.tenant).into_iter().cloned());
    tenants.extend(state.keys().iter().filter_map(|(_, key)| key.tenant.clone()));
    tenants.extend(state.people().iter().filter_map(|(_, person)| person.tenant.clone()));
    if tenants.is_empty() {
        tenants.insert(TenantId::default());
    }
    Ok(tenants)
}

fn class(standing: Standing, record: &Record) -> Class {
    let Standing { of, risk, autonomy, max_state, missing } = standing;
    let rung = |(state, meaning): (AutonomyState, &'static str)| Rung {
        name: state.as_str(),
        meaning,
        is_reached: state <= autonomy,
        is_here: state == autonomy,
        is_closed: state > max_state,
    };
    let sources = record.sources.iter();
    Class {
        name: of.class.to_string(),
        tenant: of.tenant.to_string(),
        build: of.build.map(|build| build.to_string()),
        risk: match risk {
            RiskTier::Read => "read",
            RiskTier::ReversibleWrite => "reversible write",
            RiskTier::Consequential => "consequential",
        },
        is_grave: risk == RiskTier::Consequential,
        rungs: RUNGS.into_iter().map(rung).collect(),
        missing,
        evidence: sources
            .map(|((source, _), samples)| evidence(source.as_str(), samples))
            .collect(),
        ratified_by: record.ratified_by.iter().map(ToString::to_string).collect(),
    }
}

fn evidence(source: &str, samples: &Samples) -> Evidence {
    let (passed, total) = (samples.passed(), samples.total());
    // In tenths of a percent, rounded down: what is nearly met is not met.
    let tenths = u128::from(passed).saturating_mul(1_000).checked_div(total.into()).unwrap_or(0);
    Evidence {
        source: source.to_owned(),
        is_adversarial: samples.adversarial,
        samples: total,
        rate: format!("{}.{} %", tenths / 10, tenths % 10),
    }
}
