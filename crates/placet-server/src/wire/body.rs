//! Reading bodies: whole, bounded in size and time, and strictly.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap};
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use placet::Json;
use placet::core::json::Limits;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use super::Problem;
use crate::app::App;
use crate::connection::{Carrier, Receiving};

/// Reads the whole body of a request that came with `extensions`; none of it when its length says that
/// it is too large. Meanwhile its connection is one of those that may have to make room.
pub(crate) async fn read(
    app: &App,
    extensions: &Extensions,
    body: Body,
    limit: usize,
) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(Problem::too_large(limit));
    }
    let time = app.config.limits.body_time;
    let carrier = extensions.get::<Carrier>().filter(|_| !body.is_end_stream());
    let receiving = carrier.map(Carrier::receive);
    let body = body.map_frame(|frame| {
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        let cut_off = receiving.as_ref().map_or(0, |receiving| receiving.count(bytes));
        app.telemetry.evicted.inc_by(cut_off);
        frame
    });
    let collected = tokio::time::timeout(time, Limited::new(body, limit).collect()).await;
    // The connection is being closed, and with it goes the answer to whatever would be done.
    if !receiving.is_none_or(Receiving::end) {
        return Err(Problem::unavailable("the connection made room before the body was complete"));
    }
    match collected.map_err(|_| Problem::too_slow(time))? {
        Ok(whole) => {
            // It waited for its client until now, and took no place from anybody.
            carrier.map_or(Ok(()), Carrier::admit)?;
            Ok(whole.to_bytes())
        }
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large(limit)),
        Err(_) => Err(Problem::malformed("the connection broke before the body was complete")),
    }
}

/// Checks that a body says it is JSON. A page of another site cannot say so without being asked
/// whether it may.
pub(crate) fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Problem::media_type())
    }
}

/// Reads a JSON document of so many bytes at the most, and strictly: no duplicate keys, nothing too
/// deep, no number that would be rounded.
pub(crate) fn json(bytes: &[u8], limit: usize) -> Result<Json, Problem> {
    let limits = Limits { bytes: limit, ..Limits::default() };
    Json::parse_with(bytes, &limits).map_err(Problem::malformed)
}

/// Takes a document as a request of one kind.
pub(crate) fn typed<T: DeserializeOwned>(json: &Json) -> Result<T, Problem> {
    match json {
        Json::Object(_) => {}
        Json::Null => return Err(Problem::invalid_at("", "it is missing; send a JSON object")),
        _ => return Err(Problem::invalid_at("", "a JSON object is expected")),
    }
    let text = json.canonical();
    let mut reader = serde_json::Deserializer::from_str(&text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let mut pointer = pointer(error.path());
        // The place in our own text is no place in theirs.
        let detail = error.into_inner().to_string();
        let detail = detail.split(" at line ").next().unwrap_or_default().to_owned();
        if let Some(field) = unknown_field(&detail)
            && !pointer.ends_with(&format!("/{}", escaped(field)))
        {
            pointer = format!("{pointer}/{}", escaped(field));
        }
        Problem::invalid_at(pointer, detail)
    })
}

/// The reason that is recorded when none is given.
pub(crate) const NO_REASON: &str = "no reason was given";

/// The same for a body that may be left out as a whole.
pub(crate) fn optional<T: DeserializeOwned + Default>(json: &Json) -> Result<T, Problem> {
    match json {
        Json::Null => Ok(T::default()),
        json => typed(json),
    }
}

/// A field that may be left out, and is not `null` when it is there: for serde with `default`.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The field that an error says is unknown.
fn unknown_field(detail: &str) -> Option<&str> {
    let (field, _) = detail.strip_prefix("unknown field `")?.split_once("`, expected ")?;
    Some(field)
}

/// One step of a JSON pointer.
fn escaped(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&escaped(key)),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}
