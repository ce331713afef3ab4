//! Arguments that headers repeat. A tool's schema may name a header for an argument
//! (`x-mcp-header`), so that what stands before its server sees it without reading the message. What
//! is judged is the message; so the headers have to say the same.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use placet::{Json, Object};

use super::headers::{METHOD, decoded, encoded};

/// What the headers begin with that repeat arguments.
const PREFIX: &str = "mcp-param-";

/// Which header repeats which argument of one tool, and where in the arguments that is; none where its
/// schema is not known, or names a header in a way that the protocol forbids.
#[derive(Debug)]
pub(super) struct Repeated(Option<BTreeMap<String, Vec<String>>>);

impl Repeated {
    /// As the tool's definition says.
    pub(super) fn of(definition: Option<&Object>) -> Self {
        let Some(definition) = definition else { return Self(None) };
        let schema = definition.get("inputSchema").and_then(Json::as_object);
        let mut named = BTreeMap::new();
        let is_plain = schema.is_none_or(|schema| name(schema, &mut Vec::new(), &mut named));
        Self(is_plain.then_some(named))
    }

    /// Whether it is known that some header repeats something.
    pub(super) fn names_any(&self) -> bool {
        self.0.as_ref().is_some_and(|named| !named.is_empty())
    }

    /// Repeats in the headers what they have to repeat.
    pub(super) fn add(&self, headers: &mut HeaderMap, arguments: &Object) {
        for (header, path) in self.0.iter().flatten() {
            let value = argument(arguments, path).and_then(text);
            let value = value.and_then(|it| HeaderValue::from_str(&encoded(&it)).ok());
            if let (Ok(header), Some(value)) = (header.parse::<HeaderName>(), value) {
                headers.insert(header, value);
            }
        }
    }

    /// Whether every such header says what an argument says: the one that it is for, or, where that
    /// is not known, any.
    pub(super) fn agree(&self, headers: &HeaderMap, arguments: &Object) -> bool {
        those_of(headers).iter().all(|header| {
            let mut values = headers.get_all(header).iter();
            let value = values.next().and_then(|value| value.to_str().ok()).and_then(decoded);
            let (Some(value), None) = (value, values.next()) else { return false };
            let says = |said: &Json| is_said(said, &value);
            match &self.0 {
                Some(named) => named
                    .get(header.as_str())
                    .and_then(|path| argument(arguments, path))
                    .is_some_and(says),
                None => arguments.iter().any(|(_, said)| says(said)),
            }
        })
    }

    /// Whether every argument that has to be repeated is.
    pub(super) fn is_complete(&self, headers: &HeaderMap, arguments: &Object) -> bool {
        let mut named = self.0.iter().flatten();
        named.all(|(header, path)| {
            let said = argument(arguments, path).and_then(text);
            said.is_none() || headers.contains_key(header)
        })
    }

    /// Makes the headers say what other arguments say, which a person put in place of those that the
    /// client sent.
    pub(super) fn rewrite(&self, headers: &mut HeaderMap, arguments: &Object) {
        let repeats = is_any(headers) || headers.contains_key(METHOD);
        remove(headers);
        // A client of an earlier revision repeats nothing.
        if repeats {
            self.add(headers, arguments);
        }
    }
}

/// Finds the headers that a schema names, and where in the arguments what they repeat is; whether every
/// one is named as the protocol permits: once, and so that it can be one.
fn name(
    schema: &Object,
    path: &mut Vec<String>,
    named: &mut BTreeMap<String, Vec<String>>,
) -> bool {
    if let Some(header) = schema.get("x-mcp-header") {
        let header = header.as_str().filter(|header| !header.is_empty());
        let Some(header) = header.and_then(|it| format!("{PREFIX}{it}").parse::<HeaderName>().ok())
        else {
            return false;
        };
        if named.insert(header.as_str().to_owned(), path.clone()).is_some() {
            return false;
        }
    }
    let properties = schema.get("properties").and_then(Json::as_object);
    properties.into_iter().flat_map(Object::iter).all(|(property, schema)| {
        let Some(schema) = schema.as_object() else { return true };
        path.push(property.to_owned());
        let is_plain = name(schema, path, named);
        path.pop();
        is_plain
    })
}

/// What is at a place in the arguments.
fn argument<'a>(arguments: &'a Object, path: &[String]) -> Option<&'a Json> {
    let (first, rest) = path.split_first()?;
    let found = arguments.get(first)?;
    if rest.is_empty() { Some(found) } else { argument(found.as_object()?, rest) }
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

/// Whether a header says what an argument says. An integer is a number in a header, too, however it is
/// written there; what no double holds, and what is no number to JSON, is none.
fn is_said(argument: &Json, value: &str) -> bool {
    let is_integer = argument.as_number().is_some_and(|number| number.as_i64().is_some());
    let is_plain = value.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && value.ends_with(|c: char| c.is_ascii_digit());
    match text(argument) {
        Some(_) if is_integer && is_plain => {
            Json::parse(value.as_bytes()).is_ok_and(|said| said == *argument)
        }
        said => said.as_deref() == Some(value),
    }
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
            // An integer is a number, however it is written.
            (headers(&[("mcp-param-count", "42.0")]), true),
            (headers(&[("mcp-param-count", "4.2e1")]), true),
            (headers(&[("mcp-param-count", "420E-1")]), true),
            (headers(&[("mcp-param-count", "42.000000000000000000000001")]), false),
            (headers(&[("mcp-param-count", "042")]), false),
            (headers(&[("mcp-param-count", "+42")]), false),
            (headers(&[("mcp-param-count", "42 ")]), false),
            (headers(&[("mcp-param-count", "0x2a")]), false),
            (headers(&[("mcp-param-count", "42,")]), false),
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
    fn what_a_schema_names_is_repeated_wherever_it_is() {
        let tool = object(
            r#"{"inputSchema":{"properties":{"of":{"properties":{
            "limit":{"type":"integer","x-mcp-header":"Limit"}}},
            "live":{"type":"boolean","x-mcp-header":"Live"},
            "list":{"items":{"x-mcp-header":"Never"}}}}}"#,
        );
        let known = Repeated::of(Some(&tool));
        let arguments = object(r#"{"of":{"limit":-7},"live":true,"list":["x"]}"#);
        let mut sent = HeaderMap::new();
        known.add(&mut sent, &arguments);
        assert_eq!(sent, headers(&[("mcp-param-limit", "-7"), ("mcp-param-live", "true")]));
        assert!(known.agree(&sent, &arguments));
        let mut none = HeaderMap::new();
        known.add(&mut none, &object(r#"{"of":{"limit":null},"live":{}}"#));
        assert!(none.is_empty(), "{none:?}");
    }

    #[test]
    fn a_header_that_is_named_as_none_can_be_is_not_sent() {
        for odd in [
            r#"{"a":{"x-mcp-header":"One"},"b":{"x-mcp-header":"one"}}"#,
            r#"{"a":{"x-mcp-header":""}}"#,
            r#"{"a":{"x-mcp-header":"a b"}}"#,
            r#"{"a":{"x-mcp-header":"a\r\nAuthorization"}}"#,
            r#"{"a":{"x-mcp-header":7}}"#,
        ] {
            let tool = object(&format!(r#"{{"inputSchema":{{"properties":{odd}}}}}"#));
            let known = Repeated::of(Some(&tool));
            let mut sent = HeaderMap::new();
            known.add(&mut sent, &object(r#"{"a":"x","b":"y"}"#));
            assert!(sent.is_empty() && !known.names_any(), "{odd}: {sent:?}");
        }
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
