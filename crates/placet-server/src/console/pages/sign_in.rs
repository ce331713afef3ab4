//! `/console/sign-in`

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use placet::GuardError;
use serde::Deserialize;

use super::super::back::Back;
use super::super::cookie;
use super::super::fault::{Fault, go_to};
use super::super::form::Anonymous;
use super::super::frame::{FIRST, Frame, Notice};
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::super::words::Word;
use super::reply;
use crate::app::App;
use crate::auth::role::Anyone;
use crate::wire::{Problem, Query};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(in super::super) struct Page {
    frame: Frame,
    person: String,
    /// Where they go on.
    next: Option<Back>,
    /// What they had typed, which was not carried out.
    words: Vec<Word>,
}

impl Page {
    pub(in super::super) fn new(person: String, next: Option<Back>) -> Self {
        Self { frame: Frame::bare("Sign in"), person, next, words: Vec::new() }
    }

    /// The same with the reason why it is there.
    pub(in super::super) fn with(self, notice: Option<Notice>, words: Vec<Word>) -> Self {
        Self { frame: self.frame.with(notice), words, ..self }
    }
}

/// What is asked for.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// The page that they wanted.
    next: Option<String>,
}

pub(super) async fn show(
    visitor: Result<Visitor<Anyone>, Fault>,
    Query(Asked { next }): Query<Asked>,
) -> Response {
    let next = next.as_deref().and_then(Back::parse);
    match visitor {
        Ok(_) => go_on(next.as_ref()),
        Err(_) => reply(&Page::new(String::new(), next), StatusCode::OK),
    }
}

/// Leads to where somebody wanted to go.
fn go_on(next: Option<&Back>) -> Response {
    go_to(next.map_or(FIRST, Back::as_str))
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
            let page = Page::new(person.to_owned(), next(&form));
            let page = page.with(Some(Notice::Wrong(wrong)), Vec::new());
            Ok(reply(&page, StatusCode::UNAUTHORIZED))
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
    let mut response = go_on(next(form).as_ref());
    response.headers_mut().insert(SET_COOKIE, cookie::begin(&secret, &form.headers, has_tls));
    Ok(response)
}

fn next(form: &Anonymous) -> Option<Back> {
    Back::parse(form.fields.one("next")?)
}
