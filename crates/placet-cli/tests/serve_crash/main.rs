//! Answered means recorded: killed at any moment under load from several clients, the daemon that
//! starts again knows every decision that was answered, and has a receipt for it that verifies
//! offline.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod life;
#[path = "../support/mod.rs"]
mod support;

use std::collections::HashSet;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use placet_core::log::{Receipt, Verifier};
use serde_json::{Value, json};
use support::World;
use support::daemon::{Daemon, agent, call, key};

const POLICY: &str = "version = 1\nmode = \"enforce\"\n[actions.note]\nrisk = \"read\"\n\
    [actions.pay]\nrisk = \"reversible_write\"\n";

/// Clients at the same time, each with a connection that it keeps.
const CLIENTS: usize = 6;

/// More than they can send, so that no limit slows them down.
const NO_LIMIT: [&str; 4] = ["--rate", "1000000", "--burst", "1000000"];

/// Rounds, and decisions that are answered in each before the daemon is killed.
struct Extent {
    rounds: usize,
    answered: usize,
}

fn extent() -> Extent {
    match std::env::var_os("PLACET_NIGHTLY") {
        Some(_) => Extent { rounds: 50, answered: 3_000 },
        None => Extent { rounds: 3, answered: 200 },
    }
}

/// What an agent was told.
struct Answered {
    id: String,
    digest: String,
    verdict: String,
    index: u64,
}

impl Answered {
    fn read(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap();
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        let (id, digest, verdict) = (text("id"), text("digest"), text("verdict"));
        Self { id, digest, verdict, index: value["log_index"].as_u64().unwrap() }
    }
}

/// Proposes from every client until the daemon is killed, a moment after so many were answered.
fn propose_until_killed(
    daemon: &mut Daemon,
    key: &str,
    round: usize,
    least: usize,
) -> Vec<Answered> {
    let (url, count) = (daemon.url(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (url, count) = (&url, &count);
                scope.spawn(move || propose_all(url, key, (round, client), count))
            })
            .collect();
        let some_more = usize::try_from(RandomState::new().build_hasher().finish() % 50).unwrap();
        while count.load(Ordering::Relaxed) < least + some_more {
            std::thread::yield_now();
        }
        daemon.kill();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

/// One client: what it was told until nobody answered any more.
fn propose_all(
    url: &str,
    key: &str,
    (round, client): (usize, usize),
    count: &AtomicUsize,
) -> Vec<Answered> {
    let (agent, mut answered) = (agent(), Vec::new());
    for number in 0.. {
        let tool = if number % 5 == 0 { "pay" } else { "note" };
        let params = json!({ "round": round, "client": client, "number": number });
        let body = json!({ "tool": tool, "params": params });
        let Ok((status, text)) = call(&agent, url, "POST", "/v1/actions", key, Some(&body)) else {
            break;
        };
        // Open approvals are bounded: the answer to one too many is no decision.
        if status == 429 {
            continue;
        }
        assert_eq!(status, 200, "{text}");
        answered.push(Answered::read(&text));
        count.fetch_add(1, Ordering::Relaxed);
    }
    answered
}

/// Looks for every answer in the projections and asks for its receipt.
fn look_for(answered: &[Answered], daemon: &Daemon, key: &str, verifier: &Verifier) {
    let url = daemon.url();
    let share = answered.len().div_ceil(CLIENTS).max(1);
    std::thread::scope(|scope| {
        for part in answered.chunks(share) {
            let url = &url;
            scope.spawn(move || {
                let agent = agent();
                let read = |path: String| {
                    let (status, text) = call(&agent, url, "GET", &path, key, None).unwrap();
                    assert_eq!(status, 200, "{path}: {text}");
                    text
                };
                for one in part {
                    let shown = Answered::read(&read(format!("/v1/actions/{}", one.id)));
                    assert_eq!(
                        (&shown.digest, shown.index, &shown.verdict),
                        (&one.digest, one.index, &one.verdict),
                        "{}",
                        one.id
                    );
                    let text = read(format!("/v1/log/proof?index={}", one.index));
                    let receipt = Receipt::parse(text.as_bytes()).unwrap();
                    let verified = receipt.verify(std::slice::from_ref(verifier)).unwrap();
                    assert_eq!(verified.index, one.index);
                    assert!(verified.leaf.contains(&one.id), "{}: {}", one.id, verified.leaf);
                }
            });
        }
    });
}

#[test]
fn killed_under_load_every_answer_is_in_the_log_the_projections_and_the_receipts() {
    let world = World::new();
    world.write("policy.toml", POLICY);
    let key = key(&world, &["--scope", "agent", "--tenant", "acme"]);
    let verifier: Verifier =
        world.ok(&["log", "key", "--log", "placet.db"]).trim().parse().unwrap();
    let arguments = [&["--policy", "policy.toml"][..], &NO_LIMIT].concat();
    let Extent { rounds, answered } = extent();
    let began = Instant::now();
    let mut daemon = Daemon::start(&world, &arguments);
    let mut all = Vec::new();
    for round in 0..rounds {
        let told = propose_until_killed(&mut daemon, &key, round, answered);
        // Starting again is the recovery.
        daemon = Daemon::start(&world, &arguments);
        look_for(&told, &daemon, &key, &verifier);
        all.extend(told.into_iter().map(|told| told.digest));
    }
    daemon.stop();
    world.ok(&["log", "verify", "--log", "placet.db"]);
    let recorded = world.ok(&["log", "show", "--log", "placet.db", "--json"]);
    let recorded: HashSet<String> = recorded.lines().filter_map(digest).collect();
    let missing = all.iter().filter(|digest| !recorded.contains(*digest)).count();
    assert_eq!(missing, 0, "of {}", all.len());
    assert!(all.len() >= rounds * answered);
    eprintln!("{} decisions answered in {rounds} rounds, {:?}", all.len(), began.elapsed());
}

fn digest(line: &str) -> Option<String> {
    let entry: Value = serde_json::from_str(line).unwrap();
    Some(entry.pointer("/private/action/digest")?.as_str()?.to_owned())
}
