//! What is kept of an inspection is what it serialises to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use placet_core::json::{Json, Object};
use placet_policy::inspect::{Call, Inspection, inspect};
use proptest::prelude::*;

fn seen(tool: &str, params: &str) -> Inspection {
    let Json::Object(params) = Json::parse(params.as_bytes()).unwrap() else { panic!("{params}") };
    inspect(&Call { tool, params: &params, annotations: None })
}

#[track_caller]
fn check(inspection: &Inspection) {
    let text = serde_json::to_vec(inspection).unwrap();
    assert_eq!(inspection.to_json().canonical(), Json::parse(&text).unwrap().canonical());
}

#[test]
fn every_part_of_an_inspection_is_written_as_it_serialises() {
    for (tool, params) in [
        ("get_user", "{}"),
        (
            "dеlete_user",
            r#"{"command": "rm -rf / && \u200b$(x)", "url": "https://a/users/delete"}"#,
        ),
        (
            "run_query",
            r#"{"sql": "UPDATE t SET a = 1", "n": {"path": "~/.ssh/id_rsa", "delete": true}}"#,
        ),
        (
            "send",
            r#"{"to": "a", "body": "b", "amount": 1, "currency": "EUR", "code": "import os"}"#,
        ),
        ("run_shell", r#"{"command": ["git", "push"], "save_to": "/tmp/x", "method": "DELETE"}"#),
        ("read_file", r#"{"path": "/etc/shadow", "url": "http://169.254.169.254/"}"#),
        ("x", r#"{"sql": "\u0000 not sql at all ("}"#),
    ] {
        check(&seen(tool, params));
    }
}

proptest! {
    #[test]
    fn whatever_is_found(tool in "[a-z_]{1,12}", key in "(sql|command|url|path|to|body|[a-z]{1,4})",
                         value in "(DROP TABLE t|rm -rf /|https://x/delete|[ -~é]{0,20})") {
        let params = Object::from_entries(vec![(key, Json::String(value))]).unwrap();
        check(&inspect(&Call { tool: &tool, params: &params, annotations: None }));
    }
}
