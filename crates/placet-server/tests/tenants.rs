//! No key of one tenant reads, counts, trips or slows another's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use std::io::BufRead as _;
use std::num::NonZeroU32;

use common::Daemon;
use placet::LogPlace;
use placet_server::{Limits, ServerConfig};
use serde_json::{Value, json};

fn refund() -> Value {
    json!({"tool": "issue_refund", "params": {"amount": "42", "currency": "USD"}})
}

#[test]
fn decisions_and_open_approvals_are_counted_for_each_tenant() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    for _ in 0..3 {
        assert_eq!(daemon.post("/v1/actions", &keys.agent, &refund()).status, 200);
    }
    daemon.post("/v1/actions", &keys.other_agent, &json!({"tool": "get_order"}));
    let counted = |key: &str| {
        let summary = daemon.get("/v1/metrics/summary", key).json();
        let decisions = summary["decisions"].clone();
        [&decisions["allow"], &decisions["require_approval"], &summary["open_approvals"]]
            .map(|number| number.as_u64().unwrap())
    };
    assert_eq!(counted(&keys.admin), [0, 3, 3]);
    assert_eq!(counted(&keys.other_admin), [1, 0, 0]);
    assert_eq!(counted(&keys.operator), [1, 3, 3]);
}

#[test]
fn integrations_switches_and_standings_are_those_of_the_tenant() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    let trip = json!({"scope": "tool:send_note", "reason": "a drill"});
    assert_eq!(daemon.post("/v1/kill-switches", &keys.admin, &trip).status, 201);
    let evidence = json!({"class": "send_note", "source": "evals", "passed": 1, "failed": 0});
    assert_eq!(daemon.post("/v1/evidence", &keys.admin, &evidence).status, 201);
    for path in ["/v1/integrations", "/v1/kill-switches", "/v1/autonomy"] {
        let own = daemon.get(path, &keys.admin).text;
        assert!(own.contains("acme") && !own.contains("umbrella"), "{path}: {own}");
        let other = daemon.get(path, &keys.other_admin).text;
        assert!(!other.contains("acme"), "{path}: {other}");
    }
}

#[test]
fn a_stream_of_events_is_that_of_the_tenant() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    let action = |key: &str| daemon.post("/v1/actions", key, &refund()).json();
    let foreign = [action(&keys.agent), action(&keys.agent)];
    let stream = daemon.events("/v1/events?from=0", &keys.other_admin);
    // One more while the stream is open, and then one of its own to end with.
    let live = action(&keys.agent);
    let own = action(&keys.other_agent)["id"].as_str().unwrap().to_owned();
    let mut seen = String::new();
    for line in stream.lines() {
        seen.push_str(&line.unwrap());
        seen.push('\n');
        if seen.contains(&own) {
            break;
        }
    }
    assert!(seen.contains("event: key_created") && !seen.contains("acme"), "{seen}");
    for decision in foreign.iter().chain([&live]) {
        assert!(!seen.contains(decision["id"].as_str().unwrap()));
    }
}

#[test]
fn a_proof_is_had_of_ones_own_entries_only() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    let index = |key: &str| {
        daemon.post("/v1/actions", key, &refund()).json()["log_index"].as_u64().unwrap()
    };
    let (acme, umbrella) = (index(&keys.agent), index(&keys.other_agent));
    let proof =
        |index: u64, key: &str| daemon.get(&format!("/v1/log/proof?index={index}"), key).status;
    assert_eq!(proof(acme, &keys.admin), 200);
    assert_eq!(proof(umbrella, &keys.admin), 404);
    assert_eq!(proof(acme, &keys.other_admin), 404);
    assert_eq!(proof(umbrella, &keys.other_admin), 200);
    for index in 0..=umbrella {
        let receipt = daemon.get(&format!("/v1/log/proof?index={index}"), &keys.operator).text;
        if receipt.contains("acme") {
            assert_eq!(proof(index, &keys.other_admin), 404, "{receipt}");
        }
    }
}

#[test]
fn a_switch_of_one_tenant_stops_no_other() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    let trip = |scope: &str| {
        let body = json!({"scope": scope, "reason": "a drill"});
        daemon.post("/v1/kill-switches", &keys.other_admin, &body)
    };
    let verdict = |key: &str| {
        let action = json!({"tool": "get_order"});
        daemon.post("/v1/actions", key, &action).json()["verdict"].clone()
    };
    for scope in ["all", "tenant:acme", "tenant:acme/tool:get_order", "tenant:acme/agent:bot"] {
        assert_eq!(trip(scope).status, 403, "{scope}");
    }
    let tripped = trip("tool:get_order");
    assert_eq!(tripped.json()["scope"], "tenant:umbrella/tool:get_order");
    assert_eq!(verdict(&keys.other_agent), "block");
    assert_eq!(verdict(&keys.agent), "allow");
    let own = json!({"scope": "tenant:acme", "reason": "a drill"});
    assert_eq!(daemon.post("/v1/kill-switches", &keys.admin, &own).status, 201);
    let reset =
        daemon.call("DELETE", "/v1/kill-switches/tenant:acme", Some(&keys.other_admin), None);
    assert_eq!(reset.status, 404);
    assert_eq!(verdict(&keys.agent), "block");
}

#[test]
fn keys_of_another_tenant_do_not_exist() {
    let daemon = Daemon::start();
    let keys = &daemon.keys;
    let listed = daemon.get("/v1/integrations", &keys.admin).json();
    for integration in listed["integrations"].as_array().unwrap() {
        let path = format!("/v1/integrations/{}", integration["app_id"].as_str().unwrap());
        let other = Some(&*keys.other_admin);
        let revoked = daemon.call("DELETE", &path, other, None);
        let rotated = daemon.call("POST", &format!("{path}/rotate"), other, None);
        // The same as for one that never was.
        let never = "/v1/integrations/key_01890000-0000-7000-8000-000000000000";
        let missing = daemon.call("DELETE", never, other, None);
        assert_eq!((revoked.status, rotated.status, missing.status), (404, 404, 404));
        assert_eq!(revoked.json()["type"], missing.json()["type"]);
    }
    assert_eq!(daemon.get("/v1/policy", &keys.admin).status, 200);
}

#[test]
fn a_tenant_in_a_hurry_is_told_to_wait_and_no_other() {
    let one = NonZeroU32::MIN;
    let limits = Limits {
        requests_per_second: one,
        burst: NonZeroU32::new(8).unwrap(),
        waits_per_key: 1,
        ..Limits::default()
    };
    let daemon = Daemon::with(ServerConfig { limits, ..ServerConfig::default() }, LogPlace::Memory);
    let keys = &daemon.keys;
    let action = json!({"tool": "get_order"});
    let hurried: Vec<_> =
        (0..32).map(|_| daemon.post("/v1/actions", &keys.other_agent, &action)).collect();
    let refused = hurried.iter().find(|answer| answer.status == 429).expect("a refusal");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(daemon.post("/v1/actions", &keys.agent, &action).status, 200);
    // The same with those who follow the log.
    let _first = daemon.events("/v1/events", &keys.other_admin);
    assert_eq!(daemon.get("/v1/events", &keys.other_admin).status, 429);
    assert_eq!(daemon.get("/v1/events", &keys.admin).status, 200);
}
