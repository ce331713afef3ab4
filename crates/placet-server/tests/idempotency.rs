//! Requests that are sent again: at the same time, later, across a restart, and under a wrong name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::{Answer, Daemon, Keys, endpoints, sample};
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

/// How an action is to be treated is said in the query: what was treated in another way is no answer.
#[test]
fn another_treatment_under_the_same_name_is_refused() {
    let daemon = Daemon::start();
    let treated = |query: &str, name: &str| {
        let path = format!("/v1/actions{query}");
        let body = json!({"tool": "get_order"});
        send(&daemon, "POST", &path, &daemon.keys.agent, &body, name)
    };
    let gated = treated("?treatment=gated", "r-1");
    assert_eq!(gated.json()["verdict"], "require_approval");
    assert_eq!(treated("?treatment=gated", "r-1").text, gated.text);
    let entries = size(&daemon);
    for query in ["", "?treatment=unasked", "?treatment=binding"] {
        let other = treated(query, "r-1");
        assert_eq!(other.status, 422, "{query}: {}", other.text);
    }
    assert_eq!(treated("", "r-2").json()["verdict"], "allow");
    assert_eq!(treated("?treatment=gated", "r-2").status, 422);
    assert_eq!(size(&daemon), entries + 1);
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
fn what_happened_since_does_not_change_the_answer() {
    let daemon = Daemon::start();
    let Keys { operator, approver, agent, .. } = daemon.keys.clone();
    let nothing = json!({});
    let rotate = |name| send(&daemon, "POST", "/v1/warrants/rotate", &operator, &nothing, name);
    let path = "/v1/autonomy/deploy/ratify";
    let ratify = |name: &str| send(&daemon, "POST", path, &approver, &nothing, name);
    let report = |passed: u64, failed: u64| {
        let evidence = json!({
            "tenant": "acme", "class": "deploy", "source": "evals",
            "passed": passed, "failed": failed,
        });
        daemon.post("/v1/evidence", &operator, &evidence).json()
    };
    let note = json!({"tool": "send_note", "params": {"to": "mira"}});
    let note = daemon.post("/v1/actions", &agent, &note).json();
    let path = format!("/v1/approvals/{}/resolve", note["approval"]["id"].as_str().unwrap());
    let answer = |name| send(&daemon, "POST", &path, &approver, &sample::approved(), name);

    let mut first = vec![("rotate", rotate("rotate"))];
    assert_ne!(rotate("rotate-again").text, first[0].1.text);
    first.push(("ratify", ratify("ratify")));
    assert!(report(20, 0)["step"].is_object());
    first.push(("ratified", ratify("ratified")));
    assert!(report(0, 200)["step"].is_object());
    let stands = |named: &Answer| named.json()["autonomy"].clone();
    assert_ne!(stands(&first[1].1), stands(&first[2].1));
    first.push(("answer", answer("answer")));
    first.push(("answered", answer("answered")));
    assert_eq!(first[4].1.json(), json!({"outcome": "already_resolved", "status": "approved"}));
    let id = note["id"].as_str().unwrap();
    let warrant = daemon.get(&format!("/v1/actions/{id}"), &agent).json()["warrant"].clone();
    let spent = json!({"warrant": warrant, "tool": "send_note", "params": {"to": "mira"}});
    assert_eq!(daemon.post("/v1/warrants/redeem", &agent, &spent).status, 200);
    for (name, first) in first {
        assert_eq!(first.status, 200, "{name}: {}", first.text);
        let again = match name {
            "rotate" => rotate(name),
            "ratify" | "ratified" => ratify(name),
            _ => answer(name),
        };
        assert_eq!((again.status, again.text), (200, first.text), "{name}");
    }
}

#[test]
fn an_answer_is_told_again_also_when_what_it_was_about_is_erased() {
    let daemon = Daemon::start();
    let approver = daemon.keys.approver.clone();
    let note = json!({"tool": "send_note", "params": {"to": "mira"}});
    let held = |number: u32| propose(&daemon, &note, &format!("note-{number}")).json();
    let answer = |held: &Value, answer: &Value, name| {
        let path = format!("/v1/approvals/{}/resolve", held["approval"]["id"].as_str().unwrap());
        send(&daemon, "POST", &path, &approver, answer, name)
    };
    let erase = |held: &Value| {
        let index = held["log_index"].as_u64().unwrap();
        let guard = daemon.guard.as_ref().unwrap();
        guard.blocking().erase(index, "asked by the customer", None).unwrap();
    };
    let (note, open) = (held(1), held(2));
    let first = answer(&note, &sample::approved(), "answer");
    assert_eq!(first.json(), json!({"outcome": "resolved", "status": "approved"}));
    let late = answer(&note, &sample::approved(), "late");
    erase(&note);
    let entries = size(&daemon);
    for (name, first) in [("answer", first), ("late", late)] {
        let again = answer(&note, &sample::approved(), name);
        assert_eq!((again.status, again.text), (200, first.text), "{name}");
    }
    let later = answer(&note, &sample::approved(), "later");
    assert_eq!(later.json(), json!({"outcome": "already_resolved", "status": "approved"}));
    let other = json!({"approved": false, "reason": "no"});
    assert_eq!(answer(&note, &other, "answer").status, 422, "another answer under its name");
    assert_eq!(size(&daemon), entries);
    // What nobody can look at any more nobody approves.
    erase(&open);
    assert_eq!(answer(&open, &sample::approved(), "blind").status, 409);
    assert_eq!(answer(&open, &sample::approved(), "blind").status, 409);
    assert_eq!(answer(&open, &other, "no").json()["status"], "denied");
}

/// The decision of a repetition is the first one; the permission is there as long as it is good.
#[test]
fn a_permission_that_is_spent_is_not_given_again() {
    let daemon = Daemon::start();
    let agent = daemon.keys.agent.clone();
    let first = propose(&daemon, &json!({"tool": "get_order"}), "r-1").json();
    assert_eq!(propose(&daemon, &json!({"tool": "get_order"}), "r-1").json(), first);
    let spent = json!({"warrant": first["warrant"], "tool": "get_order"});
    assert_eq!(daemon.post("/v1/warrants/redeem", &agent, &spent).status, 200);
    let again = propose(&daemon, &json!({"tool": "get_order"}), "r-1").json();
    let mut without = first;
    without.as_object_mut().unwrap().remove("warrant").unwrap();
    assert_eq!(again, without);

    // What people approved since is no part of the answer to who proposed it.
    let held = propose(&daemon, &refund(), "r-2").json();
    let path = format!("/v1/approvals/{}/resolve", held["approval"]["id"].as_str().unwrap());
    let approved = daemon.post(&path, &daemon.keys.approver, &sample::approved());
    assert_eq!(approved.json()["status"], "approved");
    assert_eq!(propose(&daemon, &refund(), "r-2").json(), held);
}

/// An answer with what its warrant says instead of the warrant, which is signed by the key of now:
/// among the writes is one that changes the key.
fn claims(answer: &Answer) -> Value {
    let mut said = answer.json();
    if let Some(warrant) = said.get_mut("warrant") {
        *warrant = json!(warrant.as_str().unwrap().split('.').nth(1).unwrap());
    }
    said
}

/// What writes nothing needs no name.
const READS: [&str; 3] =
    ["POST /v1/evaluate", "POST /v1/policy/validate", "POST /v1/policy/replay"];

/// Every write that is described: twice at the same time, later, across a restart, with another body.
#[test]
fn every_write_is_done_once_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let log = || LogPlace::File(folder.path().join("placet.db"));
    let daemon = Daemon::with(ServerConfig::default(), log());
    let mut done = Vec::new();
    for endpoint in endpoints() {
        let (method, path) = endpoint.split_once(' ').unwrap();
        if method == "GET" || READS.contains(&&*endpoint) {
            continue;
        }
        let (target, body) = sample::request(&daemon, method, path);
        let (key, body) = (sample::writer(&daemon, path), body.unwrap_or_else(|| json!({})));
        let name = endpoint.replace(' ', "-");
        let once = || send(&daemon, method, &target, &key, &body, &name);
        let (first, second) = std::thread::scope(|scope| {
            let other = scope.spawn(once);
            (once(), other.join().unwrap())
        });
        assert!(first.status < 300, "{endpoint}: {}", first.text);
        assert_eq!((second.status, &second.text), (first.status, &first.text), "{endpoint}");
        let entries = size(&daemon);
        let again = once();
        assert_eq!((again.status, &again.text), (first.status, &first.text), "{endpoint}");
        assert_eq!(size(&daemon), entries, "{endpoint}");
        done.push((endpoint, target, key, body, first));
    }
    assert!(daemon.stop());
    let daemon = Daemon::with(ServerConfig::default(), log());
    let entries = size(&daemon);
    for (endpoint, target, key, mut body, first) in done {
        let (method, _) = endpoint.split_once(' ').unwrap();
        let name = endpoint.replace(' ', "-");
        let late = send(&daemon, method, &target, &key, &body, &name);
        assert_eq!((late.status, claims(&late)), (first.status, claims(&first)), "{endpoint}");
        body["more"] = json!(1);
        let other = send(&daemon, method, &target, &key, &body, &name);
        assert_eq!(other.status, 422, "{endpoint}: {}", other.text);
    }
    assert_eq!(size(&daemon), entries);
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
