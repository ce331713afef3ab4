//! The console: pages for people, rendered here and served from the binary itself.
//!
//! Somebody who signs in gets a cookie with the secret of their session, which is an API key with
//! an end. The cookie opens pages only and a key in `Authorization` the API only, so that no page of
//! another site can use a browser to speak to the API. Whatever changes something is a form that is
//! posted with the token of its session; no address changes anything by being visited. All pages
//! work without scripts; where one is live, a module of our own refreshes it.
//!
//! A page is a file in `pages`: a template with its data, a handler that takes a
//! [`Visitor`](visitor::Visitor) in the role that it needs, and a handler for each of its forms,
//! which takes a [`Submitted`](form::Submitted).

mod assets;
mod back;
mod chart;
mod cookie;
mod diff;
mod fault;
mod form;
mod frame;
mod held;
mod listing;
mod live;
mod pages;
mod params;
mod routes;
mod shown;
mod throttle;
mod tree;
mod visitor;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::http::Method;

use crate::app::App;

use routes::Routes;

pub(crate) use cookie::identify;
pub(crate) use pages::Verifications;
pub(crate) use throttle::Throttle;

/// Where it is.
pub(crate) const ROOT: &str = "/console";

/// Whether a path is one of its pages.
pub(crate) fn is_page(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a request only opens a page in a window of its own: then it may be asked for by any
/// page, for it changes nothing, is not shown inside another, and brings no cookie from there.
pub(crate) fn is_visit(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    method == Method::GET
        && is_page(path)
        && is("sec-fetch-mode", "navigate")
        && is("sec-fetch-dest", "document")
}

/// Its pages.
pub(crate) fn router() -> Router<Arc<App>> {
    all().router
}

/// Everything that the console answers, each as `GET /console`.
#[must_use]
pub fn routes() -> Vec<String> {
    all().names
}

fn all() -> Routes {
    assets::add_to(pages::routes())
}
