//! `/console/switches`: what is stopped, what was, and stopping it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use placet::store::projection::SwitchRow;
use placet::{KeyScope, KillSwitch, Scope, TenantId};

use super::super::fault::{Fault, go_to};
use super::super::form::{Fields, Submitted};
use super::super::frame::{Frame, Notice, Place};
use super::super::listing::{Asked, Part};
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::{reply, sentence, time};
use crate::api::within;
use crate::app::App;
use crate::auth::role::{Admin, Reader};
use crate::wire::{Problem, Query};

/// Where it is.
const PATH: &str = "/console/switches";

/// How much of the past is shown.
const HISTORY: usize = 50;

#[derive(Template)]
#[template(path = "switches.html")]
struct Page {
    frame: Frame,
    tripped: Vec<Tripped>,
    part: Part,
    history: Vec<Past>,
    may_move: bool,
    /// The tenant whose switches they move; none for those who move all.
    tenant: Option<String>,
}

struct Tripped {
    scope: String,
    reason: String,
    by: Option<String>,
    since: String,
    may_reset: bool,
}

struct Past {
    scope: String,
    reason: String,
    by: Option<String>,
    at: String,
    entry: u64,
    reset: Option<u64>,
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor<Reader>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    page(&app, &visitor, &asked, None, StatusCode::OK).await
}

pub(super) async fn trip(
    State(app): State<Arc<App>>,
    form: Submitted<Admin>,
) -> Result<Response, Fault> {
    moved(&app, form, true).await
}

pub(super) async fn reset(
    State(app): State<Arc<App>>,
    form: Submitted<Admin>,
) -> Result<Response, Fault> {
    moved(&app, form, false).await
}

async fn moved(app: &Arc<App>, form: Submitted<Admin>, trips: bool) -> Result<Response, Fault> {
    let Submitted { visitor, guard, fields, .. } = form;
    let by = Some(visitor.person.clone());
    let done = async {
        let scope: Scope = scope(&fields)?.parse().map_err(Problem::invalid)?;
        let scope = within(&visitor.principal.key, scope)?;
        let reason = fields.needed("reason")?;
        if trips {
            guard.trip(scope, reason, by).await?;
        } else {
            guard.reset(scope, reason, by).await?;
        }
        Ok::<_, Problem>(())
    };
    let asked = Asked::of(&fields);
    match done.await {
        Ok(()) => Ok(go_to(&asked.address(PATH))),
        Err(problem) => {
            let wrong = Notice::Wrong(sentence(&problem.detail()));
            let page = page(app, &visitor.into(), &asked, Some(wrong), problem.status()).await;
            page.map(|page| problem.told_by(page))
        }
    }
}

/// The scope that a form means: the kind that was chosen, and the name that was typed.
fn scope(fields: &Fields) -> Result<String, Problem> {
    let kind = fields.needed("kind")?;
    match kind {
        "all" if fields.text("name").is_some() => Err(Problem::invalid(
            "everything has no name; leave the field empty, or choose what it names",
        )),
        "all" => Ok("all".to_owned()),
        "scope" => Ok(fields.needed("name")?.to_owned()),
        kind => Ok(format!("{kind}:{}", fields.needed("name")?)),
    }
}

async fn page(
    app: &Arc<App>,
    visitor: &Visitor<Reader>,
    asked: &Asked,
    notice: Option<Notice>,
    status: StatusCode,
) -> Result<Response, Fault> {
    let key = visitor.principal.key.clone();
    let sees = move |scope: &Scope| scope.tenant.as_ref().is_none_or(|of| key.covers(of));
    let tenant = visitor.tenant().cloned();
    let may_move = visitor.has(KeyScope::Admin);
    let rows = app.blocking(|guard| guard.log().switched(HISTORY * 4)).await??;
    let history = rows.iter().filter(|row| sees(&row.scope)).take(HISTORY).map(past).collect();
    let (tripped, part) = {
        let state = app.guard.log().state();
        let seen = state.switches().iter().filter(|switch| sees(&switch.scope));
        let mut seen: Vec<_> = seen.map(|switch| (switch.scope.to_string(), switch)).collect();
        seen.sort_by(|(one, _), (other, _)| one.cmp(other));
        let (seen, part) = asked.part(
            PATH,
            seen.into_iter(),
            |(scope, _)| scope.clone(),
            |(scope, _), after| scope.as_str() > after,
            |(scope, _)| scope.clone(),
        );
        let row = |(_, switch): (String, &KillSwitch)| tripped(switch, may_move, tenant.as_ref());
        (seen.into_iter().map(row).collect(), part)
    };
    let frame = Frame::new("Switches", Place::Switches, visitor).with(notice);
    let tenant = tenant.map(|tenant| tenant.to_string());
    Ok(reply(&Page { frame, tripped, part, history, may_move, tenant }, status))
}

fn tripped(switch: &KillSwitch, may_move: bool, own: Option<&TenantId>) -> Tripped {
    let KillSwitch { scope, reason, by, since } = switch;
    Tripped {
        scope: scope.to_string(),
        reason: reason.clone(),
        by: by.as_ref().map(ToString::to_string),
        since: time(*since),
        may_reset: may_move && (own.is_none() || scope.tenant.as_ref() == own),
    }
}

fn past(row: &SwitchRow) -> Past {
    Past {
        scope: row.scope.to_string(),
        reason: row.reason.clone(),
        by: row.by.as_ref().map(ToString::to_string),
        at: time(row.at),
        entry: row.entry,
        reset: row.reset,
    }
}
