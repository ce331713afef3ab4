//! `/console`: what waits for people.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use placet::{ActionId, ApprovalId, KeyScope, Pending, Timestamp};
use serde::Deserialize;

use super::super::fault::Fault;
use super::super::frame::{Frame, Notice, Place};
use super::super::held::{Card, Looker};
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::action::{find, told};
use super::reply;
use crate::app::App;
use crate::auth::role::Reader;
use crate::wire::Query;

/// Held actions on one page.
const ON_A_PAGE: usize = 50;

/// What is shown of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Only what waits after this one.
    after: Option<ApprovalId>,
    /// The action that was answered last, to say so.
    answered: Option<ActionId>,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct Page {
    frame: Frame,
    cards: Vec<Card>,
    /// How many wait in all.
    total: usize,
    /// The last one shown, where there are more.
    next: Option<ApprovalId>,
    now: Timestamp,
    is_over_all: bool,
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor<Reader>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let (tenant, now) = (visitor.tenant().cloned(), app.guard.now());
    let total = {
        let state = app.guard.log().state();
        let approvals = state.approvals();
        tenant.as_ref().map_or(approvals.len(), |tenant| approvals.of_tenant(tenant))
    };
    let pending =
        app.blocking(move |guard| guard.pending(tenant.as_ref(), asked.after, ON_A_PAGE)).await??;
    let is_full = pending.len() == ON_A_PAGE;
    let next = pending.last().filter(|_| is_full).map(|last| last.approval.id);
    let notice = match asked.answered {
        Some(action) => Some(Notice::Done(told(&app, find(&app, &visitor, action).await?).await?)),
        None => None,
    };
    let looker = looker(&app, &visitor);
    let page = Page {
        frame: Frame::new("Inbox", Place::Inbox, &visitor).with(notice),
        cards: cards(&pending, &looker, now),
        total,
        next,
        now,
        is_over_all: visitor.tenant().is_none(),
    };
    Ok(reply(&page, StatusCode::OK))
}

/// Who looks, and for which groups they may answer, if at all.
pub(super) fn looker(app: &App, visitor: &Visitor<Reader>) -> Looker {
    let groups = visitor.has(KeyScope::Approver).then(|| visitor.groups(app));
    Looker { person: visitor.person.clone(), groups }
}

/// A card for each call; the same call asked for several times is one card.
fn cards(pending: &[Pending], looker: &Looker, now: Timestamp) -> Vec<Card> {
    let mut cards: Vec<(&Pending, Card)> = Vec::new();
    for held in pending {
        let same =
            |(first, _): &&mut (&Pending, Card)| first.followed.call() == held.followed.call();
        match cards.iter_mut().find(same) {
            Some((first, card)) => card.add_twin(first, held, now),
            None => cards.push((held, Card::new(held, looker, now))),
        }
    }
    cards.into_iter().map(|(_, card)| card).collect()
}
