//! Disks and files that fail: a clear error, and nothing acknowledged is lost.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod support;

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use support::daemon::{Daemon, agent, call, key};
use support::{Ended, World};

/// A world with a log of some hundred entries.
fn world() -> World {
    let world = World::with_example();
    world.ok(&["check", "trace.jsonl", "--policy", "policy.toml", "--record", "log.db"]);
    settle(&world);
    world
}

/// Moves everything into the one file, so that there is one to damage.
fn settle(world: &World) {
    let connection = rusqlite::Connection::open(world.path("log.db")).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

fn sql(world: &World, statement: &str) -> usize {
    let connection = rusqlite::Connection::open(world.path("log.db")).unwrap();
    connection.execute(statement, []).unwrap()
}

/// Runs the command in a shell that allows files of so many blocks of 512 bytes.
fn run_with_little_room(world: &World, blocks: u32, arguments: &str) -> Ended {
    let command = world.command(&[]);
    let script = format!(
        "trap '' XFSZ; ulimit -f {blocks}; exec {} {arguments}",
        command.get_program().to_str().unwrap()
    );
    let output = Command::new("sh").args(["-c", &script]).current_dir(world.path(".")).output();
    Ended::from(output.unwrap())
}

#[test]
fn a_full_disk_loses_nothing_acknowledged() {
    let world = World::with_example();
    let trace = world.read("trace.jsonl").repeat(20);
    world.write("long.jsonl", trace);
    let ended = run_with_little_room(
        &world,
        4096,
        "check long.jsonl --policy policy.toml --record log.db --json",
    );
    assert_eq!(ended.status, 3, "{}", ended.err);
    assert!(ended.err.contains("could not be recorded"), "{}", ended.err);
    let printed: Vec<serde_json::Value> =
        ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(printed.len() > 100 && printed.len() < 6000, "{}", printed.len());
    // With room again the log opens, has what was printed, verifies, and goes on.
    world.ok(&["check", "trace.jsonl", "--policy", "policy.toml", "--record", "log.db"]);
    world.ok(&["log", "verify", "--log", "log.db"]);
    let shown = world.ok(&["log", "show", "--log", "log.db", "--json"]);
    let digests: Vec<String> = shown
        .lines()
        .filter_map(|line| {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            Some(entry.pointer("/private/action/digest")?.as_str()?.to_owned())
        })
        .collect();
    let printed: Vec<&str> = printed.iter().map(|line| line["digest"].as_str().unwrap()).collect();
    assert!(digests.len() >= printed.len(), "{} of {} printed", digests.len(), printed.len());
    assert_eq!(digests[..printed.len()], printed[..]);
}

/// The system would end whoever writes beyond the limit, by a signal of its own.
#[test]
fn a_limit_of_the_size_of_files_does_not_end_the_daemon() {
    let world = World::new();
    world
        .write("policy.toml", "version = 1\nmode = \"enforce\"\n[actions.note]\nrisk = \"read\"\n");
    let bot = key(&world, &["--scope", "agent", "--tenant", "acme"]);
    let serve = "serve --log placet.db --policy policy.toml --listen 127.0.0.1:0";
    let program = world.command(&[]).get_program().to_str().unwrap().to_owned();
    let mut command = Command::new("sh");
    let script = format!("ulimit -f 2048; exec {program} {serve}");
    command.args(["-c", &script]).current_dir(world.path("."));
    let daemon = Daemon::run(command);
    let (http, url, note) = (agent(), daemon.url(), serde_json::json!({ "tool": "note" }));
    let propose = || call(&http, &url, "POST", "/v1/actions", &bot, Some(&note));
    let refused = (0..5_000).find_map(|number| match propose() {
        Ok((200, _)) => None,
        Ok(refused) => Some(refused),
        Err(error) => panic!("it ended after {number} proposals: {error}"),
    });
    let (status, text) = refused.unwrap();
    assert_eq!(status, 503, "{text}");
    assert!(!text.contains("\"verdict\""), "{text}");
    assert!(propose().is_ok(), "it answers still");
    drop(daemon);
    world.ok(&["log", "verify", "--log", "placet.db"]);
}

#[test]
fn a_full_disk_in_shadow_mode_is_told_because_a_record_was_asked_for() {
    let world = World::with_example();
    world.write(
        "policy.toml",
        world.read("policy.toml").replace("mode = \"enforce\"", "mode = \"shadow\""),
    );
    world.write("long.jsonl", world.read("trace.jsonl").repeat(20));
    let ended =
        run_with_little_room(&world, 4096, "check long.jsonl --policy policy.toml --record log.db");
    assert_eq!(ended.status, 3, "{}", ended.err);
    assert!(ended.err.contains("could not be recorded"), "{}", ended.err);
}

#[test]
fn a_file_that_cannot_be_written() {
    let world = world();
    for name in ["log.db", "log.db-lock"] {
        std::fs::set_permissions(world.path(name), std::fs::Permissions::from_mode(0o444)).unwrap();
    }
    let before = std::fs::read(world.path("log.db")).unwrap();
    let Some(ended) =
        run_without_privileges(&world, &["check", "trace.jsonl", "--record", "log.db"])
    else {
        return;
    };
    assert_eq!((ended.status, ended.out.len()), (3, 0), "{}", ended.err);
    assert!(ended.err.contains("cannot be written"), "{}", ended.err);
    assert!(std::fs::read(world.path("log.db")).unwrap() == before);
    world.ok(&["log", "verify", "--log", "log.db"]);
}

/// Runs the command as whoever runs the tests or, where that is somebody who may write everything,
/// as nobody; none where the machine has no nobody.
fn run_without_privileges(world: &World, arguments: &[&str]) -> Option<Ended> {
    const NOBODY: u32 = 65_534;
    if std::fs::OpenOptions::new().write(true).open(world.path("log.db")).is_err() {
        return Some(world.run(arguments));
    }
    // Where the tests are built may be closed to others, so that nobody gets a command of its own.
    let command = world.command(arguments);
    let own = world.path("placet");
    if std::fs::hard_link(command.get_program(), &own).is_err() {
        std::fs::copy(command.get_program(), &own).unwrap();
    }
    for entry in std::fs::read_dir(world.path(".")).unwrap() {
        let path = entry.unwrap().path();
        if path != own {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    chown(world.path("."), Some(NOBODY), Some(NOBODY)).unwrap();
    let mut command = Command::new(&own);
    command.args(arguments).current_dir(world.path(".")).stdin(Stdio::null());
    match command.uid(NOBODY).gid(NOBODY).output() {
        Ok(output) => Some(Ended::from(output)),
        Err(error) => {
            eprintln!("not tested: this machine lets root run nothing as nobody ({error})");
            None
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let world = world();
    let sound = std::fs::read(world.path("log.db")).unwrap();
    let said = world.ok(&["log", "show", "--log", "log.db", "--json"]);
    let is_noticed = |place: usize| {
        let mut damaged = sound.clone();
        damaged[place] ^= 1;
        world.write("log.db", &damaged);
        for name in ["log.db-wal", "log.db-shm"] {
            drop(std::fs::remove_file(world.path(name)));
        }
        let ended = world.run(&["log", "verify", "--log", "log.db"]);
        assert!(
            ended.status == 0 || ended.status == 1 || ended.status == 3,
            "{place}: {}",
            ended.err
        );
        if ended.status == 0 {
            let says = world.ok(&["log", "show", "--log", "log.db", "--json"]);
            assert!(says == said, "{place}: the log says something else, and verifies");
        }
        ended.status != 0
    };
    let leaf = find(&sound, b"\"decided\":{");
    assert!(is_noticed(leaf + 20));
    // Free space in pages, and counters that only SQLite looks at, say nothing about the log; what
    // it says is then the same.
    let step = sound.len() / 40;
    let noticed = (0..40).filter(|index| is_noticed(index * step + 777)).count();
    assert!(noticed > 20, "{noticed} of 40");
}

fn find(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).unwrap()
}

#[test]
fn a_changed_entry_is_named() {
    let world = world();
    assert_eq!(
        sql(
            &world,
            "UPDATE entries SET leaf = replace(leaf, '\"allow\"', '\"block\"') WHERE idx = 7"
        ),
        1
    );
    let ended = world.run(&["log", "verify", "--log", "log.db"]);
    insta::assert_snapshot!(ended.snapshot());
}

#[test]
fn a_cut_tail_is_found() {
    let world = world();
    sql(&world, "DELETE FROM entries WHERE idx >= 300");
    let ended = world.run(&["log", "verify", "--log", "log.db"]);
    assert_eq!(ended.status, 1);
    assert!(ended.out.contains("300 entries found, 333 signed"), "{}", ended.out);
    let refused = world.run(&["check", "--record", "log.db"]);
    assert_eq!(refused.status, 3, "{}", refused.err);
}

#[test]
fn a_file_cut_in_the_middle_is_an_error() {
    let world = world();
    let sound = std::fs::read(world.path("log.db")).unwrap();
    for length in [100, 5000, sound.len() / 2] {
        for name in ["log.db-wal", "log.db-shm"] {
            drop(std::fs::remove_file(world.path(name)));
        }
        world.write("log.db", &sound[..length]);
        let ended = world.run(&["log", "verify", "--log", "log.db"]);
        assert_ne!(ended.status, 0, "{length}");
        assert!(
            ended.err.starts_with("error: ") || ended.out.contains("wrong:"),
            "{length}: {}",
            ended.err
        );
    }
}

#[test]
fn a_log_that_was_cut_or_rewritten_as_a_whole_does_not_continue_its_checkpoint() {
    let world = World::with_example();
    let record = ["check", "trace.jsonl", "--policy", "policy.toml", "--record", "log.db"];
    world.run_with(
        &["check", "--policy", "policy.toml", "--record", "log.db"],
        "{\"tool\": \"get_order\"}\n",
    );
    settle(&world);
    let short = std::fs::read(world.path("log.db")).unwrap();
    world.ok(&record);
    world.write("kept", world.ok(&["log", "checkpoint", "--log", "log.db"]));
    let restore = |bytes: &[u8]| {
        for name in ["log.db-wal", "log.db-shm"] {
            drop(std::fs::remove_file(world.path(name)));
        }
        world.write("log.db", bytes);
    };
    // Cut: an earlier state of the log, sound in itself.
    restore(&short);
    world.ok(&["log", "verify", "--log", "log.db"]);
    let cut = world.run(&["log", "prove", "--against", "kept", "--log", "log.db"]);
    // Rewritten: other entries, signed with the same key, and more of them.
    world.write("other.jsonl", "{\"tool\": \"list_tickets\"}\n".repeat(400));
    world.ok(&["check", "other.jsonl", "--policy", "policy.toml", "--record", "log.db"]);
    world.ok(&["log", "verify", "--log", "log.db"]);
    let rewritten = world.run(&["log", "verify", "--against", "kept", "--log", "log.db"]);
    insta::assert_snapshot!([cut.snapshot(), rewritten.snapshot()].join("\n"));
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let world = world();
    std::fs::set_permissions(world.path("log.db-key"), std::fs::Permissions::from_mode(0o644))
        .unwrap();
    let ended = world.run(&["check", "trace.jsonl", "--record", "log.db"]);
    assert_eq!((ended.status, ended.out.len()), (3, 0));
    assert!(ended.err.contains("chmod 600"), "{}", ended.err);
}
