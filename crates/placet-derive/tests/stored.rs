//! Records that are stored and read again: reading makes the same checks as signing.
#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

mod support;

use placet::signoff::Record;
use serde_json::{Value, json};
use support::{Invoice, RESPONSE, approved, draft};

fn read(stored: Value) -> Result<Record<Invoice>, String> {
    serde_json::from_value(stored).map_err(|error| error.to_string())
}

fn stored() -> Value {
    json!({
        "contents": {"number": "2026-118", "cents": 42_000},
        "status": "approved",
        "sign_off": {
            "person": "dana",
            "statements": {"verbatim_response": RESPONSE, "responsible_owner": "Dana Wu"},
        },
    })
}

/// The stored form with one place changed.
fn with(place: &str, value: Value) -> Value {
    let mut stored = stored();
    *stored.pointer_mut(place).unwrap() = value;
    stored
}

#[test]
fn a_record_is_stored_like_this() {
    assert_eq!(serde_json::to_value(approved()).unwrap(), stored());
    assert_eq!(read(stored()).unwrap(), approved());
}

#[test]
fn an_ungated_record_is_stored_without_a_sign_off() {
    let stored = serde_json::to_value(draft()).unwrap();
    assert_eq!(stored.get("sign_off"), Some(&Value::Null));
    assert_eq!(read(stored).unwrap(), draft());
    let short = json!({"contents": {"number": "2026-118", "cents": 42_000}, "status": "draft"});
    assert_eq!(read(short).unwrap(), draft());
}

#[test]
fn incomplete_forms_are_refused() {
    let statements = "/sign_off/statements";
    let response = "/sign_off/statements/verbatim_response";
    let short = "\"Approved\" needs a complete sign-off: \
                 \"verbatim_response\" has 0 of at least 50 visible characters";
    let cases = [
        (with("/sign_off", Value::Null), "\"Approved\" needs a sign-off and there is none"),
        (with("/status", json!("sent")), "\"Sent\" needs no sign-off and there is one"),
        (with("/status", json!("shipped")), "unknown variant `shipped`"),
        (with(response, json!(" \u{200d}\u{3164}")), short),
        (with(statements, json!({"responsible_owner": "Dana Wu"})), short),
        (with(response, Value::Null), "invalid type: null, expected a string"),
        (with(response, json!(true)), "invalid type: boolean `true`, expected a string"),
        (with("/sign_off", json!(true)), "invalid type: boolean `true`"),
        (with("/sign_off/person", json!("\u{2060}")), "has no visible character"),
        (with("/sign_off/person", json!("")), "the person is empty"),
        (
            with(
                statements,
                json!({"verbatim_response": RESPONSE, "responsible_owner": "Dana Wu", "ok": "1"}),
            ),
            "the sign-off has no statement \"ok\"; remove it",
        ),
    ];
    for (stored, message) in cases {
        let refused = read(stored).unwrap_err();
        assert!(refused.contains(message), "{refused}");
    }
}

#[test]
fn a_key_that_stands_twice_decides_nothing() {
    let text = stored().to_string();
    let twice =
        text.replace("\"status\":\"approved\"", "\"status\":\"draft\",\"status\":\"approved\"");
    assert_ne!(twice, text);
    assert!(serde_json::from_str::<Record<Invoice>>(&twice).is_err());
}
