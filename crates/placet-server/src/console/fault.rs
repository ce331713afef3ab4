//! What a person sees instead of a page.

use askama::Template;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use placet::{GuardError, store::StoreError};

use super::frame::Frame;
use super::pages::{reply, sentence};
use super::shown::filters;
use crate::wire::Problem;

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Nobody is signed in.
    Stranger,
    /// The visit came from another site, so the browser kept the cookie to itself. Coming again
    /// from here, it shows it.
    FromElsewhere,
    /// Something is wrong with what was asked for.
    Problem(Box<Problem>),
}

#[derive(Template)]
#[template(path = "fault.html")]
struct Page {
    frame: Frame,
    status: u16,
    detail: String,
}

#[derive(Template)]
#[template(path = "again.html")]
struct Again;

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        match self {
            Self::Stranger => go("/console/sign-in"),
            Self::FromElsewhere => reply(&Again, StatusCode::OK),
            Self::Problem(problem) => {
                let status = problem.status();
                let title = match status {
                    StatusCode::FORBIDDEN => "This is not for you",
                    StatusCode::NOT_FOUND => "There is nothing here",
                    _ => "This did not work",
                };
                let frame = Frame::bare(title);
                let page =
                    Page { frame, status: status.as_u16(), detail: sentence(&problem.detail()) };
                problem.told_by(reply(&page, status))
            }
        }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<GuardError> for Fault {
    fn from(error: GuardError) -> Self {
        Problem::from(error).into()
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

/// Sends a browser to another page, which it asks for with GET.
pub(super) fn go(to: &'static str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(to));
    response
}
