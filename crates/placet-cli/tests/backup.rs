//! Backing up a log while it is written to, losing it, and going on with the copy; and what the page on
//! running the daemon says of that.
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

use serde_json::{Value, json};

use support::daemon::{Daemon, agent, call, key};
use support::{Ended, World};

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

/// What SQLite keeps beside a log that is in use would be taken for a part of whatever log is put there.
#[test]
fn a_copy_is_two_files_also_after_it_was_read() {
    let world = World::new();
    world.run_with(&["check", "--record", "log.db"], CALL);
    std::fs::create_dir(world.path("backup")).unwrap();
    world.ok(&["log", "backup", "backup/copy.db", "--log", "log.db"]);
    let there = || {
        let found = std::fs::read_dir(world.path("backup")).unwrap();
        let mut names: Vec<String> =
            found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(there(), ["copy.db", "copy.db-key"]);
    world.ok(&["log", "verify", "--log", "backup/copy.db"]);
    world.ok(&["log", "show", "--log", "backup/copy.db"]);
    assert_eq!(there(), ["copy.db", "copy.db-key"]);
    // Gone on with, it is a log as any other.
    let ended = world.run_with(&["check", "--record", "backup/copy.db"], CALL);
    assert!(ended.out.contains("require_approval"), "{}", ended.err);
    world.ok(&["log", "verify", "--log", "backup/copy.db"]);
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

/// A daemon sends its log while it writes to it; the key file stays where it is.
#[test]
fn a_copy_of_a_daemons_log_is_checked_and_goes_on_with_its_key() {
    let world = World::new();
    world.write("policy.toml", POLICY);
    let operator = key(&world, &["--scope", "admin"]);
    let admin = key(&world, &["--scope", "admin", "--tenant", "acme"]);
    let bot = key(&world, &["--scope", "agent", "--tenant", "acme"]);
    world.run_with(&["check", "--record", "other.db"], CALL);
    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    let url = daemon.url();
    let load = std::thread::spawn(move || propose(&url, &bot));
    let [own, other] = ["placet.db", "other.db"].map(|log| world.ok(&["log", "key", "--log", log]));
    let back_up = |more: &[&str], key: &str| {
        let mut command = world.command(&[&["log", "backup", "copy.db"], more].concat());
        command.env("PLACET_URL", daemon.url()).env("PLACET_KEY", key);
        Ended::from(command.output().unwrap())
    };
    let copies = || {
        let files = std::fs::read_dir(world.path(".")).unwrap().map(Result::unwrap);
        let names = files.map(|file| file.file_name().into_string().unwrap());
        names.filter(|name| name.contains("copy")).collect::<Vec<_>>()
    };
    let by_own = ["--verifier", own.trim()];
    assert_eq!(back_up(&[], &operator).status, 2, "it cannot be checked");
    for (by, key, why) in [
        (by_own, &admin, "belongs to no tenant"),
        (["--verifier", other.trim()], &operator, "no sound copy"),
    ] {
        let refused = back_up(&by, key);
        assert!(refused.status == 3 && refused.err.contains(why), "{}", refused.err);
        assert!(copies().is_empty(), "{:?}", copies());
    }
    let done = back_up(&by_own, &operator);
    assert!(done.status == 0 && done.out.starts_with("copied "), "{}{}", done.out, done.err);
    assert!(done.out.contains("its key file stays"), "{}", done.out);
    assert_eq!(copies(), ["copy.db"]);
    let mode = world.path("copy.db").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it is for its owner only");
    let again = back_up(&by_own, &operator);
    assert!(again.err.contains("copy.db is there already"), "{}", again.err);
    daemon.kill();
    load.join().unwrap();

    world.ok(&["log", "verify", "--log", "copy.db", "--verifier", own.trim()]);
    std::fs::copy(world.path("placet.db-key"), world.path("copy.db-key")).unwrap();
    let copied = entries(&world, "copy.db");
    assert!(copied <= entries(&world, "placet.db"), "{copied}");
    world.run_with(&["check", "--record", "copy.db"], CALL);
    assert_eq!(entries(&world, "copy.db"), copied + 1);
    world.ok(&["log", "verify", "--log", "copy.db"]);
}

const POLICY: &str = "version = 1\nmode = \"enforce\"\n[actions.note]\nrisk = \"read\"\n";

/// The page on running the daemon, which has the drill and the unit of the service.
const PAGE: &str = include_str!("../../../docs/serving.md");

/// Proposes until nobody answers any more; where in the log that was acknowledged.
fn propose(url: &str, key: &str) -> Vec<u64> {
    let (agent, action) = (agent(), json!({"tool": "note"}));
    let once = || call(&agent, url, "POST", "/v1/actions", key, Some(&action)).ok();
    std::iter::from_fn(once)
        .map(|(status, text)| {
            assert_eq!(status, 200, "{text}");
            serde_json::from_str::<Value>(&text).unwrap()["log_index"].as_u64().unwrap()
        })
        .collect()
}

/// The page's own steps: a copy of a daemon's log under load, checked, put in the place of the lost
/// one, and gone on with.
#[test]
fn the_drill_of_the_page_brings_a_lost_log_back() {
    for step in [
        "placet log backup /backup/placet-$(date +%F).db --log /var/lib/placet/placet.db",
        "placet log verify --log /backup/placet-2026-11-20.db",
        "placet log prove --against kept --log placet.db",
    ] {
        assert!(PAGE.contains(step), "{step}");
    }
    let world = World::new();
    world.write("policy.toml", POLICY);
    std::fs::create_dir(world.path("backup")).unwrap();
    let operator = key(&world, &["--scope", "admin"]);
    let bot = key(&world, &["--scope", "agent", "--tenant", "acme"]);
    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    let (url, key_of_bot) = (daemon.url(), bot.clone());
    let load = std::thread::spawn(move || propose(&url, &key_of_bot));
    world.write("kept", world.ok(&["log", "checkpoint", "--log", "placet.db"]));
    world.ok(&["log", "backup", "backup/copy.db", "--log", "placet.db"]);
    let trip = json!({"scope": "all", "reason": "after the copy"});
    assert_eq!(daemon.call("POST", "/v1/kill-switches", &operator, Some(&trip)).0, 201);
    daemon.kill();
    let acknowledged = load.join().unwrap();

    let copied = entries(&world, "backup/copy.db");
    world.ok(&["log", "verify", "--log", "backup/copy.db"]);
    std::fs::create_dir(world.path("lost")).unwrap();
    for file in std::fs::read_dir(world.path(".")).unwrap().map(Result::unwrap) {
        let name = file.file_name().into_string().unwrap();
        if name.starts_with("placet.db") {
            std::fs::rename(file.path(), world.path("lost").join(name)).unwrap();
        }
    }
    for file in ["placet.db", "placet.db-key"] {
        let copy = file.replace("placet.db", "backup/copy.db");
        std::fs::copy(world.path(&copy), world.path(file)).unwrap();
    }
    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    let said = daemon.line("entries");
    assert!(said.contains(&format!("placet.db has {copied} entries")), "{said}");
    world.ok(&["log", "prove", "--against", "kept", "--log", "placet.db"]);
    // Keys are as they were, the switch is as it was not yet, and what was acknowledged before the
    // copy has its proof.
    let (_, switches) = daemon.call("GET", "/v1/kill-switches", &operator, None);
    assert!(!switches.contains("after the copy"), "{switches}");
    for index in acknowledged.iter().filter(|index| **index < copied) {
        let path = format!("/v1/log/proof?index={index}");
        assert_eq!(daemon.call("GET", &path, &operator, None).0, 200);
    }
    let (status, decided) =
        daemon.call("POST", "/v1/actions", &bot, Some(&json!({"tool": "note"})));
    assert!(status == 200 && decided.contains("\"allow\""), "{decided}");
    daemon.stop();
    world.ok(&["log", "verify", "--log", "placet.db"]);
    // Whoever kept what came later sees that it is gone.
    world.write("later", world.ok(&["log", "checkpoint", "--log", "lost/placet.db"]));
    assert_eq!(world.run(&["log", "prove", "--against", "later", "--log", "placet.db"]).status, 1);
}

/// The unit of the page starts a daemon, reloads it and stops it, and grants what the daemon needs.
#[test]
fn the_unit_of_the_page_runs_the_daemon() {
    let unit = PAGE.split("```ini\n").nth(1).unwrap().split("```").next().unwrap();
    let value = |key: &str| {
        let line = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("{key} is not in the unit"))
    };
    let world = World::new();
    world.write("policy.toml", POLICY);
    let start = value("ExecStart").split(' ').skip(1).map(|word| {
        let place = word.strip_prefix("/var/lib/placet/").or(word.strip_prefix("/etc/placet/"));
        place.unwrap_or(word)
    });
    let arguments: Vec<&str> = start.chain(["--listen", "127.0.0.1:0"]).collect();
    let mut daemon = Daemon::run(world.command(&arguments));
    let reload = value("ExecReload").strip_prefix("/bin/kill -").unwrap();
    world.write("policy.toml", POLICY.replace("note", "look"));
    daemon.signal(reload.strip_suffix(" $MAINPID").unwrap());
    daemon.line("another policy holds now");
    daemon.stop();
    let number = |key: &str| value(key).parse::<u64>().unwrap();
    let limits = placet_server::Limits::default();
    assert!(number("TimeoutStopSec") > limits.stop_time.as_secs());
    // Each connection is a descriptor; the log and its readers need some more.
    assert!(number("LimitNOFILE") >= u64::try_from(limits.connections).unwrap() + 128);
}
