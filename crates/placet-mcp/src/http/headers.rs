//! What HTTP says beside a message.

use axum::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE,
    COOKIE, HOST, ORIGIN, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::events::Events;
use super::repeated;
use crate::limits::MAX_SERVER_BYTES;
use crate::message::{Kind, Message};

/// The session of a client, before 2026-07-28.
pub(super) const SESSION: &str = "mcp-session-id";
/// The revision of the protocol.
pub(super) const VERSION: &str = "mcp-protocol-version";
/// The method of a request, from 2026-07-28 on.
pub(super) const METHOD: &str = "mcp-method";
/// What a request is about, from 2026-07-28 on.
pub(super) const NAME: &str = "mcp-name";

/// What concerns one connection and not the message. Without an `Accept-Encoding` what comes back can
/// be read.
const OF_THE_CONNECTION: [HeaderName; 9] = [
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_LENGTH,
    HOST,
    ORIGIN,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The headers that go on with a message. What proved to the gateway who the client is stays here.
pub(super) fn passed_on(headers: &HeaderMap, has_token: bool) -> HeaderMap {
    let mut passed = headers.clone();
    for name in &OF_THE_CONNECTION {
        passed.remove(name);
    }
    passed.remove("keep-alive");
    if has_token {
        passed.remove(AUTHORIZATION);
        passed.remove(COOKIE);
    }
    passed
}

/// The headers for a question of the gateway itself, on the session of a client.
pub(super) fn for_question(headers: &HeaderMap, method: &'static str) -> HeaderMap {
    let mut asked = headers.clone();
    repeated::remove(&mut asked);
    asked.remove(NAME);
    if asked.contains_key(METHOD) {
        asked.insert(METHOD, HeaderValue::from_static(method));
    }
    asked
}

/// The headers with which the stream of an answer to a request with these is taken up again; none in the
/// revision that knows no such streams.
pub(super) fn to_go_on(headers: &HeaderMap) -> Option<HeaderMap> {
    if headers.contains_key(METHOD) {
        return None;
    }
    let mut again = headers.clone();
    again.remove(CONTENT_TYPE);
    Some(again)
}

/// Whether a message is written as it is read here. A server that honours another charset, or
/// uncompresses, would read another message.
pub(super) fn is_plain_json(headers: &HeaderMap) -> bool {
    is_one(headers, &CONTENT_TYPE)
        && is_not_compressed(headers)
        && headers.get(CONTENT_TYPE).is_none_or(|value| {
            let text = value.to_str().unwrap_or("?").to_ascii_lowercase();
            let mut parts = text.split(';').map(str::trim);
            parts.next() == Some("application/json")
                && parts.all(|part| matches!(part, "charset=utf-8" | "charset=\"utf-8\""))
        })
}

/// Whether an answer is of a kind that can be heard on its way, or has nothing in it.
pub(super) fn can_be_heard(headers: &HeaderMap) -> bool {
    let is_empty = headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0");
    is_one(headers, &CONTENT_TYPE)
        && is_not_compressed(headers)
        && (is_empty
            || headers
                .get(CONTENT_TYPE)
                .is_none_or(|value| is_json(value) || is_stream(value) || is_text(value)))
}

/// The one answer in a body of this kind; none where there is another number of them.
pub(super) fn answer_in(headers: &HeaderMap, body: &Bytes) -> Option<Message> {
    if !can_be_heard(headers) {
        return None;
    }
    if !is_event_stream(headers) {
        return Message::read(body.clone()).ok();
    }
    let mut found = None;
    for event in Events::new(MAX_SERVER_BYTES).push(body).ok()? {
        // An event without data only says where the stream begins.
        if event.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let message = Message::read(event).ok()?;
        if matches!(message.kind(), Kind::Response(_)) && found.replace(message).is_some() {
            return None;
        }
    }
    found
}

/// Whether an answer is a stream of events.
pub(super) fn is_event_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(is_stream)
}

fn is_one(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(name).iter().count() <= 1
}

fn is_not_compressed(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity")
}

/// Whether a kind is that of one message.
pub(super) fn is_json(kind: &HeaderValue) -> bool {
    is_kind(kind, "application/json")
}

fn is_stream(kind: &HeaderValue) -> bool {
    is_kind(kind, "text/event-stream")
}

/// What people may read, and no client as a message.
fn is_text(kind: &HeaderValue) -> bool {
    is_kind(kind, "text/plain") || is_kind(kind, "text/html")
}

fn is_kind(value: &HeaderValue, kind: &str) -> bool {
    let text = value.to_str().unwrap_or_default();
    text.split(';').next().is_some_and(|first| first.trim().eq_ignore_ascii_case(kind))
}

/// Whether the headers say the same as the message, where they say anything.
pub(super) fn agree(headers: &HeaderMap, method: &str, name: Option<&str>) -> bool {
    let says = |header: &str, what: Option<&str>| match headers.get(header) {
        None => true,
        Some(value) => decoded(value.to_str().unwrap_or_default()).as_deref() == what,
    };
    let is_one = |header: &str| headers.get_all(header).iter().count() <= 1;
    is_one(METHOD)
        && is_one(NAME)
        && says(METHOD, Some(method))
        && (name.is_none() || says(NAME, name))
}

/// Whether the headers say nothing of a call, where the message is none and is about nothing.
pub(super) fn are_of_no_call(headers: &HeaderMap, method: Option<&str>) -> bool {
    let is_silent = !headers.contains_key(NAME) && !repeated::is_any(headers);
    is_silent
        && match method {
            Some(method) => agree(headers, method, None),
            None => !headers.contains_key(METHOD),
        }
}

/// A value as it was before it was made fit for a header.
pub(super) fn decoded(value: &str) -> Option<String> {
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
        None => Some(value.to_owned()),
    }
}

/// A value made fit for a header.
pub(super) fn encoded(value: &str) -> String {
    let is_plain = value.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && value.trim() == value
        && !value.starts_with("=?base64?");
    if is_plain { value.to_owned() } else { format!("=?base64?{}?=", STANDARD.encode(value)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    proptest! {
        #[test]
        fn what_is_made_fit_is_read_again(value in "\\PC*") {
            prop_assert_eq!(decoded(&encoded(&value)), Some(value));
        }
    }

    #[test]
    fn a_header_that_says_something_else_is_noticed() {
        let call = headers(&[(METHOD, "tools/call"), (NAME, "read")]);
        assert!(agree(&call, "tools/call", Some("read")));
        assert!(!agree(&call, "tools/call", Some("delete")));
        assert!(!agree(&call, "ping", None));
        assert!(agree(&headers(&[]), "tools/call", Some("read")));
        assert!(agree(&headers(&[(NAME, "=?base64?cmVhZA==?=")]), "tools/call", Some("read")));
        let mut twice = call;
        twice.append(NAME, HeaderValue::from_static("delete"));
        assert!(!agree(&twice, "tools/call", Some("read")));
    }

    #[test]
    fn what_proves_who_the_client_is_stays_here() {
        let sent =
            headers(&[("authorization", "Bearer x"), ("mcp-session-id", "s"), ("host", "h")]);
        assert_eq!(passed_on(&sent, true), headers(&[("mcp-session-id", "s")]));
        assert!(passed_on(&sent, false).contains_key(AUTHORIZATION));
    }
}
