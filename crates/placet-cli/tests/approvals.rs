//! People answer held actions: on a log file and at a daemon, with the same words.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../../placet/tests/support/naughty.rs"]
mod naughty;
mod support;

use std::path::Path;
use std::process::Command;

use placet::escape::ODD;
use placet::{Config, Guard, KeyScope, LogPlace, NewPerson, PolicySource};
use regex::Regex;
use serde_json::{Value, json};
use support::daemon::{Daemon, key};
use support::{Ended, World, stable};

const POLICY: &str = "version = 1\nmode = \"enforce\"\n\
    [actions.issue_refund]\nrisk = \"reversible_write\"\nvalue = \"/amount\"\nhard_cap = \"1000\"\n\
    [actions.wire]\nrisk = \"consequential\"\n\
    approval = { quorum = 2, fields = [\"why\"], least_length = 5 }\n\
    [actions.close]\nrisk = \"reversible_write\"\napproval = { groups = [\"finance\"] }\n";

const STATEMENT: &str = "I have read the ticket and the order, and the refund is right.";

/// A log with people and held actions in it, and a key for ann, who may answer.
struct Place {
    world: World,
    ann: String,
    bob: String,
    held: Vec<String>,
}

fn place(actions: &[Value]) -> Place {
    let world = World::new();
    world.write("policy.toml", POLICY);
    let lines: String = actions.iter().map(|action| format!("{action}\n")).collect();
    world.run_with(&["check", "--policy", "policy.toml", "--record", "placet.db"], lines);
    for name in ["ann", "bob"] {
        invite(&world, name);
    }
    let key_of = |name| key(&world, &["--scope", "approver", "--person", name]);
    let (ann, bob) = (key_of("ann"), key_of("bob"));
    let listed = world.ok(&["approvals", "list", "--json", "--log", "placet.db"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let id = |held: &Value| held["decision"]["approval"]["id"].as_str().unwrap().to_owned();
    let held = listed.as_array().unwrap().iter().map(id).collect();
    Place { world, ann, bob, held }
}

fn invite(world: &World, name: &str) {
    let log = LogPlace::File(world.path("placet.db"));
    let guard = Guard::open(Config { policy: PolicySource::Log, log }).unwrap();
    let new = NewPerson {
        person: name.parse().unwrap(),
        tenant: None,
        roles: [KeyScope::Approver].into(),
        groups: [].into(),
    };
    guard.blocking().invite(new).unwrap();
}

fn refund() -> Value {
    json!({
        "tool": "issue_refund", "agent": "support-bot", "tenant": "acme", "user": "u-7",
        "params": {"order": "o-1", "amount": "42.00", "lines": [1, true, {}]},
        "reason": "customer \u{202e}asked", "context": {"goal": "close the ticket"},
    })
}

/// What was printed, without what differs from run to run.
fn comparable(ended: &Ended) -> String {
    let rules = [
        (r"sha256:[0-9a-f]{64}", "sha256:<hash>"),
        (r"\b1[45]m \d\ds", "<left>"),
        (r"\b7h 59m", "<left>"),
        ("sta_[0-9a-f-]{36}", "sta_<id>"),
        (r"as entry \d+", "as entry <n>"),
        (r#""log_index":\d+"#, r#""log_index":<n>"#),
        (r"entry( +)\d+ of", "entry$1<n> of"),
    ];
    let text = stable(&ended.snapshot());
    rules.iter().fold(text, |text, (pattern, to)| {
        Regex::new(pattern).unwrap().replace_all(&text, *to).into_owned()
    })
}

/// Runs a command at the log file, in the name of ann, and at the daemon with her key.
fn at_file(place: &Place, line: &[&str]) -> Ended {
    let is_answer = ["approve", "deny"].contains(&line[1]);
    let who: &[&str] = if is_answer { &["--as", "ann"] } else { &[] };
    place.world.run(&[line, &["--log", "placet.db"], who].concat())
}

fn at_daemon(place: &Place, daemon: &Daemon, key: &str, line: &[&str]) -> Ended {
    let mut command = place.world.command(line);
    command.env("PLACET_URL", daemon.url()).env("PLACET_KEY", key);
    Ended::from(command.output().unwrap())
}

fn words(line: &[String]) -> Vec<&str> {
    line.iter().map(String::as_str).collect()
}

#[test]
fn every_command_says_the_same_on_a_file_and_at_a_daemon() {
    let long = json!({"tool": "issue_refund", "params": {"amount": "1", "note": "x".repeat(300)}});
    let actions = [refund(), refund(), long, json!({"tool": "wire"}), json!({"tool": "close"})];
    let (file, held) = (place(&actions), place(&actions));
    let daemon = Daemon::start(&held.world, &[]);
    let story: &[(usize, &[&str])] = &[
        (0, &["list"]),
        (0, &["list", "--json"]),
        (0, &["show", "ID"]),
        (0, &["show", "ID", "--json"]),
        (2, &["show", "ID"]),
        (0, &["approve", "ID"]),
        (0, &["approve", "ID", "--statement", "too short", "--owner", "ann"]),
        (0, &["approve", "ID", "--statement", STATEMENT, "--owner", "ann", "--field", "x=y"]),
        (0, &["approve", "ID", "--statement", STATEMENT, "--owner", "ann"]),
        (0, &["approve", "ID", "--statement", STATEMENT, "--owner", "ann"]),
        (0, &["show", "ID"]),
        (
            1,
            &["approve", "ID", "--statement", STATEMENT, "--owner", "ann", "--params", "less.json"],
        ),
        (2, &["deny", "ID"]),
        (2, &["deny", "ID", "--reason", "not this one"]),
        (2, &["deny", "ID", "--reason", "again", "--json"]),
        (3, &["approve", "ID", "--field", "why=it is due", "--json"]),
        (3, &["approve", "ID", "--field", "why=it is due"]),
        (4, &["approve", "ID", "--statement", STATEMENT, "--owner", "ann"]),
    ];
    for place in [&file, &held] {
        place.world.write("less.json", r#"{"order": "o-1", "amount": "12.00"}"#);
    }
    let mut told = String::new();
    for (index, line) in story {
        let of = |place: &Place| -> Vec<String> {
            let id = &place.held[*index];
            ["approvals"].iter().chain(*line).map(|word| word.replace("ID", id)).collect()
        };
        let at_file = at_file(&file, &words(&of(&file)));
        let at_daemon = at_daemon(&held, &daemon, &held.ann, &words(&of(&held)));
        assert_eq!(comparable(&at_file), comparable(&at_daemon), "{line:?}");
        told.push_str(&format!("$ {}\n{}\n", line.join(" "), comparable(&at_file)));
    }
    // The second of two people makes the quorum.
    let second = ["approvals", "approve", &held.held[3], "--field", "why=it is due"];
    let ended = at_daemon(&held, &daemon, &held.bob, &second);
    assert!(ended.status == 0 && ended.out.contains("it may run"), "{}{}", ended.out, ended.err);
    // What nobody asked for is told in the same words as well.
    let never = ["approvals", "deny", "apr_0198c2f4-0000-7000-8000-000000000001", "--reason", "no"];
    let (file, held) = (at_file(&file, &never), at_daemon(&held, &daemon, &held.ann, &never));
    assert_eq!(comparable(&file), comparable(&held));
    assert!(file.status == 1 && file.err.contains("there is no approval apr_"), "{}", file.err);
    daemon.stop();
    insta::assert_snapshot!(told);
}

#[test]
fn what_stands_is_given_listed_and_taken_back_on_a_file_and_at_a_daemon() {
    let (file, held) = (place(&[refund()]), place(&[refund()]));
    let daemon = Daemon::start(&held.world, &[]);
    let id = |place: &Place| place.held[0].clone();
    let approve = |place: &Place, more: &[&str]| -> Vec<String> {
        let id = id(place);
        let line = [
            "approvals",
            "approve",
            &id,
            "--statement",
            STATEMENT,
            "--owner",
            "ann",
            "--for",
            "8h",
        ];
        line.iter().chain(more).map(|word| (*word).to_owned()).collect()
    };
    let revoke = |place: &Place| -> Vec<String> {
        let listed = place.world.ok(&["approvals", "standing", "--json", "--log", "placet.db"]);
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let id = listed[0]["id"].as_str().unwrap_or("sta_00000000-0000-7000-8000-000000000000");
        ["approvals", "revoke", id, "--reason", "enough"].map(str::to_owned).into()
    };
    let plain = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    type Line<'a> = &'a dyn Fn(&Place) -> Vec<String>;
    let story: [Line<'_>; 8] = [
        &|_| plain(&["approvals", "standing"]),
        &|place| approve(place, &["--stand", "/nowhere"]),
        &|place| approve(place, &["--stand", "/order", "--uses", "0"]),
        &|place| approve(place, &["--stand", "/order", "--stand", "/lines", "--uses", "3"]),
        &|_| plain(&["approvals", "standing"]),
        &|_| plain(&["approvals", "standing", "--json"]),
        &revoke,
        &|_| plain(&["approvals", "standing"]),
    ];
    let mut told = String::new();
    for line in story {
        let at_file = at_file(&file, &words(&line(&file)));
        let at_daemon = at_daemon(&held, &daemon, &held.ann, &words(&line(&held)));
        assert_eq!(comparable(&at_file), comparable(&at_daemon), "{:?}", line(&file));
        told.push_str(&format!("$ {}\n{}\n", line(&file)[1], comparable(&at_file)));
    }
    daemon.stop();
    insta::assert_snapshot!(told);
}

#[test]
fn who_answers_is_said_once_and_never_to_a_daemon() {
    let held = place(&[refund()]);
    let id = held.held[0].as_str();
    let deny = ["approvals", "deny", id, "--reason", "no"];
    let nobody = held.world.run(&[&deny[..], &["--log", "placet.db"]].concat());
    assert!(nobody.status == 2 && nobody.err.contains("--as"), "{}", nobody.err);
    let agent = key(&held.world, &["--scope", "agent", "--tenant", "acme"]);
    let unbound = key(&held.world, &["--scope", "approver"]);
    let daemon = Daemon::start(&held.world, &[]);
    let claimed = at_daemon(&held, &daemon, &held.ann, &[&deny[..], &["--as", "bob"]].concat());
    assert!(claimed.status == 2 && claimed.err.contains("the key says"), "{}", claimed.err);
    for key in [&agent, &unbound] {
        let ended = at_daemon(&held, &daemon, key, &deny);
        assert_eq!(ended.status, 1, "{}", ended.err);
    }
    let listed = at_daemon(&held, &daemon, &held.ann, &["approvals", "list"]);
    assert!(listed.out.contains(id), "it still waits: {}", listed.out);
    daemon.stop();
}

#[test]
fn what_is_no_params_is_refused_before_anything_is_answered() {
    let held = place(&[refund()]);
    let id = held.held[0].as_str();
    held.world.write("list.json", "[1]");
    held.world.write("broken.json", "{\"amount\": 1, \"amount\": 2}");
    for file in ["list.json", "broken.json", "missing.json"] {
        let line = ["approvals", "approve", id, "--statement", STATEMENT, "--owner", "ann"];
        let ended = at_file(&held, &[&line[..], &["--params", file]].concat());
        assert!(ended.status == 3 && ended.err.contains(file), "{file}: {}", ended.err);
    }
    let listed = held.world.ok(&["approvals", "list", "--log", "placet.db"]);
    assert!(listed.contains(id), "{listed}");
}

#[test]
fn what_an_agent_wrote_reaches_no_terminal_as_it_is() {
    let nasty = "\u{1b}[2J\u{202e}\u{200b}\r";
    let action = json!({
        "tool": "issue_refund", "agent": "bot", "params": {"amount": "1", nasty: nasty},
        "reason": nasty, "context": {"a": nasty},
    });
    let held = place(&[action]);
    for line in [&["approvals", "list"][..], &["approvals", "show", &held.held[0]]] {
        let ended = at_file(&held, line);
        assert_eq!(ended.status, 0, "{}", ended.err);
        let raw = ended.out.chars().find(|c| nasty.contains(*c) && !"[2J".contains(*c));
        assert_eq!(raw, None, "{}", ended.out);
    }
    let shown = at_file(&held, &["approvals", "show", &held.held[0]]).out;
    assert!(shown.contains("<U+202E>") && shown.contains("\\u001b"), "{shown}");
}

#[test]
fn every_naughty_string_is_shown_as_what_it_is() {
    let send =
        |texts: &[String]| json!({"tool": "issue_refund", "params": {"all": texts, "amount": "1"}});
    let actions: Vec<Value> = naughty::all().chunks(60).map(send).collect();
    let held = place(&actions);
    for id in &held.held {
        let shown = at_file(&held, &["approvals", "show", id]);
        let raw = shown.out.chars().find(|character| naughty::is_raw(*character));
        assert!(shown.status == 0 && raw.is_none(), "{raw:?} {}", shown.err);
    }
    let mut odd = [naughty::deceptive(), naughty::odd_tricks()].concat();
    odd.push("аррӏе.com".to_owned());
    // What JSON escapes shows what it is.
    odd.retain(|text| !text.is_ascii());
    let held = place(&[send(&odd)]);
    let shown = at_file(&held, &["approvals", "show", &held.held[0]]).out;
    let said = shown.lines().filter(|line| line.starts_with("  /all/") && line.ends_with(ODD));
    assert_eq!(said.count(), odd.len(), "{shown}");
    let plain = ["größer", "Привет, а мир\nа", "42 €", "返金"].map(str::to_owned);
    let held = place(&[send(&plain)]);
    let shown = at_file(&held, &["approvals", "show", &held.held[0]]).out;
    assert!(!shown.contains("<U+") && !shown.contains(ODD), "{shown}");
}

/// Runs `watch` on a real terminal; how it ended.
fn on_a_terminal(place: &Place, daemon: &Daemon, steps: &[&str]) -> Ended {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/terminal.py");
    let watch = [env!("CARGO_BIN_EXE_placet"), "approvals", "watch"];
    let mut command = Command::new("python3");
    command.arg(script).args(steps).arg("--").args(watch).current_dir(place.world.path(""));
    command.env("PLACET_URL", daemon.url()).env("PLACET_KEY", &place.ann);
    command.env("TERM", "xterm-256color").env_remove("COLUMNS");
    Ended::from(command.output().unwrap())
}

#[test]
fn a_person_approves_on_a_real_terminal() {
    let held = place(&[json!({"tool": "issue_refund", "params": {"amount": "42.00"}})]);
    let daemon = Daemon::start(&held.world, &[]);
    let statement = format!("type:{STATEMENT}\\r");
    let ended = on_a_terminal(
        &held,
        &daemon,
        &[
            "see:1 action waits",
            "type:      ",
            "type:a",
            "see:verbatim_response",
            &statement,
            "type:Ann\\r",
            "type:approve\\r",
            "see:nothing waits for people",
            "type:q",
        ],
    );
    assert_eq!((ended.status, ended.out.trim()), (0, "0"), "{}", ended.err);
    let approve = ["approvals", "deny", &held.held[0], "--reason", "no"];
    let after = at_daemon(&held, &daemon, &held.ann, &approve);
    assert!(after.out.contains("is approved already"), "{}{}", after.out, after.err);
    daemon.stop();
}

#[test]
fn ctrl_c_gives_the_terminal_back() {
    let held = place(&[refund()]);
    let daemon = Daemon::start(&held.world, &[]);
    let steps = ["see:1 action waits", "type:\\x03"];
    let ended = on_a_terminal(&held, &daemon, &steps);
    assert_eq!((ended.status, ended.out.trim()), (0, "130"), "{}", ended.err);
    let listed = at_daemon(&held, &daemon, &held.ann, &["approvals", "list"]);
    assert!(listed.out.contains(&held.held[0]), "nothing was answered");
    daemon.stop();
    let nowhere = held.world.run(&["approvals", "watch", "--url", "http://127.0.0.1:1"]);
    assert!(nowhere.status == 2 && nowhere.err.contains("terminal"), "{}", nowhere.err);
}
