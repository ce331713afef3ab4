//! The pages, one in each file.

mod action;
mod activity;
mod answer;
mod autonomy;
mod enrol;
mod inbox;
mod integrations;
mod log;
mod people;
mod policy;
mod sign_in;
mod sign_out;
mod standing;
mod switches;

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use placet::{KeyScope, TenantId, Timestamp};

use super::fault::{Fault, go};
use super::form::Fields;
use super::frame::FIRST;
use super::live;
use crate::app::App;
use crate::wire::Problem;

pub(crate) use log::Verifications;

/// What the pages may load and do: their own stylesheet and scripts, and forms to themselves.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// A page must name its origin when it sends a form, and to nobody else.
const REFERRER: &str = "same-origin";

const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, POLICY),
    (REFERRER_POLICY, REFERRER),
];

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/console", get(inbox::show))
        .route("/console/", get(async || go(FIRST)))
        .route("/console/events", get(live::events))
        .route("/console/actions/{id}", get(action::show))
        .route("/console/actions/{id}/answer", post(answer::submit))
        .route("/console/actions/{id}/receipt.json", get(action::receipt))
        .route("/console/activity", get(activity::show))
        .route("/console/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/console/enrol", get(enrol::show).post(enrol::submit))
        .route("/console/sign-out", post(sign_out::submit))
        .route("/console/autonomy", get(autonomy::show))
        .route("/console/standing", get(standing::show))
        .route("/console/standing/revoke", post(standing::revoke))
        .route("/console/switches", get(switches::show))
        .route("/console/switches/trip", post(switches::trip))
        .route("/console/switches/reset", post(switches::reset))
        .route("/console/policy", get(policy::show))
        .route("/console/policy/edit", get(policy::edit))
        .route("/console/policy/validate", post(policy::validate))
        .route("/console/policy/install", post(policy::install))
        .route("/console/people", get(people::show))
        .route("/console/people/invite", post(people::invite))
        .route("/console/people/change", post(people::change))
        .route("/console/people/remove", post(people::remove))
        .route("/console/people/end", post(people::end))
        .route("/console/integrations", get(integrations::show))
        .route("/console/integrations/create", post(integrations::create))
        .route("/console/integrations/rotate", post(integrations::rotate))
        .route("/console/integrations/revoke", post(integrations::revoke))
        .route("/console/log", get(log::show))
        .route("/console/log/verify", post(log::verify))
        .route("/console/log/entries.jsonl", get(log::entries))
        .route("/console/log/checkpoint", get(log::checkpoint))
        .route(
            "/console/{*rest}",
            get(async || -> Fault {
                Problem::missing("no page of the console has this address").into()
            }),
        )
}

/// A page as an answer.
pub(super) fn reply(page: &impl Template, status: StatusCode) -> Response {
    let Ok(html) = page.render() else {
        return Problem::unavailable("the page could not be made").into_response();
    };
    let mut response = (status, html).into_response();
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// One way to fill in a list of scopes or roles.
#[derive(Debug)]
struct Choice {
    name: &'static str,
    is_chosen: bool,
    meaning: &'static str,
}

/// What people may be.
const ROLES: [KeyScope; 3] = [KeyScope::Approver, KeyScope::Admin, KeyScope::Auditor];

fn choices(of: &[KeyScope], chosen: &BTreeSet<KeyScope>) -> Vec<Choice> {
    let choice = |scope: &KeyScope| Choice {
        name: scope.as_str(),
        is_chosen: chosen.contains(scope),
        meaning: match scope {
            KeyScope::Agent => "proposes actions",
            KeyScope::Approver => "answers what waits for people",
            KeyScope::Admin => "moves switches, invites people, makes keys",
            KeyScope::Auditor => "reads everything, changes nothing",
        },
    };
    of.iter().map(choice).collect()
}

/// The scopes that are ticked in a form.
fn ticked(fields: &Fields, name: &str) -> Result<BTreeSet<KeyScope>, Problem> {
    fields.all(name).map(|word| word.parse().map_err(Problem::invalid)).collect()
}

/// The tenant that a form is about: that of whoever sends it, or the one that they name.
fn tenant(fields: &Fields, own: Option<&TenantId>) -> Result<Option<TenantId>, Problem> {
    match own {
        Some(own) => Ok(Some(own.clone())),
        None => fields.text("tenant").map(str::parse).transpose().map_err(Problem::invalid),
    }
}

/// A time as pages write it: to the second, for sorting by eye.
fn time(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

fn optional_time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "never".to_owned(), time)
}

/// A message as a sentence.
pub(super) fn sentence(message: &impl ToString) -> String {
    let message = message.to_string();
    let mut chars = message.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}
