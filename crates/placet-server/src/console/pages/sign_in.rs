//! `/console/sign-in`

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use placet::GuardError;

use super::super::cookie;
use super::super::fault::{Fault, go};
use super::super::form::Anonymous;
use super::super::frame::{FIRST, Frame, Notice};
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::reply;
use crate::app::App;
use crate::auth::role::Anyone;
use crate::wire::Problem;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    frame: Frame,
    person: String,
}

pub(super) async fn show(visitor: Result<Visitor<Anyone>, Fault>) -> Response {
    match visitor {
        Ok(_) => go(FIRST),
        Err(_) => page(String::new(), None, StatusCode::OK),
    }
}

pub(super) async fn submit(
    State(app): State<Arc<App>>,
    form: Anonymous,
) -> Result<Response, Fault> {
    let person = form.fields.one("person").unwrap_or_default();
    let password = form.fields.one("password").unwrap_or_default();
    match begin(&app, &form, person, password).await {
        Err(Refused::Wrong) => {
            let wrong = "This name and this password do not fit together.".to_owned();
            Ok(page(person.to_owned(), Some(Notice::Wrong(wrong)), StatusCode::UNAUTHORIZED))
        }
        Err(Refused::Otherwise(fault)) => Err(fault),
        Ok(response) => Ok(response),
    }
}

/// Why somebody is not signed in.
pub(super) enum Refused {
    Wrong,
    Otherwise(Fault),
}

/// Begins a session, always a new one: whatever cookie a browser had before is worth nothing here,
/// and the session that it named ends.
pub(super) async fn begin(
    app: &App,
    form: &Anonymous,
    person: &str,
    password: &str,
) -> Result<Response, Refused> {
    app.throttle.attempt(person, &form.peer).map_err(|wait| {
        let detail = "too many tries to sign in; wait a little before the next one";
        Refused::Otherwise(Problem::too_many(detail, wait).into())
    })?;
    let signed_in = app.guard.sign_in(person, password).await;
    if !matches!(signed_in, Err(GuardError::WrongPassword)) {
        app.throttle.forgive(person, &form.peer);
    }
    let secret = signed_in.map_err(|error| match error {
        GuardError::WrongPassword => Refused::Wrong,
        other => Refused::Otherwise(other.into()),
    })?;
    let has_tls = app.config.tls.is_some();
    if let Ok(before) = cookie::identify(&form.headers, &app.guard, has_tls) {
        // It may have ended by itself just now, which is as good.
        drop(app.guard.with_caller(before.caller).sign_out().await);
    }
    let mut response = go(FIRST);
    response.headers_mut().insert(SET_COOKIE, cookie::begin(&secret, &form.headers, has_tls));
    Ok(response)
}

fn page(person: String, notice: Option<Notice>, status: StatusCode) -> Response {
    reply(&Page { frame: Frame::bare("Sign in").with(notice), person }, status)
}
