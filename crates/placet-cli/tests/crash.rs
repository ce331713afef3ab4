//! Acknowledged means recorded: killed at any moment under load, the log has every decision that
//! was printed, and verifies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use placet_core::log::Hash;
use serde_json::Value;
use support::World;

/// Rounds in the ordinary run, and in the nightly one.
const ROUNDS: (u32, u32) = (20, 200);

/// Longest wait for the next decision, on a machine that does much else.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

const POLICY: &str = "version = 1\n[actions.note]\nrisk = \"read\"\n";

fn rounds() -> u32 {
    if std::env::var_os("PLACET_NIGHTLY").is_some() { ROUNDS.1 } else { ROUNDS.0 }
}

/// A number that differs from round to round and is not the same in the next run: `RandomState` is
/// the random source that the standard library has.
fn draw(below: u64) -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    std::collections::hash_map::RandomState::new().build_hasher().finish() % below
}

/// Records actions until it is killed, and gives the digests of the decisions that were printed,
/// in their order.
fn record_until_killed(world: &World, round: u32) -> Vec<String> {
    let mut command =
        world.command(&["check", "--policy", "policy.toml", "--record", "log.db", "--json"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let feeding = std::thread::spawn(move || {
        for number in 0_u64.. {
            let line = format!(
                "{{\"tool\": \"note\", \"params\": {{\"round\": {round}, \"number\": {number}}}}}\n"
            );
            // The process that reads is killed sooner or later.
            if input.write_all(line.as_bytes()).is_err() {
                return;
            }
        }
    });
    let (printed, decisions) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut digests = Vec::new();
        for line in BufReader::new(output).lines() {
            // What was cut off in the middle was not acknowledged.
            let Some(value) = line.ok().and_then(|line| serde_json::from_str::<Value>(&line).ok())
            else {
                break;
            };
            digests.push(value["digest"].as_str().unwrap().to_owned());
            // Nobody listens any more once it is to be killed.
            let _ = printed.send(());
        }
        digests
    });
    // Sometimes while the log is created or opened, mostly in the middle of the work, a moment after
    // some decision was printed: however slow the machine is, there is something to lose.
    let awaited = if round.is_multiple_of(4) { 0 } else { 1 + draw(300) };
    for _ in 0..awaited {
        decisions.recv_timeout(LONGEST_WAIT).expect("decisions keep coming");
    }
    std::thread::sleep(Duration::from_millis(draw(30)));
    child.kill().unwrap();
    child.wait().unwrap();
    feeding.join().unwrap();
    reading.join().unwrap()
}

/// The digests of all actions in the log, in their order.
fn recorded(world: &World) -> Vec<String> {
    let shown = world.ok(&["log", "show", "--log", "log.db", "--json"]);
    let entries = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries
        .filter_map(|entry| Some(entry.pointer("/private/action/digest")?.as_str()?.to_owned()))
        .collect()
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_missing() {
    let world = World::new();
    world.write("policy.toml", POLICY);
    let (mut acknowledged, mut known) = (0, 0);
    let began = Instant::now();
    for round in 0..rounds() {
        let printed = record_until_killed(&world, round);
        acknowledged += printed.len();
        // Opening it again is the recovery, also of a log that was not yet made; then it must verify
        // from the first entry on.
        let reopened = world.run(&["check", "--policy", "policy.toml", "--record", "log.db"]);
        assert_eq!(reopened.status, 0, "round {round}: {}", reopened.err);
        let verified = world.run(&["log", "verify", "--log", "log.db"]);
        assert_eq!(verified.status, 0, "round {round}: {}{}", verified.out, verified.err);
        let all = recorded(&world);
        assert!(
            all.len() >= known + printed.len(),
            "round {round}: {} of {} are missing",
            known + printed.len() - all.len(),
            printed.len()
        );
        assert_eq!(all[known..known + printed.len()], printed[..], "round {round}");
        known = all.len();
        // A log that grows without end would only make the later rounds slower.
        if known > 20_000 {
            for file in ["log.db", "log.db-wal", "log.db-shm", "log.db-key", "log.db-lock"] {
                drop(std::fs::remove_file(world.path(file)));
            }
            known = 0;
        }
    }
    assert!(acknowledged > 100, "the rounds were too short to show anything: {acknowledged}");
    eprintln!(
        "{acknowledged} decisions acknowledged in {} rounds, {:?}",
        rounds(),
        began.elapsed()
    );
}

#[test]
fn an_earlier_checkpoint_still_holds_after_a_crash() {
    let world = World::new();
    world.write("policy.toml", POLICY);
    world.run_with(
        &["check", "--policy", "policy.toml", "--record", "log.db"],
        "{\"tool\": \"note\"}\n",
    );
    let checkpoint = world.ok(&["log", "checkpoint", "--log", "log.db"]);
    world.write("kept", checkpoint);
    record_until_killed(&world, 1);
    world.ok(&["log", "verify", "--log", "log.db", "--against", "kept"]);
    let value: Value =
        serde_json::from_str(&world.ok(&["log", "verify", "--log", "log.db", "--json"])).unwrap();
    assert!(value["root"].as_str().unwrap().parse::<Hash>().is_ok());
}
