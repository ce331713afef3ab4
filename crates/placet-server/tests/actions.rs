//! Actions over HTTP: proposed, evaluated, followed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::Daemon;
use serde_json::json;

#[test]
fn a_read_is_allowed_and_recorded() {
    let daemon = Daemon::start();
    let answer = daemon.post("/v1/actions", &daemon.keys.agent, &json!({"tool": "get_order"}));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let decision = answer.json();
    assert_eq!(decision["verdict"], "allow");
    let id = decision["id"].as_str().unwrap();
    let followed = daemon.get(&format!("/v1/actions/{id}"), &daemon.keys.agent);
    assert_eq!(followed.json()["status"], "allowed");
    assert_eq!(followed.json()["log_index"], decision["log_index"]);
    // To another tenant there is no such action.
    let elsewhere = daemon.get(&format!("/v1/actions/{id}"), &daemon.keys.other_agent);
    assert_eq!(elsewhere.status, 404);
}

#[test]
fn evaluating_leaves_no_trace() {
    let daemon = Daemon::start();
    let size = daemon.guard.as_ref().unwrap().log().size();
    let refund = json!({"tool": "issue_refund", "params": {"amount": "42", "currency": "USD"}});
    let answer = daemon.post("/v1/evaluate", &daemon.keys.agent, &refund);
    assert_eq!(answer.json()["verdict"], "require_approval");
    assert!(answer.json().get("id").is_none());
    assert_eq!(daemon.guard.as_ref().unwrap().log().size(), size);
}

#[test]
fn a_body_cannot_claim_another_tenant_or_agent() {
    let daemon = Daemon::start();
    let claim = |key: &str, field: &str, value: &str| {
        let mut body = json!({"tool": "get_order"});
        body[field] = json!(value);
        daemon.post("/v1/actions", key, &body).status
    };
    let keys = &daemon.keys;
    assert_eq!(claim(&keys.agent, "tenant", "acme"), 200);
    assert_eq!(claim(&keys.agent, "tenant", "umbrella"), 403);
    assert_eq!(claim(&keys.agent, "agent", "anyone"), 200);
    assert_eq!(claim(&keys.one_agent, "agent", "bot"), 200);
    assert_eq!(claim(&keys.one_agent, "agent", "other"), 403);
}

#[test]
fn only_what_was_proposed_is_counted() {
    let daemon = Daemon::start();
    let read = json!({"tool": "get_order"});
    let counted = |daemon: &Daemon| {
        let summary = daemon.get("/v1/metrics/summary", &daemon.keys.auditor).json();
        summary["decisions"]["allow"].as_u64().unwrap()
    };
    let id = daemon.post("/v1/actions", &daemon.keys.agent, &read).json()["id"].clone();
    assert_eq!(counted(&daemon), 1);
    daemon.post("/v1/evaluate", &daemon.keys.agent, &read);
    daemon.get(&format!("/v1/actions/{}", id.as_str().unwrap()), &daemon.keys.agent);
    assert_eq!(counted(&daemon), 1);
    for _ in 0..3 {
        let once = [("Idempotency-Key", "k1")];
        daemon.call_with("POST", "/v1/actions", Some(&daemon.keys.agent), Some(&read), &once);
    }
    assert_eq!(counted(&daemon), 2, "a request that is repeated is decided once");
}
