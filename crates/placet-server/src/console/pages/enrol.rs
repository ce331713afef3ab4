//! `/console/enrol`: where a one-time link leads. The token is behind the `#`, which no browser
//! sends anywhere, so that it is in no log; our script puts it into the form.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use placet::{GuardError, InviteToken, Rejection};

use super::super::fault::Fault;
use super::super::form::Anonymous;
use super::super::frame::{Frame, Notice};
use super::super::shown::filters;
use super::sign_in::{Refused, begin};
use super::{reply, sentence};
use crate::app::App;
use crate::wire::Problem;

#[derive(Template)]
#[template(path = "enrol.html")]
struct Page {
    frame: Frame,
    /// The token that was sent, so that a poor password does not cost it.
    invitation: String,
    least: usize,
}

/// Names nobody, so that it is counted apart from every name.
const NOBODY: &str = "\u{0}invitation";

pub(super) async fn show() -> Response {
    page(String::new(), None, StatusCode::OK)
}

pub(super) async fn submit(
    State(app): State<Arc<App>>,
    form: Anonymous,
) -> Result<Response, Fault> {
    let of = |name| form.fields.one(name).unwrap_or_default();
    let (invitation, password) = (of("invitation"), of("password"));
    let again =
        |why: String, status| Ok(page(invitation.to_owned(), Some(Notice::Wrong(why)), status));
    if password != of("again") {
        let why = "The two passwords differ. Type the same one twice.".to_owned();
        return again(why, StatusCode::UNPROCESSABLE_ENTITY);
    }
    app.throttle
        .attempt(NOBODY, &form.peer)
        .map_err(|wait| Problem::too_many("too many tries; wait a little", wait))?;
    let Ok(token) = invitation.parse::<InviteToken>() else {
        let why = "This is not an invitation. Copy the whole link.".to_owned();
        return again(why, StatusCode::UNPROCESSABLE_ENTITY);
    };
    match app.guard.enrol(&token, password).await {
        Ok(person) => {
            app.throttle.forgive(NOBODY, &form.peer);
            match begin(&app, &form, person.as_str(), password).await {
                Ok(response) => Ok(response),
                Err(Refused::Otherwise(fault)) => Err(fault),
                Err(Refused::Wrong) => Err(Fault::Stranger(None)),
            }
        }
        Err(error @ GuardError::Password(_)) => {
            app.throttle.forgive(NOBODY, &form.peer);
            again(sentence(&error), StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(error @ GuardError::Rejected(Rejection::DeadInvite)) => {
            again(sentence(&error), StatusCode::GONE)
        }
        Err(error) => Err(error.into()),
    }
}

fn page(invitation: String, notice: Option<Notice>, status: StatusCode) -> Response {
    let frame = Frame::bare("Set your password").with(notice);
    reply(&Page { frame, invitation, least: placet::MIN_PASSWORD_CHARS }, status)
}
