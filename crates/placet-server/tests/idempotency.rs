//! Requests that are sent again: at the same time, later, across a restart, and under a wrong name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::{Answer, Daemon};
use placet::{Config, Guard, LogPlace, PolicyFile, PolicySource};
use placet_server::ServerConfig;
use serde_json::{Value, json};

fn send(daemon: &Daemon, method: &str, path: &str, key: &str, body: &Value, name: &str) -> Answer {
    daemon.call_with(method, path, Some(key), Some(body), &[("idempotency-key", name)])
}

fn propose(daemon: &Daemon, body: &Value, name: &str) -> Answer {
    send(daemon, "POST", "/v1/actions", &daemon.keys.agent, body, name)
}

fn refund() -> Value {
    json!({"tool": "issue_refund", "params": {"amount": "42", "currency": "USD"}})
}

fn size(daemon: &Daemon) -> u64 {
    daemon.guard.as_ref().unwrap().log().size()
}

#[test]
fn the_same_request_gets_the_same_answer_and_is_decided_once() {
    let daemon = Daemon::start();
    let first = propose(&daemon, &refund(), "r-1");
    let entries = size(&daemon);
    let again = propose(&daemon, &refund(), "r-1");
    assert_eq!((again.status, &again.text), (200, &first.text));
    assert_eq!(size(&daemon), entries);
    let other = propose(&daemon, &refund(), "r-2");
    assert_ne!(other.json()["id"], first.json()["id"], "another name is another request");
}

#[test]
fn another_body_under_the_same_name_is_refused() {
    let daemon = Daemon::start();
    propose(&daemon, &refund(), "r-1");
    let entries = size(&daemon);
    let other = propose(&daemon, &json!({"tool": "get_order"}), "r-1");
    assert_eq!(other.status, 422, "{}", other.text);
    assert_eq!(size(&daemon), entries);
    // Even where only the path differs.
    let trip = json!({"scope": "all", "reason": "drill"});
    let operator = daemon.keys.operator.clone();
    assert_eq!(send(&daemon, "POST", "/v1/kill-switches", &operator, &trip, "r-3").status, 201);
    let evidence = send(&daemon, "POST", "/v1/evidence", &operator, &trip, "r-3");
    assert_eq!(evidence.status, 422);
}

#[test]
fn also_in_shadow_a_name_stands_for_one_request() {
    let daemon = Daemon::start();
    let text = "version = 1\nmode = \"shadow\"\n".to_owned();
    let files = [PolicyFile { name: "policy.toml".to_owned(), text }];
    daemon.guard.as_ref().unwrap().blocking().install_policy(&files, None).unwrap();
    let first = propose(&daemon, &refund(), "r-1");
    assert_eq!(first.json()["would_have"], "require_approval");
    assert_eq!(propose(&daemon, &refund(), "r-1").text, first.text);
    assert_eq!(propose(&daemon, &json!({"tool": "get_order"}), "r-1").status, 422);
}

#[test]
fn names_belong_to_the_key_that_gives_them() {
    let daemon = Daemon::start();
    let first = propose(&daemon, &refund(), "r-1").json();
    let other = send(&daemon, "POST", "/v1/actions", &daemon.keys.other_agent, &refund(), "r-1");
    assert_eq!(other.status, 200);
    assert_ne!(other.json()["id"], first["id"]);
}

#[test]
fn requests_that_arrive_together_are_one() {
    let daemon = Daemon::start();
    let before = size(&daemon);
    let answers: Vec<String> = std::thread::scope(|scope| {
        let one = || propose(&daemon, &refund(), "at-once").text;
        let all: Vec<_> = (0..16).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(size(&daemon), before + 1);
}

#[test]
fn a_restart_forgets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = || LogPlace::File(folder.path().join("placet.db"));
    let daemon = Daemon::with(ServerConfig::default(), log());
    let keys = daemon.keys.clone();
    let first = propose(&daemon, &refund(), "r-1");
    let new = json!({"name": "shop", "scopes": ["agent"], "tenant": "acme"});
    let made = send(&daemon, "POST", "/v1/integrations", &keys.operator, &new, "i-1");
    assert!(daemon.stop());
    let daemon = Daemon::with(ServerConfig::default(), log());
    let repeat = |path: &str, key: &str, body: &Value, name: &str| {
        send(&daemon, "POST", path, key, body, name)
    };
    let again = repeat("/v1/actions", &keys.agent, &refund(), "r-1");
    assert_eq!((again.status, again.text), (200, first.text));
    let again = repeat("/v1/integrations", &keys.operator, &new, "i-1");
    assert_eq!((again.status, &again.text), (201, &made.text), "the secret too");
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let read = daemon.post("/v1/actions", &secret, &json!({"tool": "get_order"}));
    assert_eq!(read.json()["verdict"], "allow");
}

#[test]
fn what_was_refused_stays_refused() {
    let daemon = Daemon::start();
    let operator = daemon.keys.operator.clone();
    let reset = |name: &str| {
        let path = "/v1/kill-switches/tool:issue_refund";
        send(&daemon, "DELETE", path, &operator, &json!({"reason": "over"}), name)
    };
    let first = reset("d-1");
    assert_eq!(first.status, 404);
    let trip = json!({"scope": "tool:issue_refund", "reason": "drill"});
    daemon.post("/v1/kill-switches", &operator, &trip);
    let again = reset("d-1");
    assert_eq!((again.status, again.text), (404, first.text));
    assert_eq!(reset("d-2").status, 200);
}

#[test]
fn what_changed_nothing_changes_nothing_again() {
    let daemon = Daemon::start();
    let operator = daemon.keys.operator.clone();
    let trip = json!({"scope": "all", "reason": "drill"});
    let tripped = |name: &str| send(&daemon, "POST", "/v1/kill-switches", &operator, &trip, name);
    tripped("t-1");
    let idle = tripped("t-2");
    assert!(idle.json().get("log_index").is_none(), "{}", idle.text);
    daemon.call("DELETE", "/v1/kill-switches/all", Some(&operator), None);
    assert_eq!(tripped("t-2").text, idle.text);
    let tripped_now = daemon.guard.as_ref().unwrap().log().state().switches().len();
    assert_eq!(tripped_now, 0, "a late repetition does not stop the house again");
}

#[test]
fn every_write_can_be_repeated() {
    let daemon = Daemon::start();
    let operator = daemon.keys.operator.clone();
    let key = json!({"name": "a", "scopes": ["auditor"]});
    let id = daemon.post("/v1/integrations", &operator, &key).json()["app_id"].clone();
    let id = id.as_str().unwrap();
    let files = json!({"files": [{"name": "policy.toml", "text": "version = 1\n"}]});
    let writes = [
        (
            "POST",
            "/v1/evidence".to_owned(),
            json!({"class": "send_note", "source": "s", "passed": 1, "failed": 0, "tenant": "acme"}),
        ),
        ("POST", format!("/v1/integrations/{id}/rotate"), json!({})),
        ("DELETE", format!("/v1/integrations/{id}"), json!({})),
        ("POST", "/v1/people".to_owned(), json!({"person": "ana", "roles": ["approver"]})),
        ("PUT", "/v1/people/ana".to_owned(), json!({"roles": ["auditor"]})),
        ("DELETE", "/v1/people/ana".to_owned(), json!({})),
        ("PUT", "/v1/policy".to_owned(), files),
    ];
    for (number, (method, path, body)) in writes.iter().enumerate() {
        let name = format!("w-{number}");
        let first = send(&daemon, method, path, &operator, body, &name);
        assert!(first.status < 300, "{method} {path}: {}", first.text);
        let entries = size(&daemon);
        let again = send(&daemon, method, path, &operator, body, &name);
        assert_eq!((again.status, &again.text), (first.status, &first.text), "{method} {path}");
        assert_eq!(size(&daemon), entries, "{method} {path}");
    }
}

#[test]
fn a_name_that_is_none_is_refused() {
    let daemon = Daemon::start();
    for name in ["", "two words", "ü", &"x".repeat(256)] {
        assert_eq!(propose(&daemon, &refund(), name).status, 400, "{name:?}");
    }
    assert_eq!(propose(&daemon, &refund(), &"x".repeat(255)).status, 200);
}

#[test]
fn the_log_verifies_with_requests_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("placet.db");
    let daemon = Daemon::with(ServerConfig::default(), LogPlace::File(path.clone()));
    for number in 0..20 {
        propose(&daemon, &refund(), &format!("r-{}", number % 7));
    }
    assert!(daemon.stop());
    let guard =
        Guard::open(Config { policy: PolicySource::Log, log: LogPlace::File(path.clone()) });
    let trusted = [guard.unwrap().log().verifier().clone()];
    let mut reader = placet::store::SqliteReader::open(&path).unwrap();
    let report = placet::store::verify::verify(&mut reader, &trusted, &|_, _| ()).unwrap();
    assert!(report.is_sound(), "{:#?}", report.problems);
}
