//! What a person sees instead of a page.

use askama::Template;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use placet::{GuardError, store::StoreError};

use super::back::Back;
use super::frame::{Frame, Notice};
use super::pages::{reply, sentence, sign_in};
use super::shown::filters;
use super::words::Word;
use crate::wire::Problem;

/// Where somebody signs in.
const SIGN_IN: &str = "/console/sign-in";

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Nobody is signed in; the page that they wanted.
    Stranger(Option<Back>),
    /// The visit came from another site, so the browser kept the cookie to itself. Coming again
    /// from here, it shows it.
    FromElsewhere,
    /// A form was not carried out because of who sent it.
    Kept(Box<Kept>),
    /// Something is wrong with what was asked for.
    Problem(Box<Problem>),
}

/// What somebody had typed when they were turned away.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Why; none where nobody is signed in.
    pub(super) problem: Option<Problem>,
    /// The page that has the form.
    pub(super) back: Option<Back>,
    pub(super) words: Vec<Word>,
}

#[derive(Template)]
#[template(path = "fault.html")]
struct Page {
    frame: Frame,
    status: u16,
    detail: String,
    back: Option<Back>,
    words: Vec<Word>,
}

#[derive(Template)]
#[template(path = "again.html")]
struct Again;

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        match self {
            Self::Stranger(back) => {
                go_to(&back.map_or_else(|| SIGN_IN.to_owned(), |back| back.by_way_of_sign_in()))
            }
            Self::FromElsewhere => reply(&Again, StatusCode::OK),
            Self::Kept(kept) => match *kept {
                Kept { problem: Some(problem), back, words } => told(&problem, back, words),
                Kept { problem: None, back, words } => {
                    let notice = "Your session has ended, and nothing was done.".to_owned();
                    let notice = Some(Notice::Wrong(notice));
                    let ended = sign_in::Page::new(String::new(), back).with(notice, words);
                    reply(&ended, StatusCode::UNAUTHORIZED)
                }
            },
            Self::Problem(problem) => told(&problem, None, Vec::new()),
        }
    }
}

fn told(problem: &Problem, back: Option<Back>, words: Vec<Word>) -> Response {
    let status = problem.status();
    let title = match status {
        StatusCode::FORBIDDEN => "This is not for you",
        StatusCode::NOT_FOUND => "There is nothing here",
        _ => "This did not work",
    };
    let (frame, detail) = (Frame::bare(title), sentence(&problem.detail()));
    problem.told_by(reply(&Page { frame, status: status.as_u16(), detail, back, words }, status))
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
    go_to(to)
}

/// The same for an address that is made on the way.
pub(super) fn go_to(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}
