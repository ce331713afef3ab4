//! `/console/standing`: what people signed off on beforehand, and taking it back.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use placet::{KeyScope, StandingApproval, Timestamp};

use super::super::fault::{Fault, go};
use super::super::form::Submitted;
use super::super::frame::{Frame, Notice, Place};
use super::super::held::left;
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::{reply, sentence, time};
use crate::app::App;
use crate::auth::own;
use crate::auth::role::{Answerer, Reader};
use crate::wire::Problem;

#[derive(Template)]
#[template(path = "standing.html")]
struct Page {
    frame: Frame,
    standing: Vec<Shown>,
    may_revoke: bool,
    /// Whether the visitor sees those of all tenants.
    is_over_all: bool,
}

struct Shown {
    id: String,
    by: String,
    action: String,
    tenant: String,
    agent: Option<String>,
    class: String,
    /// Places and what stands there.
    pins: Vec<(String, String)>,
    at_most: Option<String>,
    held_by: Vec<String>,
    uses: Option<u32>,
    used: u32,
    since: String,
    until: String,
    left: String,
    entry: u64,
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor<Reader>,
) -> Result<Response, Fault> {
    page(&app, &visitor, None, StatusCode::OK).await
}

pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    form: Submitted<Answerer>,
) -> Result<Response, Fault> {
    let Submitted { visitor, guard, fields, .. } = form;
    let by = Some(visitor.person.clone());
    let done = async {
        let id = {
            let state = app.guard.log().state();
            own::standing(fields.needed("id")?, state.standing_approvals(), &visitor.principal)?
        };
        guard.revoke_standing(id, fields.needed("reason")?, by).await?;
        Ok::<_, Problem>(())
    };
    match done.await {
        Ok(()) => Ok(go("/console/standing")),
        Err(problem) => {
            let wrong = Notice::Wrong(sentence(&problem.detail()));
            let page = page(&app, &visitor.into(), Some(wrong), problem.status()).await;
            page.map(|page| problem.told_by(page))
        }
    }
}

async fn page(
    app: &Arc<App>,
    visitor: &Visitor<Reader>,
    notice: Option<Notice>,
    status: StatusCode,
) -> Result<Response, Fault> {
    let tenant = visitor.tenant().cloned();
    let is_over_all = tenant.is_none();
    let found = app.blocking(move |guard| guard.standing_approvals(tenant.as_ref())).await??;
    let now = app.guard.now();
    let standing = found.into_iter().map(|one| shown(one, now)).collect();
    let may_revoke = visitor.has(KeyScope::Approver) || visitor.has(KeyScope::Admin);
    let frame = Frame::new("Standing approvals", Place::Standing, visitor).with(notice);
    Ok(reply(&Page { frame, standing, may_revoke, is_over_all }, status))
}

fn shown(of: StandingApproval, now: Timestamp) -> Shown {
    let pin = |(place, value): (String, placet::Json)| match place.is_empty() {
        true => ("all params".to_owned(), value.canonical()),
        false => (place, value.canonical()),
    };
    Shown {
        id: of.id.to_string(),
        by: of.by.to_string(),
        action: of.action.to_string(),
        tenant: of.tenant.to_string(),
        agent: of.agent.map(|agent| agent.to_string()),
        class: of.class.to_string(),
        pins: of.pins.into_iter().map(pin).collect(),
        at_most: of.at_most,
        held_by: of.held_by.into_iter().map(|finding| finding.reason).collect(),
        uses: of.uses,
        used: of.used,
        since: time(of.since),
        until: time(of.until),
        left: left(of.until, now),
        entry: of.log_index,
    }
}
