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
pub(super) mod sign_in;
mod sign_out;
mod standing;
mod switches;

use std::collections::BTreeSet;

use askama::Template;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use placet::{KeyScope, TenantId, Timestamp};

use super::fault::{Fault, go};
use super::form::Fields;
use super::frame::FIRST;
use super::live;
use super::routes::Routes;
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

pub(super) fn routes() -> Routes {
    Routes::default()
        .page("/console", inbox::show)
        .page("/console/", async || go(FIRST))
        .page("/console/events", live::events)
        .page("/console/actions/{id}", action::show)
        .page("/console/actions/{id}/answer", answer::show)
        .form("/console/actions/{id}/answer", answer::submit)
        .page("/console/actions/{id}/receipt.json", action::receipt)
        .page("/console/activity", activity::show)
        .page("/console/sign-in", sign_in::show)
        .form("/console/sign-in", sign_in::submit)
        .page("/console/enrol", enrol::show)
        .form("/console/enrol", enrol::submit)
        .form("/console/sign-out", sign_out::submit)
        .page("/console/autonomy", autonomy::show)
        .page("/console/standing", standing::show)
        .form("/console/standing/revoke", standing::revoke)
        .page("/console/switches", switches::show)
        .form("/console/switches/trip", switches::trip)
        .form("/console/switches/reset", switches::reset)
        .page("/console/policy", policy::show)
        .page("/console/policy/edit", policy::edit)
        .form("/console/policy/validate", policy::validate)
        .form("/console/policy/install", policy::install)
        .page("/console/people", people::show)
        .form("/console/people/invite", people::invite)
        .form("/console/people/change", people::change)
        .form("/console/people/remove", people::remove)
        .form("/console/people/end", people::end)
        .page("/console/integrations", integrations::show)
        .form("/console/integrations/create", integrations::create)
        .form("/console/integrations/own", integrations::create_own)
        .form("/console/integrations/rotate", integrations::rotate)
        .form("/console/integrations/revoke", integrations::revoke)
        .page("/console/log", log::show)
        .form("/console/log/verify", log::verify)
        .page("/console/log/entries.jsonl", log::entries)
        .page("/console/log/checkpoint", log::checkpoint)
        .page("/console/{*rest}", async || -> Fault {
            Problem::missing("no page of the console has this address").into()
        })
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
pub(super) fn time(at: Timestamp) -> String {
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
