//! Those who wait: for people to answer, and for what happens next.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::time::{Duration, Instant};

use common::raw::{PATIENCE, Raw};
use common::{Daemon, POLICY, sample};
use placet::{ApprovalId, LogPlace};
use placet_server::{Limits, ServerConfig};
use serde_json::{Value, json};

fn daemon(limits: Limits) -> Daemon {
    Daemon::with(ServerConfig { limits, ..ServerConfig::default() }, LogPlace::Memory)
}

/// An action that waits for people; its id and that of its approval.
fn held(daemon: &Daemon, key: &str) -> (String, ApprovalId) {
    let refund = json!({"tool": "issue_refund", "params": {"amount": "42", "currency": "USD"}});
    let answer = daemon.post("/v1/actions", key, &refund);
    let decision = answer.json();
    assert_eq!(decision["verdict"], "require_approval", "{decision}");
    let approval = decision["approval"]["id"].as_str().expect("an approval");
    let id = decision["id"].as_str().expect("an id");
    (id.to_owned(), approval.parse().expect("an id"))
}

fn deny(daemon: &Daemon, approval: ApprovalId) {
    let guard = daemon.guard.as_ref().expect("a guard");
    guard.blocking().deny(approval, "ann".parse().expect("a person"), "no").expect("it is open");
}

fn get(daemon: &Daemon, path: &str, key: &str, header: &str) -> Raw {
    let mut raw = Raw::open(daemon.address);
    raw.send(format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\n{header}\r\n\r\n",
        daemon.address
    ));
    raw
}

fn wait(daemon: &Daemon, id: &str, seconds: u64) -> Raw {
    let prefer = format!("Prefer: wait={seconds}");
    get(daemon, &format!("/v1/actions/{id}"), &daemon.keys.agent, &prefer)
}

fn status(raw: &mut Raw) -> Value {
    let reply = raw.reply().expect("an answer");
    assert_eq!(reply.status, 200);
    serde_json::from_slice::<Value>(&reply.body).expect("JSON")["status"].clone()
}

fn waits(daemon: &Daemon) -> usize {
    let text = daemon.get("/metrics", &daemon.keys.operator).text;
    let line = text.lines().find_map(|line| line.strip_prefix("placet_waits "));
    line.expect("the metric").parse().expect("a number")
}

fn until_so_many_wait(daemon: &Daemon, count: usize) {
    let limit = Instant::now() + PATIENCE;
    while waits(daemon) != count {
        assert!(Instant::now() < limit, "{} wait", waits(daemon));
        std::thread::yield_now();
    }
}

#[test]
fn a_denial_wakes_all_who_wait_for_it() {
    let daemon = Daemon::start();
    let (id, approval) = held(&daemon, &daemon.keys.agent);
    let mut waiting: Vec<Raw> = (0..5).map(|_| wait(&daemon, &id, 300)).collect();
    until_so_many_wait(&daemon, 5);
    deny(&daemon, approval);
    for raw in &mut waiting {
        assert_eq!(status(raw), "denied");
    }
    until_so_many_wait(&daemon, 0);
    // Who comes later does not wait.
    assert_eq!(status(&mut wait(&daemon, &id, 300)), "denied");
}

#[test]
fn a_deadline_wakes_who_waits_for_it() {
    let policy = POLICY.replace("deadline = \"15m\"", "deadline = \"1s\"");
    assert_ne!(policy, POLICY);
    let daemon = Daemon::start();
    let install = json!({"files": [{"name": "policy.toml", "text": policy}]});
    let installed = daemon.call("PUT", "/v1/policy", Some(&daemon.keys.operator), Some(&install));
    assert_eq!(installed.status, 200, "{}", installed.text);
    let (id, _) = held(&daemon, &daemon.keys.agent);
    assert_eq!(status(&mut wait(&daemon, &id, 300)), "expired");
}

#[test]
fn who_has_waited_long_enough_hears_how_it_stands() {
    let daemon = Daemon::start();
    let (id, _) = held(&daemon, &daemon.keys.agent);
    assert_eq!(status(&mut wait(&daemon, &id, 1)), "pending");
    assert_eq!(status(&mut wait(&daemon, &id, 0)), "pending");
    until_so_many_wait(&daemon, 0);
}

#[test]
fn waits_are_limited_in_all_and_for_each_key_and_tenant() {
    let daemon = daemon(Limits { waits: 5, waits_per_key: 3, ..Limits::default() });
    let (id, _) = held(&daemon, &daemon.keys.agent);
    let mut waiting: Vec<Raw> = (0..3).map(|_| wait(&daemon, &id, 300)).collect();
    until_so_many_wait(&daemon, 3);
    let refused = wait(&daemon, &id, 300).reply().expect("an answer");
    assert_eq!(refused.status, 429);
    assert!(refused.has("retry-after: "));
    // Asking without waiting is no wait.
    assert_eq!(
        status(&mut get(&daemon, &format!("/v1/actions/{id}"), &daemon.keys.agent, "A: b")),
        "pending"
    );
    // Streams count too. Another key of the same tenant gets none of what is left for others.
    let events = |key| get(&daemon, "/v1/events", key, "A: b");
    let keys = &daemon.keys;
    assert_eq!(events(&keys.admin).reply().expect("an answer").status, 429);
    let streams = [events(&keys.other_admin), events(&keys.overseer)];
    until_so_many_wait(&daemon, 5);
    let mut full = events(&keys.other_admin);
    assert_eq!(full.reply().expect("an answer").status, 429);
    // Who goes away makes room.
    drop(streams);
    waiting.truncate(1);
    until_so_many_wait(&daemon, 1);
}

#[test]
fn who_waits_leaves_connections_to_others() {
    let daemon = daemon(Limits { connections: 16, ..Limits::default() });
    let (id, _) = held(&daemon, &daemon.keys.agent);
    // A quarter of the connections is all that one key gets for waiting.
    let waiting: Vec<Raw> = (0..4).map(|_| wait(&daemon, &id, 300)).collect();
    until_so_many_wait(&daemon, 4);
    assert_eq!(wait(&daemon, &id, 300).reply().expect("an answer").status, 429);
    let action = json!({"tool": "get_order"});
    assert_eq!(daemon.post("/v1/actions", &daemon.keys.other_agent, &action).status, 200);
    drop(waiting);
}

#[cfg(target_os = "linux")]
#[test]
fn waiting_takes_no_threads() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: now.maximum, maximum: now.maximum };
    setrlimit(Resource::Nofile, raised).expect("the limit can be raised to its maximum");
    let count = 3_000;
    let daemon = daemon(Limits { connections: 4 * count, ..Limits::default() });
    let (id, approval) = held(&daemon, &daemon.keys.agent);
    let threads = || std::fs::read_dir("/proc/self/task").expect("threads").count();
    let mut waiting = vec![wait(&daemon, &id, 300)];
    until_so_many_wait(&daemon, 1);
    let before = threads();
    waiting.extend((1..count).map(|_| wait(&daemon, &id, 300)));
    until_so_many_wait(&daemon, count);
    // Those that read the log come, and go when they have had nothing to do for a while; and other
    // tests in this process have threads. A wait that took one would keep it.
    let limit = Instant::now() + PATIENCE;
    while threads() >= before + 64 {
        let after = threads();
        assert!(Instant::now() < limit, "{before} threads before, {after} with {count} waits");
        assert_eq!(waits(&daemon), count);
    }
    deny(&daemon, approval);
    for raw in &mut waiting {
        assert_eq!(status(raw), "denied");
    }
}

/// The ids and kinds of the events that have come.
fn events(raw: &Raw) -> Vec<(u64, String)> {
    let text = raw.text();
    let field = |event: &str, name: &str| {
        let value = event.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
        value.map(|value| value.trim().to_owned())
    };
    let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
    let events = whole
        .split("\n\n")
        .filter_map(|event| Some((field(event, "id:")?.parse().ok()?, field(event, "event:")?)));
    events.collect()
}

#[test]
fn a_stream_resumes_with_nothing_missing_and_nothing_twice() {
    let daemon = Daemon::start();
    let action = json!({"tool": "get_order"});
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..300 {
                assert_eq!(daemon.post("/v1/actions", &daemon.keys.agent, &action).status, 200);
            }
        });
        let mut seen: Vec<u64> = Vec::new();
        let limit = Instant::now() + PATIENCE;
        // Cut off again and again, also in the middle of an event.
        loop {
            let size = daemon.guard.as_ref().expect("a guard").log().size();
            if writer.is_finished() && u64::try_from(seen.len()).expect("a count") == size {
                break;
            }
            assert!(Instant::now() < limit, "{} of {size} came", seen.len());
            let (path, header) = match seen.last() {
                None => ("/v1/events?from=0", "A: b".to_owned()),
                Some(last) => ("/v1/events", format!("Last-Event-ID: {last}")),
            };
            let mut stream = get(&daemon, path, &daemon.keys.overseer, &header);
            stream.is_closed_within(Duration::from_millis(50));
            seen.extend(events(&stream).iter().map(|(id, _)| *id));
        }
        let count = u64::try_from(seen.len()).expect("a count");
        assert!(seen.iter().copied().eq(0..count), "in order, from the first: {seen:?}");
    });
}

#[test]
fn a_stream_that_waits_for_so_long_ends_by_itself_with_all_that_there_is() {
    let daemon = Daemon::start();
    let action = json!({"tool": "get_order"});
    for _ in 0..300 {
        assert_eq!(daemon.post("/v1/actions", &daemon.keys.agent, &action).status, 200);
    }
    let size = daemon.guard.as_ref().expect("a guard").log().size();
    let ends = |path: &str, prefer: &str| {
        let mut stream = get(&daemon, path, &daemon.keys.overseer, prefer);
        assert!(stream.wait_for("\r\n0\r\n\r\n"), "{path}, {prefer} never ends");
        events(&stream).into_iter().map(|(id, _)| id).collect::<Vec<u64>>()
    };
    for prefer in ["Prefer: wait=0", "Prefer: wait=1", "prefer: respond-async, WAIT=\"0\""] {
        assert_eq!(ends("/v1/events?from=0", prefer), (0..size).collect::<Vec<_>>(), "{prefer}");
        assert_eq!(ends("/v1/events?from=299", prefer), (299..size).collect::<Vec<_>>());
    }
    assert_eq!(ends("/v1/events", "Last-Event-ID: 3\r\nPrefer: wait=0").first(), Some(&4));
    // Nothing is there yet.
    let next = format!("/v1/events?from={size}");
    for path in ["/v1/events", next.as_str()] {
        assert!(ends(path, "Prefer: wait=0").is_empty(), "{path}");
    }
    for (path, header) in [
        ("/v1/events?from=9223372036854775808", "A: b"),
        ("/v1/events", "Last-Event-ID: 9223372036854775808"),
        ("/v1/events", "Last-Event-ID: -1"),
        ("/v1/events", "Last-Event-ID: x"),
    ] {
        let refused = get(&daemon, path, &daemon.keys.overseer, header).reply();
        assert_eq!(refused.expect("an answer").status, 400, "{path}, {header}");
    }
    // Whoever has seen more than there is followed another log: it shall not wait in silence.
    let beyond = [format!("/v1/events?from={}", size + 1), "/v1/events".to_owned()];
    let seen = format!("Last-Event-ID: {size}");
    for (path, header) in beyond.iter().zip(["A: b", seen.as_str()]) {
        let refused = get(&daemon, path, &daemon.keys.overseer, header).reply();
        assert_eq!(refused.expect("an answer").status, 409, "{path}, {header}");
    }
    // What comes meanwhile is sent as well, and nobody keeps a place.
    let mut stream = get(&daemon, "/v1/events", &daemon.keys.overseer, "Prefer: wait=300");
    until_so_many_wait(&daemon, 1);
    assert_eq!(daemon.post("/v1/actions", &daemon.keys.agent, &action).status, 200);
    assert!(stream.wait_for("event: decided") || stream.wait_for("event:decided"));
    drop(stream);
    until_so_many_wait(&daemon, 0);
}

#[test]
fn a_tenant_sees_its_own() {
    let daemon = Daemon::start();
    let from = daemon.guard.as_ref().expect("a guard").log().size();
    let path = format!("/v1/events?from={from}");
    let mut own = get(&daemon, &path, &daemon.keys.auditor, "A: b");
    let propose = |key: &str| {
        let answer = daemon.post("/v1/actions", key, &json!({"tool": "get_order"}));
        answer.json()["log_index"].as_u64().expect("an index")
    };
    let before = propose(&daemon.keys.agent);
    let others = propose(&daemon.keys.other_agent);
    let (_, approval) = held(&daemon, &daemon.keys.other_agent);
    deny(&daemon, approval);
    let after = propose(&daemon.keys.agent);
    assert!(own.wait_for(&format!("id: {after}\n")) || own.wait_for(&format!("id:{after}\n")));
    let seen: Vec<u64> = events(&own).iter().map(|(id, _)| *id).collect();
    assert!(seen.contains(&before) && !seen.contains(&others), "{seen:?}");
    assert_eq!(seen.len(), 2, "{:?}", events(&own));
}

#[test]
fn a_revoked_key_hears_no_more() {
    let daemon = Daemon::start();
    let new = json!({"name": "console", "scopes": ["auditor"]});
    let created = daemon.post("/v1/integrations", &daemon.keys.admin, &new).json();
    let secret = created["secret"].as_str().expect("a secret");
    let mut stream = get(&daemon, "/v1/events", secret, "A: b");
    until_so_many_wait(&daemon, 1);
    let path = format!("/v1/integrations/{}", created["app_id"].as_str().expect("an id"));
    let revoked = daemon.call("DELETE", &path, Some(&daemon.keys.admin), None);
    assert_eq!(revoked.status, 200, "{}", revoked.text);
    // The stream ends as a stream does.
    assert!(stream.wait_for("\r\n0\r\n\r\n"));
    until_so_many_wait(&daemon, 0);
}

#[test]
fn a_revoked_key_gets_no_answer_that_it_waited_for() {
    let daemon = Daemon::start();
    for (method, more) in [("DELETE", ""), ("POST", "/rotate")] {
        let new = json!({"name": "bot", "scopes": ["agent"]});
        let created = daemon.post("/v1/integrations", &daemon.keys.admin, &new).json();
        let secret = created["secret"].as_str().expect("a secret");
        let (id, approval) = held(&daemon, secret);
        let mut waiting = get(&daemon, &format!("/v1/actions/{id}"), secret, "Prefer: wait=300");
        until_so_many_wait(&daemon, 1);
        let path = format!("/v1/integrations/{}{more}", created["app_id"].as_str().expect("an id"));
        let ended = daemon.call(method, &path, Some(&daemon.keys.admin), None);
        assert_eq!(ended.status, 200, "{}", ended.text);
        let path = format!("/v1/approvals/{approval}/resolve");
        let approved = daemon.post(&path, &daemon.keys.approver, &sample::approved());
        assert_eq!(approved.json()["status"], "approved");
        let reply = waiting.reply().expect("an answer");
        let body = String::from_utf8_lossy(&reply.body);
        assert_eq!(reply.status, 401, "{body}");
        assert!(!body.contains("warrant"), "{body}");
        until_so_many_wait(&daemon, 0);
    }
}
