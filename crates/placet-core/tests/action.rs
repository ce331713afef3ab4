//! Reading an action: what is accepted, what is refused, and in which words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use placet_core::limits::{MAX_NAME_BYTES, MAX_TEXT_BYTES};
use placet_core::{Action, Json};

const FULL: &str = r#"{"agent":"support-bot","build":"v2","context":{"goal":"close"},
    "enforce":true,"params":{"amount":"42.00"},"reason":"customer asked","session":"t-1",
    "tenant":"acme","tool":"issue_refund","user":"u-7","value":"42.00"}"#;

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap()
}

fn read(text: &str) -> Action {
    Action::from_json(json(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refusal(text: &str) -> String {
    Action::from_json(json(text)).expect_err("must be refused").to_string()
}

#[test]
fn only_the_tool_is_required() {
    let action = read(r#"{"tool": "lookup"}"#);
    assert_eq!(action, Action::new("lookup".parse().unwrap(), Default::default()));
    assert_eq!(action.tenant.as_str(), "default");
    assert!(!action.enforce && action.params.is_empty() && action.value.is_none());
}

#[test]
fn every_field_is_read() {
    let action = read(FULL);
    assert_eq!(action.tool.as_str(), "issue_refund");
    assert_eq!(action.tenant.as_str(), "acme");
    assert_eq!(action.agent.as_ref().unwrap().as_str(), "support-bot");
    assert_eq!(action.build.as_ref().unwrap().as_str(), "v2");
    assert_eq!(action.session.as_ref().unwrap().as_str(), "t-1");
    assert_eq!(action.user.as_ref().unwrap().as_str(), "u-7");
    assert_eq!(action.reason.as_deref(), Some("customer asked"));
    assert_eq!(action.value, Some(Json::String("42.00".into())));
    assert_eq!(action.params.get("amount"), Some(&Json::String("42.00".into())));
    assert!(action.context.as_ref().unwrap().contains_key("goal"));
    assert!(action.enforce);
}

#[test]
fn what_is_written_is_what_was_read_but_for_the_treatment() {
    let action = read(FULL);
    let written = action.clone().into_json();
    assert!(written.as_object().unwrap().get("enforce").is_none());
    let again = Action::from_json(written.clone()).unwrap();
    assert_eq!(again, Action { enforce: false, ..action });
    let lax = FULL.replace("true", "false");
    assert_eq!(read(&lax).into_json().canonical(), written.canonical());
    // Every field but `enforce` changes what the digest is taken of.
    for field in written.as_object().unwrap().iter().map(|(name, _)| name.to_owned()) {
        let mut other = written.clone();
        let Json::Object(object) = &mut other else { panic!("an object") };
        let value = match object.get(&field).unwrap() {
            Json::Object(_) => Json::Object(Default::default()),
            _ => Json::String("another".into()),
        };
        object.insert(field.clone(), value);
        let other = Action::from_json(other).unwrap().into_json();
        assert_ne!(other.canonical(), written.canonical(), "{field}");
    }
}

#[test]
fn defaults_are_written_out() {
    let text = read(r#"{"tool":"lookup"}"#).into_json().canonical();
    assert_eq!(text, r#"{"params":{},"tenant":"default","tool":"lookup"}"#);
}

#[test]
fn a_value_is_kept_as_it_was_written() {
    for value in ["42", "-1", "\"NaN\"", "null", "[1]", "true", "{}"] {
        let action = read(&format!(r#"{{"tool": "t", "value": {value}}}"#));
        assert_eq!(action.value, Some(json(value)));
    }
}

#[test]
fn refusals_point_at_the_field_and_say_what_it_should_be() {
    let cases = [
        r#"{}"#,
        r#"[]"#,
        r#""lookup""#,
        r#"null"#,
        r#"{"tool": null}"#,
        r#"{"tool": 5}"#,
        r#"{"tool": ""}"#,
        r#"{"tool": "a\u0000b"}"#,
        r#"{"tool": "a\nb"}"#,
        r#"{"tool": "a\u001b[31mb"}"#,
        r#"{"tool": "a\u0085b"}"#,
        r#"{"tool": "t", "params": []}"#,
        r#"{"tool": "t", "params": null}"#,
        r#"{"tool": "t", "params": "{}"}"#,
        r#"{"tool": "t", "tenant": ""}"#,
        r#"{"tool": "t", "tenant": "a/b"}"#,
        r#"{"tool": "t", "tenant": 1}"#,
        r#"{"tool": "t", "agent": false}"#,
        r#"{"tool": "t", "agent": "\t"}"#,
        r#"{"tool": "t", "build": {}}"#,
        r#"{"tool": "t", "session": []}"#,
        r#"{"tool": "t", "user": 7}"#,
        r#"{"tool": "t", "reason": {"why": 1}}"#,
        r#"{"tool": "t", "context": "because"}"#,
        r#"{"tool": "t", "enforce": "true"}"#,
        r#"{"tool": "t", "enforce": 1}"#,
        r#"{"tool": "t", "enforce": null}"#,
        r#"{"tool": "t", "verdict": "allow"}"#,
        r#"{"tool": "t", "Tool": "t"}"#,
        r#"{"tool": "t", "a/b~c": 1}"#,
        r#"{"tool": "t", "a\nb\u001b": 1}"#,
        r#"{"tool": "t", "": 1}"#,
    ];
    let table: String = cases.iter().map(|case| format!("{case}\n  {}\n", refusal(case))).collect();
    insta::assert_snapshot!(table);
}

#[test]
fn names_and_reasons_have_a_length() {
    let longest = "x".repeat(MAX_NAME_BYTES);
    for field in ["tool", "tenant", "agent", "build", "session", "user"] {
        let with = |name: &str| {
            format!(r#"{{"tool": "t", "{field}": "{name}"}}"#)
                .replace(r#""tool": "t", "tool""#, r#""tool""#)
        };
        read(&with(&longest));
        let error = refusal(&with(&format!("{longest}x")));
        assert!(error.starts_with(&format!("/{field}: the ")), "{error}");
        assert!(error.ends_with("is 513 bytes long; at most 512 are accepted"), "{error}");
    }
    let reason = |length| format!(r#"{{"tool": "t", "reason": "{}"}}"#, "x".repeat(length));
    read(&reason(MAX_TEXT_BYTES));
    let error = "/reason: is 16385 bytes long; at most 16384 are accepted";
    assert_eq!(refusal(&reason(MAX_TEXT_BYTES + 1)), error);
}

#[test]
fn an_unknown_field_is_not_repeated_at_length() {
    let error = refusal(&format!(r#"{{"tool": "t", "{}": 1}}"#, "y".repeat(500_000)));
    assert!(error.len() < 300, "{} bytes", error.len());
}

#[test]
fn names_are_kept_byte_for_byte() {
    let composed = read("{\"tool\": \"caf\u{e9}\"}");
    let decomposed = read("{\"tool\": \"cafe\u{301}\"}");
    assert_ne!(composed.tool, decomposed.tool);
    assert_ne!(read(r#"{"tool": "Refund"}"#).tool, read(r#"{"tool": "refund"}"#).tool);
}

#[test]
fn its_canonical_text_is_that_of_its_json() {
    let nested =
        r#"{"tool": "t\u00e9", "params": {"b": [1, {"\"": null}], "a": "\n"}, "value": 1.5}"#;
    for text in [FULL, nested, r#"{"tool": "t"}"#] {
        let action = read(text);
        let mut written = Vec::new();
        action.write_canonical(&mut written);
        assert_eq!(String::from_utf8(written).unwrap(), action.into_json().canonical());
    }
}
