//! Backing up a log while it is written to, losing it, and going on with the copy.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use support::World;

const CALL: &[u8] = b"{\"tool\": \"delete_account\", \"params\": {\"id\": 7}}\n";

/// How many entries a log has, by its checkpoint.
fn entries(world: &World, log: &str) -> u64 {
    let note = world.ok(&["log", "checkpoint", "--log", log]);
    note.lines().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_copy_taken_under_load_is_a_log_to_go_on_with() {
    let world = World::new();
    let mut command = world.command(&["check", "--record", "log.db"]);
    let mut writer = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut input = writer.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || {
        for _ in 0..800 {
            input.write_all(CALL).unwrap();
        }
    });
    let mut answers = BufReader::new(writer.stdout.take().unwrap()).lines();
    assert!(answers.next().unwrap().is_ok());
    let said = world.ok(&["log", "backup", "copy.db", "--log", "log.db"]);
    assert!(said.starts_with("copied ") && said.contains("copy.db"), "{said}");
    let answered = 1 + answers.count();
    feeder.join().unwrap();
    let ended = writer.wait().unwrap();
    assert!(ended.success(), "{ended}");
    assert_eq!(answered, 800);

    let copied = entries(&world, "copy.db");
    assert!(copied >= 1 && copied <= entries(&world, "log.db"), "{copied}");
    world.ok(&["log", "verify", "--log", "copy.db"]);
    let mode = world.path("copy.db-key").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the key is for its owner only");

    // What goes on is the same log: the checkpoint of the copy is one of its past.
    std::fs::write(world.path("seen"), world.ok(&["log", "checkpoint", "--log", "copy.db"]))
        .unwrap();
    let ended = world.run_with(&["check", "--record", "copy.db"], CALL);
    assert!(ended.out.contains("require_approval"), "{}", ended.err);
    assert_eq!(entries(&world, "copy.db"), copied + 1);
    world.ok(&["log", "verify", "--log", "copy.db"]);
    world.ok(&["log", "prove", "--against", "seen", "--log", "copy.db"]);
}

#[test]
fn nothing_is_replaced_and_nothing_half_is_left() {
    let world = World::new();
    world.run_with(&["check", "--record", "log.db"], CALL);
    world.write("copy.db", "my letters");
    let refused = world.run(&["log", "backup", "copy.db", "--log", "log.db"]);
    assert_eq!(refused.status, 3, "{}", refused.err);
    assert!(refused.err.contains("copy.db is there already"), "{}", refused.err);
    assert_eq!(world.read("copy.db"), "my letters");
    assert!(!world.path("copy.db-key").exists());
    // Without its key file there is nothing to go on with, so there is no copy either.
    std::fs::rename(world.path("log.db-key"), world.path("elsewhere")).unwrap();
    let refused = world.run(&["log", "backup", "other.db", "--log", "log.db"]);
    assert_eq!(refused.status, 3, "{}", refused.err);
    assert!(!world.path("other.db").exists() && !world.path("other.db.partial").exists());
    let refused = world.run(&["log", "backup", "no/such/folder.db", "--log", "elsewhere.db"]);
    assert_eq!(refused.status, 3, "{}", refused.err);
}
