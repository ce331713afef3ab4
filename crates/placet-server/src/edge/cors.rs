//! Leave for pages of other origins, those that the operator named, to use the API.
//!
//! A browser asks before it lets a page send a key somewhere else, and lets the page read the answer
//! only if that says so. Nothing is ever said about cookies: they stay with our own pages.

use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::limits::CROSS_ORIGIN_REMEMBERED_SECONDS;

/// The methods of the API.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");

/// The headers that the API reads.
const ASKED: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, last-event-id, prefer, traceparent, tracestate",
);

/// What of an answer a page may read besides the headers that every page may.
const ANSWERED: HeaderValue = HeaderValue::from_static("retry-after");

/// Whether a browser asks if a page may send a request.
pub(super) fn asks_leave(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to that for a page that may.
pub(super) fn leave() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ASKED);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(CROSS_ORIGIN_REMEMBERED_SECONDS));
    response
}

/// Lets a page read an answer, if it may; and says that it depends on the page, to who keeps it.
pub(super) fn show(headers: &mut HeaderMap, page: Option<HeaderValue>) {
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(page) = page {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, page);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, ANSWERED);
    }
}
