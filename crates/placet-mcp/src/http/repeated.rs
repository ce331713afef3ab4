//! Arguments that headers repeat. A tool's schema may name a header for an argument
//! (`x-mcp-header`), so that what stands before its server sees it without reading the message. What
//! is judged is the message; so the headers have to say the same.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use placet::{Json, Object};

use super::headers::{decoded, encoded};

/// What the headers begin with that repeat arguments.
const PREFIX: &str = "mcp-param-";

/// Which header repeats which argument of one tool; none where its schema is not known.
pub(super) struct Repeated(Option<BTreeMap<String, String>>);

impl Repeated {
    /// As the tool's definition says.
    pub(super) fn of(definition: Option<&Object>) -> Self {
        let Some(definition) = definition else { return Self(None) };
        let schema = definition.get("inputSchema").and_then(Json::as_object);
        let properties = schema.and_then(|it| it.get("properties")).and_then(Json::as_object);
        let named = properties.into_iter().flat_map(Object::iter).filter_map(|(name, schema)| {
            let header = schema.as_object()?.get("x-mcp-header")?.as_str()?;
            Some((format!("{PREFIX}{}", header.to_ascii_lowercase()), name.to_owned()))
        });
        Self(Some(named.collect()))
    }

    /// Whether every such header says what an argument says: the one that it is for, or, where that
    /// is not known, any.
    pub(super) fn agree(&self, headers: &HeaderMap, arguments: &Object) -> bool {
        those_of(headers).iter().all(|header| {
            let mut values = headers.get_all(header).iter();
            let value = values.next().and_then(|value| value.to_str().ok()).and_then(decoded);
            let (Some(value), None) = (value, values.next()) else { return false };
            let says = |argument: &Json| text(argument).as_deref() == Some(value.as_str());
            match &self.0 {
                Some(named) => named
                    .get(header.as_str())
                    .and_then(|argument| arguments.get(argument))
                    .is_some_and(says),
                None => arguments.iter().any(|(_, argument)| says(argument)),
            }
        })
    }

    /// Makes the headers say what other arguments say, which a person put in place of those that the
    /// client sent.
    pub(super) fn rewrite(&self, headers: &mut HeaderMap, arguments: &Object) {
        for header in those_of(headers) {
            headers.remove(&header);
            let argument = self.0.as_ref().and_then(|named| named.get(header.as_str()));
            let value = argument.and_then(|argument| arguments.get(argument)).and_then(text);
            if let Some(value) = value.and_then(|it| HeaderValue::from_str(&encoded(&it)).ok()) {
                headers.insert(header, value);
            }
        }
    }
}

/// Whether anything is repeated.
pub(super) fn is_any(headers: &HeaderMap) -> bool {
    !those_of(headers).is_empty()
}

/// Takes out what repeats arguments.
pub(super) fn remove(headers: &mut HeaderMap) {
    for header in those_of(headers) {
        headers.remove(header);
    }
}

fn those_of(headers: &HeaderMap) -> Vec<HeaderName> {
    headers.keys().filter(|name| name.as_str().starts_with(PREFIX)).cloned().collect()
}

/// An argument as a header says it; none of one that no header can say.
fn text(argument: &Json) -> Option<String> {
    match argument {
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(argument.canonical()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;

    fn object(text: &str) -> Object {
        match Json::parse(text.as_bytes()) {
            Ok(Json::Object(object)) => object,
            other => panic!("{other:?}"),
        }
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    const TOOL: &str = r#"{"name":"query","inputSchema":{"type":"object","properties":{
        "region":{"type":"string","x-mcp-header":"Region"},
        "count":{"type":"integer","x-mcp-header":"Count"},
        "note":{"type":"string"}}}}"#;

    #[test]
    fn a_header_has_to_say_what_its_argument_says() {
        let tool = object(TOOL);
        let known = Repeated::of(Some(&tool));
        let arguments = object(r#"{"region":"eu","count":42,"note":"us"}"#);
        for (sent, is_so) in [
            (headers(&[]), true),
            (headers(&[("mcp-param-region", "eu"), ("mcp-param-count", "42")]), true),
            (headers(&[("mcp-param-region", "=?base64?ZXU=?=")]), true),
            // What another argument says, what none says, and what the schema does not name.
            (headers(&[("mcp-param-region", "us")]), false),
            (headers(&[("mcp-param-count", "43")]), false),
            (headers(&[("mcp-param-count", "42.0")]), false),
            (headers(&[("mcp-param-note", "us")]), false),
            (headers(&[("mcp-param-region", "=?base64?!?=")]), false),
        ] {
            assert_eq!(known.agree(&sent, &arguments), is_so, "{sent:?}");
        }
        let mut twice = headers(&[("mcp-param-region", "eu")]);
        twice.append("mcp-param-region", HeaderValue::from_static("us"));
        assert!(!known.agree(&twice, &arguments));
        let absent = object(r#"{"count":42}"#);
        assert!(!known.agree(&headers(&[("mcp-param-region", "eu")]), &absent));
    }

    #[test]
    fn of_a_tool_that_is_not_known_some_argument_has_to_say_it() {
        let unknown = Repeated::of(None);
        let arguments = object(r#"{"region":"eu"}"#);
        assert!(unknown.agree(&headers(&[("mcp-param-region", "eu")]), &arguments));
        assert!(!unknown.agree(&headers(&[("mcp-param-region", "us")]), &arguments));
    }

    #[test]
    fn what_a_person_changed_is_repeated_as_it_is_now() {
        let tool = object(TOOL);
        let known = Repeated::of(Some(&tool));
        let mut sent =
            headers(&[("mcp-param-region", "eu"), ("mcp-param-count", "42"), ("accept", "a")]);
        let edited = object(r#"{"region":" ünter"}"#);
        known.rewrite(&mut sent, &edited);
        assert!(known.agree(&sent, &edited), "{sent:?}");
        assert_eq!(sent.len(), 2, "{sent:?}");
    }
}
