//! `/console/autonomy`: each class on its ladder, what it has shown, and what it lacks.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use placet::core::autonomy::{Record, Samples};
use placet::{AutonomyState, RiskTier, Standing, standings};

use super::super::frame::{Frame, Place};
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::reply;
use crate::app::App;
use crate::auth::role::Reader;

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

pub(super) async fn show(State(app): State<Arc<App>>, visitor: Visitor<Reader>) -> Response {
    let classes = {
        let state = app.guard.log().state();
        let standings = standings(&state, visitor.tenant());
        let class = |standing: Standing| {
            let record = state.ledgers().get(&standing.of).cloned().unwrap_or_default();
            class(standing, &record)
        };
        standings.into_iter().map(class).collect()
    };
    let frame = Frame::new("Autonomy", Place::Autonomy, &visitor);
    let is_over_all = visitor.tenant().is_none();
    reply(&Page { frame, classes, is_over_all }, StatusCode::OK)
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
