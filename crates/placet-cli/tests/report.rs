//! `placet report`: what it counts, what it suggests, and that nothing an agent says gets through it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use regex::Regex;
use serde_json::{Value, json};
use support::daemon::{Daemon, key};
use support::{Ended, World};
use toml::Table;

/// A time before everything, so that two reports are about the same.
const ALL: [&str; 4] = ["--since", "2020-01-01T00:00:00Z", "--until", "2999-01-01T00:00:00Z"];

const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "</style></pre><svg onload=alert(3)>",
    "\"'><img src=x onerror=alert(2)>",
    "*",
    "get_*",
    "get_\u{202e}weather",
    "issue_ref\u{57d}nd",
    "x]\n",
];

const REFUNDS: &str = "version = 1\nmode = \"enforce\"\n\
    [actions.issue_refund]\nrisk = \"reversible_write\"\nvalue = \"/amount\"\n\
    hard_cap = \"1000\"\nmax_state = \"manual\"\n";

/// `text` without what differs from run to run.
fn stable(text: &str) -> String {
    let minute = Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d").unwrap();
    minute.replace_all(&support::stable(text), "<minute>").into_owned()
}

/// The example of a day, in shadow.
fn shadow() -> World {
    let world = World::with_example();
    let policy = world.read("policy.toml").replace("mode = \"enforce\"", "mode = \"shadow\"");
    world.write("policy.toml", policy);
    record(&world, "placet.db");
    world
}

fn record(world: &World, log: &str) -> Vec<Value> {
    let decided = world.ok(&[
        "check",
        "trace.jsonl",
        "--policy",
        "policy.toml",
        "--evidence",
        "evidence.jsonl",
        "--record",
        log,
    ]);
    decided.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A log of these calls under a policy.
fn world(policy: &str, calls: &[Value]) -> World {
    let world = World::new();
    world.write("policy.toml", policy);
    let lines: String = calls.iter().map(|call| format!("{call}\n")).collect();
    let ended =
        world.run_with(&["check", "--policy", "policy.toml", "--record", "placet.db"], lines);
    assert!(ended.err.contains("recorded"), "{}", ended.err);
    world
}

fn report(world: &World, more: &[&str]) -> String {
    world.ok(&[&["report", "--log", "placet.db"], &ALL[..], more].concat())
}

fn json_of(world: &World, more: &[&str]) -> Value {
    serde_json::from_str(&report(world, &[more, &["--json"]].concat())).unwrap()
}

fn sum(rows: &Value, field: &str) -> u64 {
    rows.as_array().unwrap().iter().map(|row| row[field].as_u64().unwrap()).sum()
}

#[test]
fn a_day_in_shadow() {
    insta::assert_snapshot!(stable(&report(&shadow(), &[])));
}

#[test]
fn every_group_has_all_decisions() {
    let world = shadow();
    let report = json_of(&world, &[]);
    let totals = &report["totals"];
    for rows in ["tools", "agents"] {
        for field in ["calls", "allowed", "held", "blocked", "not_stopped"] {
            assert_eq!(json!(sum(&report[rows], field)), totals[field], "{rows} {field}");
        }
    }
    assert_eq!(json!(sum(&report["over_time"], "held")), totals["held"]);
    assert_eq!(totals["calls"], 332);
    let stopped = totals["held"].as_u64().unwrap() + totals["blocked"].as_u64().unwrap();
    assert_eq!(totals["not_stopped"], stopped, "in shadow nobody is stopped");
    assert_eq!(report["modes"], json!(["shadow"]));
    // Whoever is asked about is counted as in the whole.
    let refunds = json_of(&world, &["--tool", "issue_refund"]);
    let row = report["tools"].as_array().unwrap().iter().find(|row| row["name"] == "issue_refund");
    assert_eq!(refunds["totals"]["held"], row.unwrap()["held"]);
    let bot = json_of(&world, &["--agent", "deploy-bot", "--tenant", "fernhill"]);
    assert_eq!(bot["agents"].as_array().unwrap().len(), 1);
    assert_eq!(json_of(&world, &["--tenant", "nobody"])["totals"]["calls"], 0);
}

/// Puts lines into a policy as a person would.
fn put(into: &mut Table, lines: Table) {
    for (key, value) in lines {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(lines)) => put(inner, lines),
            (Some(toml::Value::Array(all)), toml::Value::Array(lines)) => {
                let line = lines[0].as_table().unwrap().clone();
                let same = |each: &&mut toml::Value| each.get("name") == line.get("name");
                put(all.iter_mut().find(same).unwrap().as_table_mut().unwrap(), line);
            }
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

fn real(decision: &Value) -> &str {
    decision.get("would_have").unwrap_or(&decision["verdict"]).as_str().unwrap()
}

#[test]
fn each_suggestion_is_sound_and_changes_as_many_calls_as_it_says() {
    let world = shadow();
    let policy = world.read("policy.toml");
    let before = record(&world, "before.db");
    let report = json_of(&world, &[]);
    let suggestions = report["suggestions"].as_array().unwrap();
    let mut tried = 0;
    for suggestion in suggestions {
        let mut table: Table = policy.parse().unwrap();
        put(&mut table, suggestion["lines"].as_str().unwrap().parse().unwrap());
        world.write("policy.toml", toml::to_string(&table).unwrap());
        world.ok(&["policy", "lint"]);
        let changes = suggestion["would_run"].as_u64().unwrap()
            + suggestion["would_be_held"].as_u64().unwrap();
        if suggestion.get("once").is_some() || changes == 0 {
            continue;
        }
        tried += 1;
        let after = record(&world, &format!("after-{tried}.db"));
        let count = |from: &[&str], to: &str| {
            let pairs = before.iter().zip(&after);
            let moved = pairs.filter(|(old, new)| from.contains(&real(old)) && real(new) == to);
            u64::try_from(moved.count()).unwrap()
        };
        let run = count(&["require_approval", "block"], "allow");
        let held = count(&["block"], "require_approval");
        let said = |field: &str| suggestion[field].as_u64().unwrap();
        match suggestion["precision"].as_str().unwrap() {
            "exact" => {
                assert_eq!((run, held), (said("would_run"), said("would_be_held")), "{suggestion}");
            }
            "at_most" => {
                assert!(run <= said("would_run") && run > 0, "{run} of {suggestion}");
            }
            _ => assert!(run >= said("would_run"), "{run} of {suggestion}"),
        }
    }
    assert!(tried >= 5 && suggestions.len() > tried, "{tried} of {}", suggestions.len());
}

#[test]
fn tools_that_nobody_knows() {
    let call = |tool: &str, params: Value| json!({"tool": tool, "agent": "bot", "params": params});
    let calls = [
        call("get_weather", json!({"sql": "SELECT 1"})),
        call("run_query", json!({"sql": "SELECT 2"})),
        call("get_things", json!({"sql": "DELETE FROM things"})),
        call("delete_things", json!({})),
    ];
    let world = world("version = 1\nmode = \"shadow\"\nunclassified = \"block\"\n", &calls);
    insta::assert_snapshot!(stable(&report(&world, &[])));
}

#[test]
fn what_an_agent_is_called_is_only_text() {
    let calls = HOSTILE.iter().flat_map(|name| {
        let params = json!({"note": "SECRET-PARAM", "query": "DELETE FROM secret_table"});
        let by = json!({"tool": "fetch", "agent": name, "params": params});
        [json!({"tool": name, "agent": "bot", "params": params, "reason": "SECRET-REASON"}), by]
    });
    let world = World::new();
    world.write("policy.toml", "version = 1\nmode = \"shadow\"\n");
    let lines: String = calls.map(|call| format!("{call}\n")).collect();
    world.run_with(&["check", "--policy", "policy.toml", "--record", "placet.db"], lines);
    let text = report(&world, &["--html", "page.html"]);
    let (text, page) = (format!("{text}{}", report(&world, &[])), world.read("page.html"));
    let json = report(&world, &["--json"]);
    for written in [&text, &page, &json] {
        assert!(!written.contains("SECRET") && !written.contains("secret_table"), "{written}");
    }
    assert!(!text.contains('\u{202e}') && text.contains("get_<U+202E>weather"), "{text}");
    assert!(text.contains("issue_ref<U+057D>nd: "), "{text}");
    // Every tag of the page is one of the template's, with attributes of the template's, and none of
    // them can do anything.
    let tags = Regex::new("<([^>]*)>").unwrap();
    let known = Regex::new(
        "^(!doctype html|/?(html|head|title|style|body|main|meta|h1|h2|p|ul|ol|li|b|svg|line|g|rect|\
         span|details|summary|div|table|thead|tbody|tr|th|td|bdi|a|pre)\
         ( (lang|charset|http-equiv|content|name|class|id|viewBox|role|tabindex|scope|href|x|y|x1|x2|\
         y1|y2|width|height|aria-labelledby|aria-hidden|preserveAspectRatio)=\"[^\"]*\")*)$",
    )
    .unwrap();
    for tag in tags.captures_iter(&page) {
        assert!(known.is_match(&tag[1]), "{}", &tag[1]);
    }
    assert!(page.contains("&#60;script&#62;alert(1)") && !page.contains('\u{202e}'), "{page}");
    for outside in ["http:", "https:", "url(", "@import", "src=\"", "javascript:"] {
        assert!(!page.contains(outside), "{outside}");
    }
    // No lines for a name that would be a pattern, or is not what it seems.
    let lines: Vec<&str> = json_lines(&json);
    assert!(lines.iter().any(|lines| lines.contains("script")), "{lines:?}");
    for name in ["*", "get_", "issue_ref"] {
        assert!(!lines.iter().any(|lines| lines.contains(name)), "{name} in {lines:?}");
    }
}

fn json_lines(report: &str) -> Vec<&str> {
    let lines = Regex::new(r#""lines":"((?:[^"\\]|\\.)*)""#).unwrap();
    lines.captures_iter(report).map(|found| found.get(1).unwrap().as_str()).collect()
}

#[test]
fn what_became_of_what_was_held() {
    let call = |amount: u32| {
        let params = json!({"order": amount, "amount": amount.to_string()});
        json!({"tool": "issue_refund", "agent": "bot", "params": params})
    };
    let world = world(REFUNDS, &[call(40), call(70), call(300), call(5000)]);
    world.ok(&["people", "invite", "ann", "--role", "approver", "--log", "placet.db"]);
    let listed = world.ok(&["approvals", "list", "--json", "--log", "placet.db"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let statement = "I have read the ticket and the order, and the refund is right.";
    for (place, answer) in [
        (0, &["approve", "--statement", statement, "--owner", "ann"][..]),
        (1, &["deny", "--reason", "not this one"]),
    ] {
        let id = listed[place]["decision"]["approval"]["id"].as_str().unwrap();
        let by = ["--as", "ann", "--log", "placet.db"];
        world.ok(&[&["approvals", answer[0], id], &answer[1..], &by].concat());
    }
    world.ok(&["log", "erase", "1", "--reason", "asked to", "--log", "placet.db"]);
    let json = json_of(&world, &[]);
    let became = &json["became"];
    assert_eq!((&became["approved"], &became["denied"]), (&json!(1), &json!(1)), "{became}");
    assert_eq!((&became["waiting"], &json["answers"]["count"]), (&json!(1), &json!(2)));
    assert_eq!((&json["entries"]["erased"], &json["totals"]["calls"]), (&json!(1), &json!(4)));
    let text = stable(&report(&world, &[]));
    let text =
        Regex::new(r"within \d+m?s").unwrap().replace_all(&text, "within <time>").into_owned();
    insta::assert_snapshot!(text);
}

#[test]
fn a_daemon_says_the_same() {
    let world = shadow();
    let operator = key(&world, &["--scope", "admin", "--scope", "auditor"]);
    let daemon = Daemon::start(&world, &[]);
    for more in [&[][..], &["--json"], &["--tool", "shell", "--top", "3"]] {
        let on_file = world.run(&[&["report", "--log", "placet.db"], &ALL[..], more].concat());
        let mut command = world.command(&[&["report"], &ALL[..], more].concat());
        command.env("PLACET_URL", daemon.url()).env("PLACET_KEY", &operator);
        let on_daemon = Ended::from(command.output().unwrap());
        assert_eq!(on_file.snapshot(), on_daemon.snapshot());
        assert_eq!(on_file.status, 0);
    }
    daemon.stop();
}

#[test]
fn nothing_to_report() {
    let world = world(REFUNDS, &[]);
    let run = |more: &[&str]| {
        let ended = world.run(&[&["report", "--log", "placet.db"], more].concat());
        stable(&ended.snapshot())
    };
    insta::assert_snapshot!(
        [
            run(&ALL),
            run(&["--since", "1h", "--until", "2h"]),
            run(&["--since", "yesterday"]),
            run(&["--html", "nowhere/page.html"]),
        ]
        .join("\n")
    );
    report(&world, &["--html", "page.html"]);
    assert!(world.read("page.html").contains("0 decisions"));
    assert_eq!(world.run(&["report", "--log", "none.db"]).status, 3);
}

#[test]
fn only_the_time_that_was_asked_for() {
    let world = shadow();
    let shown = world.ok(&["log", "show", "--log", "placet.db", "--json"]);
    let at = |line: &str| -> String {
        serde_json::from_str::<Value>(line).unwrap()["at"].as_str().unwrap().to_owned()
    };
    let times: Vec<String> =
        shown.lines().filter(|line| line.contains("\"decided\"")).map(at).collect();
    let middle = &times[times.len() / 2];
    let earlier = u64::try_from(times.iter().filter(|time| *time < middle).count()).unwrap();
    let of = |arguments: &[&str]| {
        let all = [&["report", "--log", "placet.db", "--json"], arguments].concat();
        serde_json::from_str::<Value>(&world.ok(&all)).unwrap()
    };
    let before = of(&["--since", ALL[1], "--until", middle]);
    let after = of(&["--since", middle]);
    assert_eq!(before["totals"]["calls"], earlier);
    assert_eq!(after["totals"]["calls"], 332 - earlier);
    // What comes before is not even read.
    assert!(after["entries"]["read"].as_u64() < before["entries"]["read"].as_u64());
}
