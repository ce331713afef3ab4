//! `/console/activity`: what is decided, how often, and how fast.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use placet::store::StoreError;
use placet::store::projection::ActionRow;
use placet::{Guard, Status, TenantId, Timestamp};
use serde::Deserialize;

use super::super::chart::{Bar, HEIGHT, WIDTH, bars, length, top};
use super::super::fault::Fault;
use super::super::frame::{Frame, Place};
use super::super::held::tone;
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::action::status_tone;
use super::{reply, time};
use crate::api::figures;
use crate::app::App;
use crate::auth::role::Reader;
use crate::telemetry::{Series, Snapshot, Span, Tally};
use crate::wire::{Problem, Query};

/// Decisions that are listed.
const LISTED: usize = 50;

/// What is looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// `hour`, `day` or `week`.
    of: Option<String>,
}

#[derive(Template)]
#[template(path = "activity.html")]
struct Page {
    frame: Frame,
    spans: Vec<Choice>,
    span: &'static str,
    sums: Tally,
    would_have: Option<String>,
    open: usize,
    chart: Vec<Bar>,
    /// The highest bar.
    most: u64,
    /// Where the scale ends.
    top: u64,
    from: String,
    until: String,
    rows: Vec<(String, Tally)>,
    latency: Vec<Latency>,
    since: String,
    decisions: Vec<Decision>,
    is_over_all: bool,
}

struct Choice {
    name: &'static str,
    is_chosen: bool,
}

struct Latency {
    name: &'static str,
    time: String,
    width: u64,
}

struct Decision {
    id: String,
    at: String,
    tool: String,
    tenant: String,
    agent: Option<String>,
    verdict: &'static str,
    tone: &'static str,
    would_have: Option<&'static str>,
    status: &'static str,
    status_tone: &'static str,
}

/// What is read from the log.
struct Read {
    tallies: Vec<(Timestamp, Tally)>,
    recent: Vec<(ActionRow, Status)>,
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor<Reader>,
    Query(Asked { of }): Query<Asked>,
) -> Result<Response, Fault> {
    let of = of.unwrap_or_else(|| Span::Hour.as_str().to_owned());
    let span = Span::ALL.into_iter().find(|span| span.as_str() == of);
    let span = span.ok_or_else(|| Problem::malformed("the query: of: hour, day or week"))?;
    let tenant = visitor.tenant().cloned();
    let (inner, own) = (Arc::clone(&app), tenant.clone());
    let read = app.blocking(move |guard| look(guard, &inner.series, own.as_ref(), span)).await??;
    let figures = figures(&app, tenant.as_ref());
    let open = {
        let state = app.guard.log().state();
        let approvals = state.approvals();
        tenant.as_ref().map_or(approvals.len(), |tenant| approvals.of_tenant(tenant))
    };
    let mut sums = Tally::default();
    read.tallies.iter().for_each(|(_, tally)| sums.add(*tally));
    let rows: Vec<(String, Tally)> =
        read.tallies.iter().map(|(at, tally)| (minute(*at), *tally)).collect();
    let most = rows.iter().map(|(_, tally)| tally.total()).max().unwrap_or(0);
    let top = top(most);
    let page = Page {
        frame: Frame::new("Activity", Place::Activity, &visitor),
        spans: Span::ALL.map(|each| Choice { name: each.as_str(), is_chosen: each == span }).into(),
        span: span.as_str(),
        sums,
        would_have: percent(sums.would_have, sums.total()),
        open,
        chart: bars(&rows, top),
        most,
        top,
        from: rows.first().map(|(at, _)| at.clone()).unwrap_or_default(),
        until: rows.last().map(|(at, _)| at.clone()).unwrap_or_default(),
        rows: rows.into_iter().rev().filter(|(_, tally)| tally.total() > 0).collect(),
        latency: latency(&figures),
        since: time(app.telemetry.since),
        decisions: read.recent.iter().map(decision).collect(),
        is_over_all: tenant.is_none(),
    };
    Ok(reply(&page, StatusCode::OK))
}

fn look(
    guard: &Guard,
    series: &Series,
    tenant: Option<&TenantId>,
    span: Span,
) -> Result<Read, StoreError> {
    let tallies = series.tallies(guard, tenant, span)?;
    Ok(Read { tallies, recent: guard.log().recent(tenant, LISTED)? })
}

fn decision((row, status): &(ActionRow, Status)) -> Decision {
    Decision {
        id: row.id.to_string(),
        at: time(row.at),
        tool: row.tool.to_string(),
        tenant: row.tenant.to_string(),
        agent: row.agent.as_ref().map(ToString::to_string),
        verdict: row.verdict.as_str(),
        tone: tone(row.verdict),
        would_have: row.would_have.map(|verdict| verdict.as_str()),
        status: status.as_str(),
        status_tone: status_tone(*status),
    }
}

fn latency(figures: &Snapshot) -> Vec<Latency> {
    let names = [("p50", 50.0), ("p95", 95.0), ("p99", 99.0)];
    let times = names.map(|(name, percent)| (name, figures.percentile(percent)));
    let most = times.iter().filter_map(|(_, time)| *time).max().unwrap_or(1);
    let bar = |(name, time): (&'static str, Option<u64>)| {
        let time = time?;
        Some(Latency { name, time: milliseconds(time), width: length(time, most, 600).max(2) })
    };
    times.into_iter().filter_map(bar).collect()
}

fn milliseconds(micros: u64) -> String {
    format!("{}.{:02} ms", micros / 1_000, micros % 1_000 / 10)
}

/// A share in tenths of a percent.
fn percent(part: u64, whole: u64) -> Option<String> {
    let tenths = part.saturating_mul(1_000).checked_div(whole)?;
    Some(format!("{}.{} %", tenths / 10, tenths % 10))
}

/// A time to the minute.
fn minute(at: Timestamp) -> String {
    let text = time(at);
    text.get(..16).unwrap_or(&text).to_owned()
}
