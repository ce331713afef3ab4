//! Clients that take their time, and clients that come in thousands: each is cut off within its
//! limit, and honest clients are answered meanwhile.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::string_slice,
    reason = "tests"
)]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use common::raw::{PATIENCE, Raw};
use common::{Daemon, proposal};
use placet::store::{SqliteReader, verify::verify};
use placet::{LogPlace, PolicyFile};
use placet_server::{Limits, ServerConfig};
use serde_json::json;

/// What every limit of time is set to.
const LIMIT: Duration = Duration::from_secs(1);

/// How far apart a slow client sends its bytes.
const PACE: Duration = Duration::from_millis(100);

fn daemon(limits: Limits) -> Daemon {
    Daemon::with(ServerConfig { limits, ..ServerConfig::default() }, LogPlace::Memory)
}

fn impatient() -> Daemon {
    daemon(Limits { head_time: LIMIT, body_time: LIMIT, write_time: LIMIT, ..Limits::default() })
}

fn gauge(daemon: &Daemon, name: &str) -> u64 {
    let text = daemon.get("/metrics", &daemon.keys.operator).text;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.expect("the metric").parse().expect("a number")
}

/// Asks until something is so.
fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    let limit = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < limit, "it never came that {what}");
        std::thread::yield_now();
    }
}

/// Sends a byte now and then until the connection is closed; how many it took.
fn drip(raw: &mut Raw, bytes: &[u8]) -> usize {
    for (sent, byte) in bytes.iter().enumerate() {
        if !raw.send([*byte]) || raw.is_closed_within(PACE) {
            return sent + 1;
        }
    }
    panic!("all of it was taken");
}

#[test]
fn a_head_that_comes_too_slowly_is_cut_off() {
    let daemon = impatient();
    let head =
        format!("GET /health HTTP/1.1\r\nHost: {}\r\nX: {}", daemon.address, "y".repeat(600));
    let mut raw = Raw::open(daemon.address);
    let taken = drip(&mut raw, head.as_bytes());
    assert!(taken >= 2, "it is not cut off at once");
    assert!(!raw.text().contains(" 200 "));
    // Nor may it begin well and then stop.
    let mut raw = Raw::open(daemon.address);
    raw.send(&head[..40]);
    assert_eq!(raw.replies().len(), 0);
}

#[test]
fn a_body_that_comes_too_slowly_is_answered_408() {
    let daemon = impatient();
    let size = daemon.guard.as_ref().expect("a guard").log().size();
    let mut raw = Raw::open(daemon.address);
    raw.send(format!(
        "POST /v1/actions HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
        daemon.address, daemon.keys.agent
    ));
    drip(&mut raw, &[b' '; 600]);
    let replies = raw.replies();
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [408]);
    assert_eq!(daemon.guard.as_ref().expect("a guard").log().size(), size);
}

#[test]
fn an_idle_connection_is_closed() {
    let daemon = impatient();
    let mut raw = Raw::open(daemon.address);
    raw.send(format!("GET /health HTTP/1.1\r\nHost: {}\r\n\r\n", daemon.address));
    assert_eq!(raw.reply().expect("an answer").status, 200);
    assert!(raw.is_closed_within(PATIENCE));
    // So is one on which nothing was ever sent.
    assert!(Raw::open(daemon.address).is_closed_within(PATIENCE));
}

#[test]
fn who_does_not_take_answers_is_cut_off() {
    let daemon = impatient();
    let request = format!("GET /openapi.json HTTP/1.1\r\nHost: {}\r\n\r\n", daemon.address);
    let mut raw = Raw::open_narrow(daemon.address);
    // More than the system keeps for them; whoever is cut off cannot send all of it.
    raw.send(request.repeat(200));
    wait_until("the connection is closed", || gauge(&daemon, "placet_http_connections") == 1);
}

#[test]
fn who_does_not_take_events_is_cut_off() {
    let daemon = impatient();
    honest(&daemon, 1_000);
    let mut stream = Raw::open_narrow(daemon.address);
    stream.send(format!(
        "GET /v1/events?from=0 HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        daemon.address, daemon.keys.overseer
    ));
    assert!(stream.wait_for("\r\n\r\n"));
    wait_until("the stream is cut off", || {
        honest(&daemon, 10);
        gauge(&daemon, "placet_waits") == 0
    });
}

/// Copies of the log are fetched by one client at a time, and whoever hangs up leaves nothing behind.
#[test]
fn a_copy_of_the_log_is_fetched_by_one_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = LogPlace::File(folder.path().join("placet.db"));
    let daemon = Daemon::with(ServerConfig::default(), log);
    let guard = daemon.guard.as_ref().expect("a guard");
    // More than the systems between keep for a client that does not take it.
    for number in 0..8 {
        let text = format!("version = 1\n{}", format!("# {number:0>998}\n").repeat(900));
        let file = PolicyFile { name: "policy.toml".to_owned(), text };
        guard.blocking().install_policy(&[file], None).expect("a policy");
    }
    let target = "/v1/log/backup";
    let mut idle = Raw::open_narrow(daemon.address);
    idle.send(format!(
        "GET {target} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        daemon.address, daemon.keys.operator
    ));
    assert!(idle.wait_for("\r\n\r\n"));
    let other = daemon.get(target, &daemon.keys.operator);
    assert_eq!((other.status, other.headers.contains_key("retry-after")), (429, true));
    drop(idle);
    wait_until("the place is free", || {
        let response = daemon.request("GET", target, Some(&daemon.keys.operator), None, &[]);
        let is_there = response.status().as_u16() == 200;
        if is_there {
            let mut copy = std::fs::File::create(folder.path().join("copy.db")).expect("a file");
            let mut body = response.into_body().into_reader();
            std::io::copy(&mut body, &mut copy).expect("a whole copy");
        }
        is_there
    });
    let beside = std::fs::read_dir(folder.path())
        .expect("a folder")
        .map(|file| file.expect("a file").file_name().into_string().expect("a name"));
    let left: Vec<String> = beside.filter(|name| name.contains("-copy")).collect();
    assert!(left.is_empty(), "{left:?}");
    let trusted = [guard.log().verifier().clone()];
    let size = guard.log().size();
    let mut reader = SqliteReader::open(&folder.path().join("copy.db")).expect("a log");
    let report = verify(&mut reader, &trusted, &|_, _| ()).expect("a report");
    assert!(report.is_sound() && report.entries == size, "{:#?}", report.problems);
    // What is in memory only has no copy.
    let daemon = Daemon::start();
    assert_eq!(daemon.get(target, &daemon.keys.operator).status, 503);
}

/// How many connections a crowd can have with both of their ends in this process.
fn crowd() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = 10_000;
    let needed = 2 * wanted + 1_000;
    let now = getrlimit(Resource::Nofile);
    let all = Rlimit { current: Some(needed), maximum: Some(needed.max(now.maximum.unwrap_or(0))) };
    let hard = Rlimit { current: now.maximum, ..now };
    let raised =
        setrlimit(Resource::Nofile, all).is_ok() || setrlimit(Resource::Nofile, hard).is_ok();
    assert!(raised, "the limit of file descriptors can be raised to its maximum");
    let granted = getrlimit(Resource::Nofile).current.unwrap_or(needed);
    usize::try_from(wanted.min(granted.saturating_sub(1_000) / 2)).expect("a count")
}

/// The times of honest proposals over a connection that is kept; each must be answered.
fn honest(daemon: &Daemon, count: usize) -> Duration {
    let request = proposal(daemon, &daemon.keys.agent);
    let mut raw = Raw::open(daemon.address);
    let mut times: Vec<Duration> = (0..count)
        .map(|_| {
            let begun = Instant::now();
            assert!(raw.send(&request));
            assert_eq!(raw.reply().expect("an answer").status, 200);
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[count * 99 / 100]
}

#[test]
fn a_crowd_of_idle_connections_keeps_nobody_out() {
    let crowd = crowd();
    assert!(crowd >= 4_000, "the system gives too few file descriptors for this test");
    let connections = crowd * 4 / 5;
    let daemon = daemon(Limits { connections, head_time: PATIENCE, ..Limits::default() });
    let unloaded = honest(&daemon, 300);
    let mut idle: Vec<TcpStream> = Vec::new();
    for number in 0..crowd {
        idle.push(TcpStream::connect(daemon.address).expect("a connection"));
        // Honest clients come and go while the crowd grows beyond the limit.
        if number % 1_000 == 0 {
            honest(&daemon, 1);
        }
    }
    let loaded = honest(&daemon, 300);
    eprintln!("{crowd} idle connections: p99 {unloaded:?} without them, {loaded:?} with them");
    let limit = u64::try_from(connections).expect("a count");
    wait_until("the crowd is within the limit", || {
        gauge(&daemon, "placet_http_connections") <= limit
    });
    assert!(gauge(&daemon, "placet_http_connections") > limit / 2, "the crowd is there");
    assert!(gauge(&daemon, "placet_http_connections_evicted_total") > 0);
    // The first of the crowd made room, not those who came last.
    let first = idle.first_mut().expect("a crowd");
    first.set_read_timeout(Some(PATIENCE)).expect("an option");
    assert!(matches!(first.read(&mut [0]), Ok(0) | Err(_)));
    let last = idle.last_mut().expect("a crowd");
    let request = format!("GET /health HTTP/1.1\r\nHost: {}\r\n\r\n", daemon.address);
    last.write_all(request.as_bytes()).expect("it is there");
    assert!(last.read(&mut [0; 4]).expect("an answer") > 0);
}

#[test]
fn strangers_with_answers_do_not_push_out_who_has_a_key() {
    let daemon = daemon(Limits { connections: 8, ..Limits::default() });
    let health = format!("GET /health HTTP/1.1\r\nHost: {}\r\n\r\n", daemon.address);
    let known = health
        .replace("\r\n\r\n", &format!("\r\nAuthorization: Bearer {}\r\n\r\n", daemon.keys.agent));
    let mut honest = Raw::open(daemon.address);
    honest.send(&known);
    assert_eq!(honest.reply().expect("an answer").status, 200);
    let mut strangers = Vec::new();
    for _ in 0..100 {
        let mut stranger = Raw::open(daemon.address);
        stranger.send(&health);
        assert_eq!(stranger.reply().expect("an answer").status, 200);
        strangers.push(stranger);
    }
    honest.send(&known);
    assert_eq!(honest.reply().expect("an answer").status, 200);
    assert!(strangers[0].is_closed_within(PATIENCE));
}

/// Opens connections whose requests never get the rest of their bodies; some may be closed at once.
fn dawdle(daemon: &Daemon, count: usize, head: &str) -> Vec<Raw> {
    let begin = |_| {
        let mut raw = Raw::open(daemon.address);
        raw.send(format!("{head}Content-Length: 1000\r\n\r\nx"));
        raw
    };
    (0..count).map(begin).collect()
}

#[test]
fn bodies_that_never_end_keep_nobody_out() {
    let limits = Limits { connections: 16, body_time: PATIENCE, ..Limits::default() };
    let daemon = daemon(limits);
    let health = format!(
        "GET /health HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        daemon.address, daemon.keys.agent
    );
    let mut honest = Raw::open(daemon.address);
    assert_eq!(honest.send_for_reply(&health).expect("an answer").status, 200);
    // Nobody needs a key for this one, and a key of another tenant is good enough for the other.
    let strange = format!(
        "POST /console/sign-in HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n",
        daemon.address
    );
    let known = proposal(&daemon, &daemon.keys.other_agent);
    let known = known.split_once("Content-Length").expect("a length").0.to_owned();
    for head in [strange, known] {
        let mut crowd = dawdle(&daemon, 64, &head);
        for _ in 0..4 {
            let mut new = Raw::open(daemon.address);
            assert_eq!(new.send_for_reply(&health).expect("an answer").status, 200);
        }
        assert_eq!(honest.send_for_reply(&health).expect("an answer").status, 200);
        assert!(crowd[0].is_closed_within(PATIENCE), "whoever dawdled longest has made room");
    }
}

#[test]
fn bodies_that_are_not_whole_take_so_much_memory_and_those_of_who_sends_most_go_first() {
    const SENDERS: usize = 16;
    const KEPT: usize = 4;
    const MIB: usize = 1024 * 1024;
    let limits = Limits { bodies_bytes: KEPT * MIB, body_time: PATIENCE, ..Limits::default() };
    let daemon = daemon(limits);
    let head = proposal(&daemon, &daemon.keys.other_agent);
    let head = head.split_once("Content-Length").expect("a length").0;
    let mut senders: Vec<Raw> = (0..SENDERS)
        .map(|_| {
            let mut raw = Raw::open(daemon.address);
            raw.send(format!("{head}Content-Length: {MIB}\r\n\r\n"));
            raw.send(vec![b' '; MIB - 1]);
            raw
        })
        .collect();
    let mut closed = 0;
    wait_until("there is room for the others", || {
        senders.retain_mut(|sender| !sender.is_closed_within(Duration::from_millis(1)));
        closed = SENDERS - senders.len();
        closed >= SENDERS - KEPT
    });
    // Somebody else sends as much, and is answered.
    let action = json!({"tool": "get_order", "params": {"text": "x".repeat(200 * 1024)}});
    for _ in 0..4 {
        assert_eq!(daemon.post("/v1/actions", &daemon.keys.agent, &action).status, 200);
    }
    assert!(gauge(&daemon, "placet_http_connections_evicted_total") >= 12);
}

#[test]
fn what_is_too_much_is_refused_late() {
    let one = NonZeroU32::MIN;
    let limits = Limits { requests_per_second: one, burst: one, ..Limits::default() };
    let daemon = daemon(limits);
    let often = proposal(&daemon, &daemon.keys.agent);
    let large = proposal(&daemon, &daemon.keys.other_agent)
        .replace("Content-Length: ", "Content-Length: 9999999");
    let mut raw = Raw::open(daemon.address);
    assert_eq!(raw.send_for_reply(&often).expect("an answer").status, 200);
    for (request, status) in [(often, 429), (large, 413)] {
        let mut raw = Raw::open(daemon.address);
        let begun = Instant::now();
        assert_eq!(raw.send_for_reply(request).expect("an answer").status, status);
        assert!(begun.elapsed() >= Duration::from_millis(100), "{status} came at once");
    }
}

#[test]
fn little_is_read_of_what_is_refused() {
    const SENDERS: usize = 24;
    const MIB: usize = 1024 * 1024;
    let daemon = daemon(Limits::default());
    let begun = Instant::now();
    let send = || {
        let mut stream = TcpStream::connect(daemon.address).expect("a connection");
        stream.set_write_timeout(Some(PATIENCE)).expect("an option");
        rustix::net::sockopt::set_socket_send_buffer_size(&stream, 64 * 1024).expect("an option");
        let head = format!(
            "POST /v1/actions HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            daemon.address,
            daemon.keys.agent,
            16 * MIB
        );
        stream.write_all(head.as_bytes()).expect("it is there");
        (0..16 * 16).take_while(|_| stream.write_all(&[b' '; MIB / 16]).is_ok()).count()
    };
    let taken: usize = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(send)).collect();
        senders.into_iter().map(|sender| sender.join().expect("a count")).sum()
    });
    let seconds = usize::try_from(begun.elapsed().as_secs() + 1).expect("a count");
    // Besides, the system keeps some for each of them.
    let most = 16 + 16 * seconds + SENDERS;
    assert!(taken / 16 <= most, "{} MiB in {seconds} s", taken / 16);
    // Who sends what is taken is answered as ever.
    honest(&daemon, 1);
}

#[test]
fn how_long_a_decision_took_counts_from_the_first_byte_of_its_request() {
    let daemon = Daemon::start();
    let request = proposal(&daemon, &daemon.keys.other_agent);
    let mut slow = Raw::open(daemon.address);
    let begun = Instant::now();
    slow.send(&request[..20]);
    // What others are answered meanwhile is not what makes this one wait, but its own client.
    honest(&daemon, 50);
    let seen = Instant::now();
    honest(&daemon, 100);
    let waited = seen.elapsed().as_micros();
    slow.send(&request[20..]);
    assert_eq!(slow.reply().expect("an answer").status, 200);
    let whole = begun.elapsed().as_micros();
    let summary = daemon.get("/v1/metrics/summary", &daemon.keys.other_admin).json();
    for percentile in ["p50_us", "p95_us", "p99_us"] {
        let told = u128::from(summary["latency"][percentile].as_u64().expect("a time"));
        // Times are kept to within a hundredth.
        assert!(told * 102 >= waited * 100, "{percentile}: {told}, and it waited {waited}");
        assert!(told * 98 <= whole * 100, "{percentile}: {told}, and all of it took {whole}");
    }
    let all = daemon.get("/v1/metrics/summary", &daemon.keys.operator).json();
    let [p50, p99] = ["p50_us", "p99_us"].map(|it| all["latency"][it].as_u64().expect("a time"));
    assert!(u128::from(p50) * 100 < waited * 102, "half of all were faster: {all}");
    assert!(p50 <= p99, "{all}");
}
