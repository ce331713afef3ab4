//! Headers that keep a browser from doing more with an answer than showing it.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};

use crate::limits::TLS_EXPECTED_SECONDS;

const ALL: [(HeaderName, &str); 7] = [
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// How many headers the server adds after them: of the length, and of the time.
const ADDED_LATER: usize = 2;

/// Adds them, where the endpoint has not set its own. A browser that has found TLS here once is to
/// ask for nothing else; whether there is some before us is for whoever provides it to say.
pub(super) fn secure(headers: &mut HeaderMap, has_tls: bool) {
    let expected =
        has_tls.then(|| HeaderValue::try_from(format!("max-age={TLS_EXPECTED_SECONDS}")));
    if let Some(Ok(expected)) = expected {
        headers.insert(STRICT_TRANSPORT_SECURITY, expected);
    }
    headers.reserve(ALL.len() + ADDED_LATER);
    for (name, value) in ALL {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
