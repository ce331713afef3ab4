//! The commands on a log: what they show, prove, change and refuse.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::Value;
use support::{World, stable};

const POLICY: &str = r#"
version = 1
[actions.get_order]
risk = "read"
[actions.issue_refund]
risk = "reversible_write"
value = "/amount"
auto_cap = "100"
hard_cap = "1000"
max_state = "supervised"
[graduation.supervised]
pass_rate = 0.95
min_samples = 50
"#;

const CALLS: &str = r#"{"tool": "get_order", "params": {"order": "o-1"}, "agent": "support-bot"}
{"tool": "issue_refund", "params": {"order": "o-1", "amount": "42.00"}, "agent": "support-bot", "user": "u-7", "reason": "customer asked \u202eylecin"}
{"tool": "issue_refund", "params": {"order": "o-1", "amount": "4200"}, "agent": "support-bot"}
"#;

/// A log with four entries: the policy and three decisions.
fn world() -> World {
    let world = World::new();
    world.write("policy.toml", POLICY);
    let ended = world.run_with(&["check", "--policy", "policy.toml", "--record", "log.db"], CALLS);
    assert_eq!(ended.status, 0, "{}", ended.err);
    world
}

/// Runs commands on the log one after the other, and shows each with what it said.
fn story(world: &World, commands: &[&str]) -> String {
    let run = |line: &&str| {
        let arguments: Vec<&str> = line.split(' ').chain(["--log", "log.db"]).collect();
        format!("$ placet {line}\n{}", world.run(&arguments).snapshot())
    };
    commands.iter().map(run).collect::<Vec<_>>().join("\n")
}

#[test]
fn showing() {
    let world = world();
    insta::assert_snapshot!(story(
        &world,
        &[
            "log show",
            "log show --from 2 --limit 1",
            "log show --from 3 --json",
            "log show --from 99"
        ]
    ));
}

#[test]
fn showing_one_action() {
    let world = world();
    let entry: Value = serde_json::from_str(
        &world.ok(&["log", "show", "--log", "log.db", "--from", "2", "--limit", "1", "--json"]),
    )
    .unwrap();
    let id = entry.pointer("/event/decided/id").unwrap().as_str().unwrap();
    let shown = world.ok(&["log", "show", "--log", "log.db", "--action", id]);
    insta::assert_snapshot!(stable(&shown));
    let json: Value = serde_json::from_str(
        &world.ok(&["log", "show", "--log", "log.db", "--action", id, "--json"]),
    )
    .unwrap();
    assert_eq!((&json["status"], &json["entries"][0]["index"]), (&"pending".into(), &2.into()));
    let other = world.run(&[
        "log",
        "show",
        "--log",
        "log.db",
        "--action",
        "act_01999999-0000-7000-8000-000000000000",
    ]);
    assert_eq!(other.status, 1);
    assert_eq!(world.run(&["log", "show", "--log", "log.db", "--action", "17"]).status, 2);
}

#[test]
fn following() {
    let world = world();
    let mut command = world.command(&["log", "show", "--log", "log.db", "--follow", "--json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    assert!(lines.by_ref().take(4).last().unwrap().contains("\"index\":3"));
    world.ok(&["kill", "trip", "all", "--reason", "stop", "--log", "log.db"]);
    assert!(lines.next().unwrap().contains("tripped"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn switches() {
    let world = world();
    insta::assert_snapshot!(story(
        &world,
        &[
            "kill list",
            "kill trip agent:support-bot --reason loop --by ann",
            "kill trip agent:support-bot --reason again",
            "kill list",
            "kill list --json",
            "kill reset agent:support-bot --reason fixed --json",
            "kill reset agent:support-bot --reason fixed",
            "kill trip support-bot --reason loop",
        ]
    ));
    world.ok(&["kill", "trip", "tool:get_order", "--reason", "stop", "--log", "log.db"]);
    let ended = world.run_with(&["check", "--record", "log.db"], "{\"tool\": \"get_order\"}");
    assert!(ended.out.contains("\"verdict\":\"block\"") && ended.out.contains("kill_switch"));
}

#[test]
fn evidence_and_autonomy() {
    let world = world();
    insta::assert_snapshot!(story(
        &world,
        &[
            "autonomy",
            "evidence report --class issue_refund --source evals --passed 40 --failed 0",
            "autonomy",
            "evidence report --class issue_refund --source evals --passed 20 --failed 1 --json",
            "autonomy --json",
            "evidence report --class refunds --source evals --passed 1 --failed 0",
            "evidence report --class issue_refund --source evals --passed 1",
            "evidence report --class issue_refund --source evals --passed 0 --failed 0",
        ]
    ));
}

#[test]
fn verifying_and_proving() {
    let world = world();
    let key = world.ok(&["log", "key", "--log", "log.db"]);
    world.write("kept", world.ok(&["log", "checkpoint", "--log", "log.db"]));
    insta::assert_snapshot!(story(
        &world,
        &[
            "log verify",
            "log verify --json",
            "log key",
            "log checkpoint",
            "log prove 2 --out receipt.json",
            "log prove 9",
            "log prove",
            "kill trip all --reason stop",
            "log prove --against kept --out proof.json",
            "log verify --against kept",
            "log rebuild",
            "log export tiles",
            "log export tiles --json",
        ]
    ));
    let check = |file: &str, key: &str| {
        world.run(&["log", "prove", "--receipt", file, "--verifier", key.trim()])
    };
    let held = check("receipt.json", &key);
    assert!(held.status == 0 && held.out.contains("entry 2 of"), "{}{}", held.out, held.err);
    world.write("forged.json", world.read("receipt.json").replace("require_approval", "allow"));
    let forged = check("forged.json", &key);
    assert!(forged.status == 1 && forged.err.contains("does not hold"), "{}", forged.err);
    let proof: Value = serde_json::from_str(&world.read("proof.json")).unwrap();
    assert_eq!((&proof["old"]["size"], &proof["new"]["size"]), (&4.into(), &6.into()));
    assert!(world.path("tiles/checkpoint").exists() && world.path("tiles/tile/0/000.p/6").exists());
}

#[test]
fn a_receipt_opens_the_private_part_only_when_asked_to() {
    let world = world();
    let prove =
        |extra: &[&str]| world.ok(&[&["log", "prove", "2", "--log", "log.db"], extra].concat());
    assert!(!prove(&[]).contains("o-1"));
    assert!(prove(&["--open"]).contains("o-1"));
}

#[test]
fn another_key_verifies_nothing() {
    let (world, other) = (world(), world());
    let key = other.ok(&["log", "key", "--log", "log.db"]);
    let ended = world.run(&["log", "verify", "--log", "log.db", "--verifier", key.trim()]);
    assert_eq!(ended.status, 1);
    assert!(ended.out.contains("not to be trusted"), "{}", ended.out);
    assert_eq!(
        world.run(&["log", "verify", "--log", "log.db", "--verifier", "nonsense"]).status,
        2
    );
}

#[test]
fn the_public_key_is_enough_to_verify() {
    let world = world();
    let key = world.ok(&["log", "key", "--log", "log.db"]);
    std::fs::remove_file(world.path("log.db-key")).unwrap();
    world.ok(&["log", "verify", "--log", "log.db", "--verifier", key.trim()]);
    insta::assert_snapshot!(world.run(&["log", "verify", "--log", "log.db"]).snapshot());
}

#[test]
fn erasing() {
    let world = world();
    insta::assert_snapshot!(story(
        &world,
        &[
            "log erase 2 --reason asked --by ann",
            "log show --from 2",
            "log verify",
            "log erase 0 --reason x",
            "log erase 77 --reason x"
        ]
    ));
    let bytes = ["log.db", "log.db-wal"]
        .map(|name| std::fs::read(world.path(name)).unwrap_or_default())
        .concat();
    assert!(
        !String::from_utf8_lossy(&bytes).contains("ylecin"),
        "the erased reason is still on the disk"
    );
}

#[test]
fn a_log_that_is_not_there_is_never_made_by_looking_at_it() {
    let world = World::new();
    for command in [
        "log show",
        "log verify",
        "log checkpoint",
        "log key",
        "log rebuild",
        "log prove 1",
        "log export x",
        "kill list",
        "autonomy",
        "log erase 1 --reason x",
        "kill trip all --reason x",
        "evidence report --class c --source s --passed 1 --failed 0",
    ] {
        let arguments: Vec<&str> = command.split(' ').chain(["--log", "none.db"]).collect();
        let ended = world.run(&arguments);
        assert_eq!(ended.status, 3, "{command}: {}", ended.err);
        assert!(ended.err.contains("there is no log at none.db"), "{command}: {}", ended.err);
        assert!(std::fs::read_dir(world.path(".")).unwrap().next().is_none(), "{command}");
    }
}

#[test]
fn another_programs_file_is_left_alone() {
    let world = World::new();
    world.write("notes.txt", "dear diary, this is not a database at all, and longer than a header of one hundred bytes would be");
    for command in ["log verify", "log show", "kill trip all --reason x"] {
        let arguments: Vec<&str> = command.split(' ').chain(["--log", "notes.txt"]).collect();
        let ended = world.run(&arguments);
        assert!(ended.status == 1 || ended.status == 3, "{command}");
        assert!(ended.err.starts_with("error: "), "{command}: {}", ended.err);
    }
    assert!(world.read("notes.txt").starts_with("dear diary"));
}

#[test]
fn a_second_process_is_refused_and_told_who_is_first() {
    let world = world();
    let mut command = world.command(&["check", "--record", "log.db"]);
    let mut first =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = first.stdin.take().unwrap();
    input.write_all(b"{\"tool\": \"get_order\"}\n").unwrap();
    let mut output = BufReader::new(first.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    let refused = world.run(&["kill", "trip", "all", "--reason", "stop", "--log", "log.db"]);
    insta::assert_snapshot!(refused.snapshot());
    assert!(refused.err.contains(&format!("process {}", first.id())), "{}", refused.err);
    // Whoever only looks is let in.
    for command in [
        "log show",
        "log verify",
        "log checkpoint",
        "log prove 1",
        "log export tiles",
        "kill list",
        "autonomy",
    ] {
        let arguments: Vec<&str> = command.split(' ').chain(["--log", "log.db"]).collect();
        world.ok(&arguments);
    }
    drop(input);
    assert!(first.wait().unwrap().success());
}

#[test]
fn the_log_can_be_named_once_for_all() {
    let world = world();
    let output = world.command(&["log", "verify"]).env("PLACET_LOG", "log.db").output().unwrap();
    assert!(output.status.success());
    assert_eq!(world.run(&["log", "verify"]).status, 2);
}

#[test]
fn with_json_every_error_is_json() {
    let world = world();
    for (arguments, status) in [
        (&["log", "verify", "--json", "--log", "none.db"][..], 3),
        (&["log", "prove", "99", "--json", "--log", "log.db"], 1),
        (&["log", "verfy", "--json"], 2),
        (&["kill", "reset", "all", "--reason", "x", "--json", "--log", "log.db"], 1),
        (&["check", "none.jsonl", "--json"], 3),
    ] {
        let ended = world.run(arguments);
        let error: Value = serde_json::from_str(&ended.err)
            .unwrap_or_else(|_| panic!("{arguments:?}: {}", ended.err));
        assert_eq!((ended.status, &error["status"]), (status, &status.into()), "{arguments:?}");
        assert!(error["error"].as_str().is_some_and(|text| !text.is_empty()));
        assert!(ended.out.is_empty());
    }
}

#[test]
fn each_switch_stops_what_it_names_and_nothing_else() {
    let world = World::new();
    world.write("policy.toml", "version = 1\n[actions.\"*\"]\nrisk = \"read\"\n");
    let calls = [("a", "bot", "read_it"), ("a", "cat", "show_it"), ("b", "bot", "show_it")];
    let input: String = calls
        .iter()
        .map(|(tenant, agent, tool)| {
            format!("{{\"tool\": \"{tool}\", \"tenant\": \"{tenant}\", \"agent\": \"{agent}\"}}\n")
        })
        .collect();
    let stopped = || {
        let ended =
            world.run_with(&["check", "--policy", "policy.toml", "--record", "log.db"], &input);
        let is_blocked = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap();
            value["verdict"] == "block"
        };
        ended.out.lines().map(is_blocked).collect::<Vec<_>>()
    };
    assert_eq!(stopped(), [false, false, false]);
    for (scope, expected) in [
        ("all", [true, true, true]),
        ("tenant:a", [true, true, false]),
        ("agent:bot", [true, false, true]),
        ("tool:show_it", [false, true, true]),
    ] {
        world.ok(&["kill", "trip", scope, "--reason", "stop", "--log", "log.db"]);
        assert_eq!(stopped(), expected, "{scope}");
        world.ok(&["kill", "reset", scope, "--reason", "go", "--log", "log.db"]);
        assert_eq!(stopped(), [false, false, false], "{scope}");
    }
    world.ok(&["log", "verify", "--log", "log.db"]);
}

#[test]
fn one_command_makes_damaged_projections_again() {
    let world = world();
    let shown = || world.ok(&["log", "show", "--log", "log.db", "--json"]);
    let before = shown();
    for damage in [
        "DELETE FROM actions",
        "UPDATE actions SET verdict = 'allow'",
        "INSERT INTO switches (entry, at, scope, reason) VALUES (2, 0, 'all', 'nobody did')",
    ] {
        let connection = rusqlite::Connection::open(world.path("log.db")).unwrap();
        assert!(connection.execute(damage, []).unwrap() > 0);
        drop(connection);
        let found = world.run(&["log", "verify", "--log", "log.db"]);
        assert_eq!(found.status, 1, "{damage}");
        assert!(found.out.contains("rebuild the projections"), "{damage}: {}", found.out);
        world.ok(&["log", "rebuild", "--log", "log.db"]);
        world.ok(&["log", "verify", "--log", "log.db"]);
        assert!(shown() == before, "{damage}");
    }
}

#[test]
fn every_decision_has_a_receipt_that_holds_without_the_log() {
    let world = world();
    let key = world.ok(&["log", "key", "--log", "log.db"]);
    for index in ["0", "1", "2", "3"] {
        let file = format!("{index}.json");
        world.ok(&["log", "prove", index, "--out", &file, "--log", "log.db"]);
    }
    for name in ["log.db", "log.db-wal", "log.db-shm", "log.db-key", "log.db-lock"] {
        drop(std::fs::remove_file(world.path(name)));
    }
    for index in ["0", "1", "2", "3"] {
        let file = format!("{index}.json");
        let said = world.ok(&["log", "prove", "--receipt", &file, "--verifier", key.trim()]);
        assert!(said.contains(&format!("entry {index} of")), "{said}");
    }
}

#[test]
fn no_secret_is_written_anywhere() {
    let secrets = [
        "AKIAIOSFODNN7EXAMPLE",
        "4111111111111111",
        "bm90IGEga2V5bm90IGEga2V5",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.bm90LWEtc2lnbmF0dXJl",
        "DE02120300000000202051",
    ];
    let [key, card, private, token, iban] = secrets;
    let world = World::new();
    let policy = "version = 1\n[actions.pay]\nrisk = \"consequential\"\nsecret = [\"/iban\"]\n";
    world.write("policy.toml", policy);
    let input = format!(
        r#"{{"tool": "pay", "reason": "with {key}", "context": {{"deep": ["{token}"]}}, "params":
         {{"card": "{card}", "iban": "{iban}", "a": {{"b": "-----BEGIN PRIVATE KEY-----\n{private}\n-----END PRIVATE KEY-----"}}}}}}"#
    )
    .replace("\n ", " ");
    let arguments = ["check", "--policy", "policy.toml", "--record", "log.db"];
    let mut child =
        world.command(&arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    world.ok(&["log", "export", "tiles", "--log", "log.db"]);
    world.ok(&["log", "prove", "1", "--open", "--out", "receipt.json", "--log", "log.db"]);
    let mut folders = vec![world.path(".")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = [std::fs::read(&path).unwrap(), output.stdout.clone()].concat();
            let text = String::from_utf8_lossy(&bytes);
            let found = secrets.iter().find(|secret| text.contains(**secret));
            assert_eq!(found, None, "{}", path.display());
        }
    }
    assert!(files > 4 && world.read("receipt.json").contains("redacted"), "{files}");
}

#[test]
fn with_json_every_result_is_json_one_value_a_line() {
    let world = world();
    world.write("names.json", "[\"get_order\"]");
    for line in [
        "init --tools names.json --output new.toml",
        "policy lint policy.toml",
        "policy schema",
        "policy show --log log.db",
        "classify get_order",
        "check --policy policy.toml",
        "kill trip all --reason x --log log.db",
        "kill list --log log.db",
        "kill reset all --reason x --log log.db",
        "evidence report --class issue_refund --source evals --passed 4 --failed 0 --log log.db",
        "autonomy --log log.db",
        "log show --log log.db",
        "log verify --log log.db",
        "log checkpoint --log log.db",
        "log key --log log.db",
        "log prove 2 --log log.db",
        "log export tiles --log log.db",
        "log erase 2 --reason x --log log.db",
        "log rebuild --log log.db",
        "log backup copy.db --log log.db",
        "key list --log log.db",
        "people list --log log.db",
        "approvals list --log log.db",
        "approvals standing --log log.db",
        "report --log log.db",
        "completions bash",
        "man pages",
        "reference",
        "openapi",
    ] {
        let arguments: Vec<&str> = line.split(' ').chain(["--json"]).collect();
        let ended = world.run_with(&arguments, "{\"tool\": \"get_order\"}\n");
        assert_eq!((ended.status, ended.err.as_str()), (0, ""), "{line}");
        assert!(!ended.out.is_empty(), "{line}");
        for shown in ended.out.lines() {
            assert!(serde_json::from_str::<Value>(shown).is_ok(), "{line}: {shown:.80}");
        }
    }
}
