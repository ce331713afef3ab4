//! Requests that are wrong in some way, and what they are told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use std::time::{Duration, Instant};

use common::raw::PATIENCE;
use common::{Answer, Daemon};
use placet::LogPlace;
use placet_server::ServerConfig;
use serde_json::{Value, json};

/// Sends a body as it is to an endpoint that takes one.
fn raw(daemon: &Daemon, path: &str, kind: &str, body: &[u8]) -> Answer {
    daemon.send("POST", path, Some(&daemon.keys.admin), Some((kind, body.to_vec())), &[])
}

#[test]
fn a_body_that_is_no_json_is_refused() {
    let daemon = Daemon::start();
    let json = "application/json";
    let cases: [(&[u8], u16); 7] = [
        (b"{", 400),
        (b"{} {}", 400),
        (b"{}garbage", 400),
        (b"\xff\xfe", 400),
        (br#"{"scope": "all", "scope": "all"}"#, 400),
        (b"[]", 422),
        (b"", 422),
    ];
    for (body, status) in cases {
        let answer = raw(&daemon, "/v1/kill-switches", json, body);
        assert_eq!(answer.status, status, "{}: {}", String::from_utf8_lossy(body), answer.text);
    }
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    assert_eq!(raw(&daemon, "/v1/kill-switches", json, &deep).status, 400);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        assert_eq!(raw(&daemon, "/v1/kill-switches", kind, b"{}").status, 415, "{kind}");
    }
    let with_charset = raw(&daemon, "/v1/kill-switches", "Application/JSON; charset=utf-8", b"{}");
    assert_eq!(with_charset.status, 422);
}

#[test]
fn an_error_points_to_the_field() {
    let daemon = Daemon::start();
    let place = |path: &str, body: &Value| {
        let answer = daemon.post(path, &daemon.keys.admin, body);
        assert_eq!(answer.status, 422, "{}", answer.text);
        let text = answer.text.clone();
        assert!(!text.contains("struct ") && !text.contains("::"), "it names a type: {text}");
        answer.json()["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned()
    };
    let trip = "/v1/kill-switches";
    assert_eq!(place(trip, &json!({"scope": "all", "reason": "x", "colour": 1})), "/colour");
    assert_eq!(place(trip, &json!({"scope": 7, "reason": "x"})), "/scope");
    assert_eq!(place(trip, &json!({"scope": "al", "reason": "x"})), "/scope");
    assert_eq!(place(trip, &json!({"scope": "all", "reason": "x", "by": null})), "/by");
    let wrong = json!({"files": [{"name": "policy.toml", "text": "", "a/b~c": 0}]});
    assert_eq!(place("/v1/policy/validate", &wrong), "/files/0/a~1b~0c");
    assert_eq!(place("/v1/policy/validate", &json!({"files": []})), "/files");
    let name = |name: &str| json!({"files": [{"name": name, "text": "version = 1"}]});
    for wrong in ["", "../policy.toml", "a\nb", &"n".repeat(256)] {
        assert_eq!(place("/v1/policy/validate", &name(wrong)), "/files/0/name");
    }
    assert_eq!(place("/v1/evaluate", &json!({"tool": "x", "colour": 1})), "/colour");
    assert_eq!(place("/v1/integrations", &json!({"name": "x", "scopes": ["king"]})), "/scopes/0");
}

#[test]
fn every_refusal_is_a_problem() {
    let daemon = Daemon::start();
    let key = Some(&*daemon.keys.operator);
    // The harness checks that each is a problem; here is which.
    let cases = [
        ("GET", "/", 404),
        ("GET", "/v1", 404),
        ("GET", "/v1/actions/", 404),
        ("GET", "/v1/actions/act_1", 404),
        ("GET", "/v1/actions/%ff%fe", 400),
        ("DELETE", "/v1/kill-switches/%ff", 400),
        ("DELETE", "/v1/kill-switches/nonsense", 422),
        ("DELETE", "/v1/kill-switches/tool:x", 404),
        ("DELETE", "/v1/integrations/%2e%2e", 404),
        ("GET", "/v1/log/proof?index=x", 400),
        ("GET", "/v1/log/proof?index=1&index=2", 400),
        ("GET", "/v1/log/proof?index=-1", 400),
        ("GET", "/v1/log/proof?colour=1", 400),
        ("GET", "/v1/log/proof", 422),
        ("GET", "/v1/log/proof?index=0&from=0", 422),
        ("GET", "/v1/log/proof?index=18446744073709551615", 404),
        ("GET", "/v1/log/proof?from=18446744073709551615", 404),
        ("GET", "/v1/events?from=x", 400),
        ("GET", "/tile/9/000", 404),
        ("GET", "/tile/0/..%2f..%2fetc", 404),
        ("GET", "/tile/entries/%ff", 400),
        ("PATCH", "/v1/policy", 405),
        ("DELETE", "/v1/policy", 405),
        ("OPTIONS", "/v1/actions", 405),
        ("PUT", "/health", 405),
    ];
    for (method, path, status) in cases {
        let answer = daemon.call(method, path, key, None);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        assert_eq!(answer.headers.contains_key("allow"), status == 405, "{method} {path}");
    }
}

#[test]
fn head_is_get_without_a_body() {
    let daemon = Daemon::start();
    for path in ["/health", "/v1/policy", "/v1/integrations", "/nothing"] {
        let (get, head) = (
            daemon.call("GET", path, Some(&daemon.keys.admin), None),
            daemon.call("HEAD", path, Some(&daemon.keys.admin), None),
        );
        assert_eq!((get.status, ""), (head.status, &*head.text), "{path}");
        assert_eq!(get.headers.get("content-type"), head.headers.get("content-type"));
    }
}

#[test]
fn a_path_is_decoded_once() {
    let daemon = Daemon::start();
    let trip = |scope: &str| {
        let body = json!({"scope": scope, "reason": "a drill"});
        assert_eq!(daemon.post("/v1/kill-switches", &daemon.keys.admin, &body).status, 201);
    };
    let reset = |path: &str| {
        let path = format!("/v1/kill-switches/{path}");
        daemon.call("DELETE", &path, Some(&daemon.keys.admin), None).status
    };
    trip("tool:50% off/now");
    assert_eq!(reset("tool:50%2525%20off%2Fnow"), 404);
    assert_eq!(reset("tool:50%25%20off%2Fnow"), 200);
    assert_eq!(reset("tool:50%25%20off%2Fnow"), 404);
}

#[test]
fn a_policy_is_tried_on_what_was_decided_and_nothing_is_recorded() {
    let daemon = Daemon::start();
    let (agent, operator) = (&daemon.keys.agent, &daemon.keys.operator);
    daemon.post("/v1/actions", agent, &json!({"tool": "get_order"}));
    let erased = daemon.post("/v1/actions", agent, &json!({"tool": "get_order"})).json();
    let index = erased["log_index"].as_u64().unwrap();
    daemon.guard.as_ref().unwrap().blocking().erase(index, "on request", None).unwrap();
    let size = daemon.guard.as_ref().unwrap().log().size();
    let candidate = |text: &str| json!({"files": [{"name": "policy.toml", "text": text}]});
    let replay = |body: &Value| daemon.post("/v1/policy/replay", operator, body);
    let same = replay(&candidate(common::POLICY));
    assert_eq!((same.status, &same.json()["changes"]), (200, &json!([])), "{}", same.text);
    let mut strict = candidate("version = 1\nunclassified = \"block\"\n");
    let told = replay(&strict).json();
    assert_eq!((&told["replayed"], &told["tightened"]), (&json!(1), &json!(1)));
    assert_eq!(told["left_out"], json!({"erased": 1, "unreadable": 0}));
    let change = &told["changes"][0];
    assert_eq!((&change["before"], &change["after"]), (&json!("allow"), &json!("block")));
    assert_eq!(change["examples"][0]["tool"], "get_order");
    strict["tenant"] = json!("umbrella");
    assert_eq!(replay(&strict).json()["replayed"], 0);
    for (field, wrong) in [
        ("limit", json!(0)),
        ("limit", json!(10_001)),
        ("since", json!("soon")),
        ("many", json!(1)),
    ] {
        let mut body = candidate(common::POLICY);
        body[field] = wrong;
        let refused = replay(&body);
        let place = refused.json()["errors"][0]["pointer"].clone();
        assert_eq!((refused.status, place), (422, json!(format!("/{field}"))));
    }
    assert_eq!(replay(&candidate("version = 9")).status, 422);
    assert_eq!(daemon.guard.as_ref().unwrap().log().size(), size);
    let holds = daemon.get("/v1/policy", operator).json();
    assert_eq!(holds["files"][0]["text"], common::POLICY);
}

#[test]
fn a_policy_may_be_as_large_as_is_said() {
    let daemon = Daemon::start();
    let text = format!("# {}\n{}", "long ".repeat(500_000), common::POLICY);
    assert!(text.len() > 2 * 1024 * 1024);
    let files = json!({"files": [{"name": "policy.toml", "text": text}]});
    let checked = daemon.post("/v1/policy/validate", &daemon.keys.auditor, &files);
    assert_eq!((checked.status, &checked.json()["valid"]), (200, &json!(true)));
    let installed = daemon.call("PUT", "/v1/policy", Some(&daemon.keys.operator), Some(&files));
    assert_eq!(installed.status, 200, "{}", installed.text);
    let shown = daemon.get("/v1/policy", &daemon.keys.operator).json();
    assert_eq!(shown["policy"], installed.json()["policy"]);
    assert_eq!(shown["files"][0]["text"], files["files"][0]["text"]);
    // No other body is.
    let action = json!({"tool": "get_order", "params": {"text": text}});
    assert_eq!(daemon.post("/v1/actions", &daemon.keys.agent, &action).status, 413);
}

/// What holds up the log is told in words that are of use to whoever asks, and say nothing of files.
#[test]
fn a_log_that_cannot_be_read_is_no_readiness_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("placet.db");
    let daemon = Daemon::with(ServerConfig::default(), LogPlace::File(path.clone()));
    let (agent, admin) = (daemon.keys.agent.clone(), daemon.keys.admin.clone());
    let action = json!({"tool": "get_order"});
    let id = daemon.post("/v1/actions", &agent, &action).json()["id"].clone();
    let rename = |from: &str, to: &str| {
        let log = rusqlite::Connection::open(&path).unwrap();
        log.execute_batch(&format!("ALTER TABLE {from} RENAME TO {to}")).unwrap();
    };
    let read = format!("/v1/actions/{}", id.as_str().unwrap());
    let ask = || {
        [
            daemon.call("GET", "/ready", None, None),
            daemon.get(&read, &agent),
            daemon.get("/v1/log/proof?index=0", &admin),
            daemon.post("/v1/actions", &agent, &action),
        ]
    };
    rename("entries", "elsewhere");
    for answer in ask() {
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert_eq!(answer.json()["type"], "urn:placet:problem:unavailable");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("try again later"), "{detail}");
        assert!(!detail.contains("table") && !detail.contains("entries"), "{detail}");
    }
    assert_eq!(daemon.call("GET", "/health", None, None).status, 200);
    let ready = || daemon.call("GET", "/ready", None, None);
    let unwritten = ready();
    assert_eq!(unwritten.status, 503, "{}", unwritten.text);
    rename("elsewhere", "entries");
    // Also where nobody asks for anything because of that, it finds out that it can be written again.
    let limit = Instant::now() + PATIENCE;
    while ready().status != 200 {
        assert!(Instant::now() < limit, "{}", ready().text);
        std::thread::sleep(Duration::from_millis(20));
    }
    for answer in ask() {
        assert!(matches!(answer.status, 200 | 404), "{} {}", answer.status, answer.text);
    }
}

#[test]
fn a_query_that_nobody_looks_at_is_refused() {
    let daemon = Daemon::start();
    let operator = Some(daemon.keys.operator.as_str());
    let key = json!({"name": "audit", "scopes": ["auditor"]});
    let evidence = json!({"class": "send_note", "source": "tests", "passed": 1, "failed": 0});
    let switch = json!({"scope": "all", "reason": "a fire"});
    // Taken as if it were not there, each would mean more than was said.
    for (method, path, body) in [
        ("POST", "/v1/integrations?tenant=acme", &key),
        ("POST", "/v1/evidence?tenant=acme", &evidence),
        ("POST", "/v1/kill-switches?dry_run=true", &switch),
    ] {
        let refused = daemon.call(method, path, operator, Some(body));
        assert_eq!(refused.status, 400, "{path}: {}", refused.text);
        assert!(refused.text.contains("the query: "), "{}", refused.text);
    }
    assert_eq!(daemon.get("/v1/policy?tenant=acme", &daemon.keys.operator).status, 400);
    // Those who watch over the daemon may send what they like.
    assert_eq!(daemon.call("GET", "/health?at=now", None, None).status, 200);
}

#[test]
fn evaluating_says_what_proposing_with_the_same_treatment_would() {
    let daemon = Daemon::start();
    let action = json!({"tool": "get_order"});
    for (treatment, verdict) in [("binding", "allow"), ("gated", "require_approval")] {
        for path in ["/v1/evaluate", "/v1/actions"] {
            let path = format!("{path}?treatment={treatment}");
            let answer = daemon.post(&path, &daemon.keys.agent, &action);
            assert_eq!(answer.json()["verdict"], verdict, "{path}: {}", answer.text);
        }
    }
    let refused = daemon.post("/v1/evaluate?treatment=shadow", &daemon.keys.agent, &action);
    let proposed = daemon.post("/v1/actions?treatment=shadow", &daemon.keys.agent, &action);
    assert_eq!((refused.status, refused.text), (proposed.status, proposed.text));
}
