//! The end of the daemon: what it has accepted it answers, and the log is closed.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::Daemon;
use common::raw::{PATIENCE, Raw};
use placet::core::log::Verifier;
use placet::store::{Environment, Reader as _, SqliteReader, System, verify};
use placet::{LogPlace, Timestamp};
use placet_server::{Limits, ServerConfig};
use serde_json::{Value, json};

struct Running {
    daemon: Daemon,
    folder: tempfile::TempDir,
    trusted: Verifier,
}

fn start(limits: Limits) -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    let log = LogPlace::File(folder.path().join("placet.db"));
    let daemon = Daemon::with(ServerConfig { limits, ..ServerConfig::default() }, log);
    let trusted = daemon.guard.as_ref().expect("a guard").log().verifier().clone();
    Running { daemon, folder, trusted }
}

/// How many entries a log has in which nothing is wrong.
fn sound(path: &Path, trusted: Verifier) -> u64 {
    let mut reader = SqliteReader::open(path).expect("a log");
    let report = verify::verify(&mut reader, &[trusted], &|_, _| {}).expect("a report");
    assert!(report.is_sound(), "{:?}", report.problems);
    assert!(report.checkpoint.is_some());
    report.entries
}

/// Whether the decision on an action is in a log.
fn is_recorded(path: &Path, id: &str) -> bool {
    let mut reader = SqliteReader::open(path).expect("a log");
    let view = reader.view().expect("a view");
    view.action(id.parse().expect("an id")).expect("it can be read").is_some()
}

fn request(daemon: &Daemon, line: &str, key: &str, rest: &str) -> Raw {
    let mut raw = Raw::open(daemon.address);
    raw.send(format!(
        "{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\n{rest}",
        daemon.address
    ));
    raw
}

/// A proposal, from its first byte to its last.
fn proposal(daemon: &Daemon) -> String {
    format!(
        "POST /v1/actions HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{{\"tool\":\"get_order\"}}",
        daemon.address, daemon.keys.agent
    )
}

fn held(daemon: &Daemon) -> String {
    let refund = json!({"tool": "issue_refund", "params": {"amount": "42", "currency": "USD"}});
    let answer = daemon.post("/v1/actions", &daemon.keys.agent, &refund).json();
    answer["id"].as_str().expect("an id").to_owned()
}

fn until_so_many_wait(daemon: &Daemon, count: usize) {
    let (limit, line) = (Instant::now() + PATIENCE, format!("placet_waits {count}\n"));
    while !daemon.get("/metrics", &daemon.keys.operator).text.contains(&line) {
        assert!(Instant::now() < limit, "never {count} waits");
        std::thread::yield_now();
    }
}

#[test]
fn what_was_accepted_is_answered() {
    let Running { mut daemon, folder, trusted } = start(Limits::default());
    // The log is closed by the daemon when nobody else has it open.
    daemon.guard = None;
    let (address, handle) = (daemon.address, daemon.handle());
    let id = held(&daemon);
    let wait = "Prefer: wait=300\r\n\r\n";
    let mut waiting = request(&daemon, &format!("GET /v1/actions/{id}"), &daemon.keys.agent, wait);
    let mut stream = request(&daemon, "GET /v1/events", &daemon.keys.overseer, "\r\n");
    assert!(stream.wait_for("\r\n\r\n"));
    // A request of which the half has come.
    let body = r#"{"tool":"get_order"}"#;
    let head =
        "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n";
    let mut half = request(&daemon, "POST /v1/actions", &daemon.keys.agent, head);
    assert_eq!(half.reply().expect("to go on").status, 100);
    let mut idle = request(&daemon, "GET /health", &daemon.keys.agent, "\r\n");
    assert_eq!(idle.reply().expect("an answer").status, 200);
    let mut fresh = Raw::open(address);
    until_so_many_wait(&daemon, 2);

    handle.ask();
    let reply = waiting.reply().expect("an answer");
    let status: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!((reply.status, &status["status"]), (200, &json!("pending")));
    assert!(stream.wait_for("\r\n0\r\n\r\n"));
    for raw in [&mut idle, &mut fresh, &mut waiting, &mut stream] {
        assert!(raw.is_closed_within(PATIENCE));
    }
    // Nobody new gets in, and who was in is still heard.
    let limit = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < limit, "it still accepts");
    }
    half.send(body);
    let reply = half.reply().expect("an answer");
    assert_eq!(reply.status, 200);
    assert!(reply.has("connection: close"), "{}", reply.head);
    let decision: Value = serde_json::from_slice(&reply.body).expect("JSON");
    let index = decision["log_index"].as_u64().expect("an index");
    assert!(daemon.ended(), "all of it was done in time");
    assert_eq!(sound(&folder.path().join("placet.db"), trusted), index + 1);
}

#[test]
fn who_takes_too_long_is_left_behind() {
    let limits = Limits { stop_time: Duration::from_secs(1), ..Limits::default() };
    let Running { daemon, folder, trusted } = start(limits);
    let head = "Content-Type: application/json\r\nContent-Length: 20\r\n\r\n";
    let mut slow = request(&daemon, "POST /v1/actions", &daemon.keys.agent, head);
    let before = Instant::now();
    // Only once it is known that the request has come.
    let mut asked = request(&daemon, "GET /health", &daemon.keys.agent, "\r\n");
    assert_eq!(asked.reply().expect("an answer").status, 200);
    assert!(!daemon.stop(), "not all of it was done");
    assert!(before.elapsed() < Duration::from_secs(14), "the body's time is not waited for");
    assert!(slow.is_closed_within(PATIENCE));
    sound(&folder.path().join("placet.db"), trusted);
}

#[test]
fn asked_twice_it_ends_at_once() {
    let Running { daemon, folder, trusted } = start(Limits::default());
    let head =
        "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n";
    let mut half = request(&daemon, "POST /v1/actions", &daemon.keys.agent, head);
    assert_eq!(half.reply().expect("to go on").status, 100);
    let recorded = held(&daemon);
    let path = folder.path().join("placet.db");
    let before = Instant::now();
    let handle = daemon.handle();
    handle.ask();
    assert!(!daemon.stop());
    assert!(before.elapsed() < Duration::from_secs(9), "neither body nor stop is waited for");
    assert!(half.is_closed_within(PATIENCE));
    sound(&path, trusted);
    assert!(is_recorded(&path, &recorded));
}

/// Proposes until nobody answers any more; how often that was acknowledged.
fn propose_until_the_end(daemon: &Daemon) -> u64 {
    let whole = proposal(daemon);
    let once = || Some(Raw::try_open(daemon.address)?.send_for_reply(&whole)?.status);
    std::iter::from_fn(once).take_while(|status| *status == 200).map(|_| 1).sum()
}

#[test]
fn under_load_every_answer_is_in_the_log() {
    let Running { mut daemon, folder, trusted } = start(Limits::default());
    let guard = daemon.guard.take().expect("a guard");
    let before = guard.log().size();
    let acknowledged: u64 = std::thread::scope(|scope| {
        let callers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| propose_until_the_end(&daemon))).collect();
        let limit = Instant::now() + PATIENCE;
        while guard.log().size() < before + 200 {
            assert!(Instant::now() < limit, "no load");
            std::thread::yield_now();
        }
        drop(guard);
        daemon.handle().ask();
        callers.into_iter().map(|caller| caller.join().expect("a count")).sum()
    });
    assert!(acknowledged > 0);
    assert!(daemon.ended(), "all of it was done in time");
    assert!(sound(&folder.path().join("placet.db"), trusted) >= before + acknowledged);
}

/// Nothing can be written as long as this is held; whoever tries gives up after ten seconds.
fn lock(path: &Path) -> rusqlite::Connection {
    let lock = rusqlite::Connection::open(path).expect("the log");
    lock.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    lock
}

#[test]
fn a_log_that_hangs_holds_up_no_stop() {
    let limits = Limits { stop_time: Duration::from_secs(1), ..Limits::default() };
    for (limits, asked) in [(limits, 1), (Limits::default(), 2)] {
        let Running { mut daemon, folder, trusted } = start(limits);
        daemon.guard = None;
        let recorded = held(&daemon);
        let path = folder.path().join("placet.db");
        let lock = lock(&path);
        let (before, handle) = (Instant::now(), daemon.handle());
        (0..asked).for_each(|_| handle.ask());
        assert!(!daemon.ended(), "the log could not be closed");
        assert!(before.elapsed() < Duration::from_secs(9), "asked {asked} times");
        drop(lock);
        sound(&path, trusted);
        assert!(is_recorded(&path, &recorded));
    }
}

/// A clock that can be broken for those who answer requests, or for the one who writes the log.
#[derive(Default)]
struct Clock {
    is_broken: AtomicBool,
    is_broken_for_the_log: AtomicBool,
}

impl Environment for Clock {
    fn now(&self) -> Timestamp {
        let is_log = std::thread::current().name() == Some("placet-sequencer");
        let is_broken = if is_log { &self.is_broken_for_the_log } else { &self.is_broken };
        assert!(!is_broken.load(Ordering::SeqCst), "the clock fell off the wall");
        System.now()
    }

    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        System.fill(bytes)
    }
}

#[test]
fn a_request_that_panics_is_answered() {
    let clock = Arc::new(Clock::default());
    let daemon = Daemon::in_environment(clock.clone());
    let mut raw = Raw::open(daemon.address);
    let size = daemon.guard.as_ref().expect("a guard").log().size();
    clock.is_broken.store(true, Ordering::SeqCst);
    for request in [proposal(&daemon), proposal(&daemon).replace("POST", "GET")] {
        let reply = raw.send_for_reply(request).expect("an answer");
        assert_eq!(reply.status, 500);
        assert!(reply.has("content-type: application/problem+json"), "{}", reply.head);
        assert!(reply.has("x-content-type-options: nosniff"), "{}", reply.head);
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(text.contains("urn:placet:problem:fault"), "{text}");
        assert!(!text.contains("clock") && !text.contains("allow"), "{text}");
    }
    clock.is_broken.store(false, Ordering::SeqCst);
    assert_eq!(daemon.guard.as_ref().expect("a guard").log().size(), size);
    // Neither the connection nor the daemon is the worse for it.
    assert_eq!(raw.send_for_reply(proposal(&daemon)).expect("an answer").status, 200);
    let metrics = daemon.get("/metrics", &daemon.keys.operator).text;
    assert!(metrics.contains("status=\"500\"} 1"), "{metrics}");
}

#[test]
fn a_daemon_whose_log_has_panicked_permits_nothing_and_says_that_it_is_not_ready() {
    let clock = Arc::new(Clock::default());
    let daemon = Daemon::in_environment(clock.clone());
    let action = json!({"tool": "get_order"});
    let propose = || daemon.post("/v1/actions", &daemon.keys.agent, &action);
    for path in ["/ready", "/health"] {
        assert_eq!(daemon.call("GET", path, None, None).status, 200);
    }
    clock.is_broken_for_the_log.store(true, Ordering::SeqCst);
    let everything = json!({"scope": "all", "reason": "a drill"});
    let tripped = daemon.post("/v1/kill-switches", &daemon.keys.operator, &everything);
    // Nobody knows how far it has come.
    assert_eq!(tripped.status, 503, "{}", tripped.text);
    assert_eq!(tripped.json()["type"], "urn:placet:problem:unknown", "{}", tripped.text);
    // That the clock goes again helps nobody: what the panic left behind is not gone on with.
    clock.is_broken_for_the_log.store(false, Ordering::SeqCst);
    for path in ["/ready", "/health"] {
        let answer = daemon.call("GET", path, None, None);
        assert_eq!(answer.status, 503, "{path}: {}", answer.text);
        let detail = answer.json()["detail"].as_str().expect("a reason").to_owned();
        assert!(detail.contains("start it again"), "{detail}");
    }
    for _ in 0..3 {
        let answer = propose();
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert!(answer.json()["verdict"].is_null());
    }
    assert!(daemon.stop(), "it can be stopped");
}
