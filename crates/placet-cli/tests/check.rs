//! `placet check`: decisions in the shape of the wire, as a table, and in a log.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use serde_json::Value;
use support::{Ended, World};

const POLICY: &str = r#"
version = 1
[actions.get_order]
risk = "read"
[actions.issue_refund]
risk = "reversible_write"
value = "/amount"
hard_cap = "1000"
[[budgets]]
window = "1h"
count = 3
actions = ["get_order"]
over = "block"
"#;

fn world() -> World {
    let world = World::new();
    world.write("policy.toml", POLICY);
    world
}

fn values(ended: &Ended) -> Vec<Value> {
    ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn verdicts(ended: &Ended) -> Vec<String> {
    values(ended)
        .iter()
        .map(|value| value["verdict"].as_str().unwrap_or("error").to_owned())
        .collect()
}

#[test]
fn a_day_of_the_example() {
    let world = World::with_example();
    let trace = world.read("trace.jsonl");
    world.write("part.jsonl", trace.lines().skip(130).take(45).collect::<Vec<_>>().join("\n"));
    let ended = world.run(&[
        "check",
        "part.jsonl",
        "--policy",
        "policy.toml",
        "--evidence",
        "evidence.jsonl",
        "--table",
    ]);
    insta::assert_snapshot!(ended.snapshot());
}

#[test]
fn the_whole_example_is_decided_and_its_record_verifies() {
    let world = World::with_example();
    let arguments =
        ["check", "trace.jsonl", "--policy", "policy.toml", "--evidence", "evidence.jsonl"];
    let plain = world.run(&arguments);
    let recorded = world.run(&[&arguments[..], &["--record", "log.db"]].concat());
    assert_eq!((plain.status, recorded.status), (0, 0), "{}", recorded.err);
    assert_eq!(verdicts(&plain), verdicts(&recorded));
    assert_eq!(plain.out.lines().count(), world.read("trace.jsonl").lines().count());
    for verdict in ["allow", "require_approval", "block"] {
        assert!(verdicts(&plain).iter().any(|found| found == verdict), "{verdict}");
    }
    assert!(recorded.err.contains("log.db"));
    world.ok(&["log", "verify", "--log", "log.db"]);
}

#[test]
fn the_trace_is_decided_by_the_very_line_in_the_readme() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let line = readme.lines().find(|line| line.starts_with("placet check --table ")).unwrap();
    let world = World::with_example();
    let record = world.path("example.db");
    let line = line.replace("target/example.db", record.to_str().unwrap());
    let arguments: Vec<&str> = line.split(' ').skip(1).collect();
    let output = world.command(&arguments).current_dir(&root).output().unwrap();
    let ended = Ended::from(output);
    assert_eq!(ended.status, 0, "{}", ended.err);
    let trace = world.read("trace.jsonl");
    assert!(trace.lines().count() >= 200);
    let tools: std::collections::BTreeSet<String> = trace
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["tool"].to_string())
        .collect();
    for part in ["sql", "shell", "mail", "refund", "deploy"] {
        assert!(tools.iter().any(|tool| tool.contains(part)), "{part}: {tools:?}");
    }
    // What it decided, why, and a log that verifies.
    let total = format!("{} actions", trace.lines().count());
    for part in ["allow", "hold", "block", "hard_cap", total.as_str(), "the log verifies"] {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
    world.ok(&["log", "verify", "--log", "example.db"]);
}

#[test]
fn decisions_have_the_shape_of_the_wire() {
    let input = r#"{"tool": "issue_refund", "params": {"amount": "42.00"}, "agent": "bot"}"#;
    // Nobody is asked to approve what is not on record.
    for (extra, is_asked) in [(&[][..], false), (&["--record", "log.db"], true)] {
        let ended =
            world().run_with(&[&["check", "--policy", "policy.toml"], extra].concat(), input);
        let decision = &values(&ended)[0];
        let mut fields: Vec<&str> =
            decision.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        let mut expected =
            vec!["autonomy", "class", "digest", "findings", "mode", "policy", "risk", "verdict"];
        expected.splice(0..0, is_asked.then_some("approval"));
        assert_eq!(fields, expected);
        assert_eq!(decision["verdict"], "require_approval");
        assert_eq!(decision["findings"][0]["check"], "autonomy");
        assert_eq!(ended.status, 0);
    }
}

#[test]
fn would_have_is_there_only_where_the_mode_changed_something() {
    let world = world();
    world.write("policy.toml", POLICY.replace("version = 1", "version = 1\nmode = \"shadow\""));
    let input = "{\"tool\": \"issue_refund\", \"params\": {\"amount\": \"5000\"}}\n{\"tool\": \"get_order\"}";
    let ended = world.run_with(&["check", "--policy", "policy.toml"], input);
    let found = values(&ended);
    assert_eq!((&found[0]["verdict"], &found[0]["would_have"]), (&"allow".into(), &"block".into()));
    assert!(found[1].get("would_have").is_none());
}

#[test]
fn budgets_accumulate_from_line_to_line() {
    let input = "{\"tool\": \"get_order\"}\n".repeat(4);
    let ended = world().run_with(&["check", "--policy", "policy.toml"], input);
    assert_eq!(verdicts(&ended), ["allow", "allow", "allow", "block"]);
}

#[test]
fn a_record_is_continued() {
    let world = world();
    let arguments = ["check", "--policy", "policy.toml", "--record", "log.db"];
    let input = "{\"tool\": \"get_order\"}\n".repeat(2);
    assert_eq!(verdicts(&world.run_with(&arguments, &input)), ["allow", "allow"]);
    assert_eq!(verdicts(&world.run_with(&arguments, &input)), ["allow", "block"]);
    // Without --policy the policy in the log holds.
    assert_eq!(
        verdicts(&world.run_with(&["check", "--record", "log.db"], &input)),
        ["block", "block"]
    );
    assert!(world.ok(&["log", "verify", "--log", "log.db"]).contains("7 entries"));
}

#[test]
fn decisions_come_in_the_order_of_the_input_however_many_are_under_way() {
    let world = world();
    let input: String = (0..3000)
        .map(|number| match number % 3 {
            0 => format!(
                "{{\"tool\": \"issue_refund\", \"params\": {{\"amount\": \"{number}\"}}}}\n"
            ),
            1 => "not json\n".to_owned(),
            _ => format!(
                "{{\"tool\": \"issue_refund\", \"params\": {{\"amount\": \"{}\"}}}}\n",
                number + 5000
            ),
        })
        .collect();
    let ended = world.run_with(&["check", "--policy", "policy.toml", "--record", "log.db"], input);
    for (number, value) in values(&ended).iter().enumerate() {
        match number % 3 {
            0 => assert_eq!(
                value["verdict"],
                if number > 1000 { "block" } else { "require_approval" }
            ),
            1 => assert_eq!(value["line"], number + 1),
            _ => assert_eq!(value["verdict"], "block"),
        }
    }
    assert_eq!((ended.out.lines().count(), ended.status), (3000, 1));
}

#[test]
fn without_a_policy_only_what_is_proven_to_read_passes() {
    let input =
        "{\"tool\": \"get_order\"}\n{\"tool\": \"delete_order\"}\n{\"tool\": \"frobnicate\"}";
    let ended = World::new().run_with(&["check"], input);
    assert_eq!(verdicts(&ended), ["allow", "require_approval", "require_approval"]);
    assert!(values(&ended)[0]["class"].is_null());
}

#[test]
fn foreign_traces_are_mapped() {
    let input =
        r#"{"function": {"name": "issue_refund", "arguments": "{\"amount\": \"2000\"}"}, "id": 7}"#;
    let map = [
        "--map",
        "tool=/function/name",
        "--map",
        "params=/function/arguments",
        "--map",
        "agent==bot",
    ];
    let ended =
        world().run_with(&[&["check", "--policy", "policy.toml"][..], &map].concat(), input);
    assert_eq!(verdicts(&ended), ["block"]);
    let unmapped = world().run_with(&[&["check"][..], &map].concat(), r#"{"name": "x"}"#);
    insta::assert_snapshot!(unmapped.snapshot());
}

#[test]
fn what_a_mapping_cannot_mean_is_refused_before_anything_is_read() {
    let refused = |map: &str| {
        let ended = world().run(&["check", "nothing.jsonl", "--map", map]);
        assert_eq!(ended.status, 2);
        ended.err
    };
    insta::assert_snapshot!(
        [refused("tol=/x"), refused("tool=x"), refused("params=/x")].join("\n")
    );
}

#[test]
fn lines_that_cannot_be_read_are_errors_of_their_own() {
    let world = World::with_example();
    let ended = world.run(&["check", "broken.jsonl", "--policy", "policy.toml", "--json"]);
    assert_eq!(ended.status, 1);
    let errors: Vec<&str> = ended.out.lines().filter(|line| line.contains("\"line\"")).collect();
    insta::assert_snapshot!(errors.join("\n"));
    assert_eq!(ended.out.lines().count(), 20);
}

#[test]
fn fail_on_looks_at_the_verdict_before_the_mode() {
    let world = world();
    world.write("policy.toml", POLICY.replace("version = 1", "version = 1\nmode = \"shadow\""));
    let held = r#"{"tool": "issue_refund", "params": {"amount": "5"}}"#;
    for (verdict, status) in [("require_approval", 1), ("block", 0)] {
        let ended =
            world.run_with(&["check", "--policy", "policy.toml", "--fail-on", verdict], held);
        assert_eq!(ended.status, status, "{verdict}");
    }
}

#[test]
fn evidence_comes_first() {
    let world = World::with_example();
    let input = r#"{"tool": "issue_refund", "params": {"order": "o", "amount": "5", "currency": "USD"}, "tenant": "fernhill"}"#;
    let check = ["check", "--policy", "policy.toml"];
    assert_eq!(verdicts(&world.run_with(&check, input)), ["require_approval"]);
    let earned = world.run_with(&[&check[..], &["--evidence", "evidence.jsonl"]].concat(), input);
    assert_eq!(verdicts(&earned), ["allow"]);
    world.write("wrong.jsonl", "{\"class\": \"issue_refund\", \"source\": \"red-team\", \"passed\": 1, \"failed\": 0}\n\n{\"class\": 1}");
    let wrong = world.run_with(&[&check[..], &["--evidence", "wrong.jsonl"]].concat(), input);
    insta::assert_snapshot!(wrong.snapshot());
}

#[test]
fn a_policy_with_errors_is_shown_with_its_lines() {
    let world = world();
    world.write("policy.toml", POLICY.replace("hard_cap", "hard_capp"));
    insta::assert_snapshot!(world.run(&["check", "--policy", "policy.toml"]).snapshot());
    let json = world.run(&["check", "--policy", "policy.toml", "--json"]);
    let report: Value = serde_json::from_str(&json.err).unwrap();
    assert_eq!((&report["status"], &report["details"][0]["line"]), (&3.into(), &8.into()));
    assert!(json.out.is_empty());
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let world = world();
    std::fs::create_dir(world.path("folder")).unwrap();
    let runs = [
        &["check", "none.jsonl"][..],
        &["check", "folder"],
        &["check", "--policy", "none.toml"],
        &["check", "--record", "none/log.db"],
        &["check", "--verify"],
        &["check", "--table", "--json"],
    ];
    let shown: Vec<String> = runs.iter().map(|arguments| world.run(arguments).snapshot()).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_record_can_be_verified_at_once() {
    let ended = world().run_with(
        &["check", "--policy", "policy.toml", "--record", "log.db", "--verify", "--table"],
        "{\"tool\": \"get_order\"}",
    );
    insta::assert_snapshot!(ended.snapshot());
}

#[test]
fn json_keeps_standard_output_to_decisions_and_verification() {
    let arguments =
        ["check", "--policy", "policy.toml", "--record", "log.db", "--verify", "--json"];
    let ended = world().run_with(&arguments, "{\"tool\": \"get_order\"}");
    let found = values(&ended);
    assert_eq!((found.len(), &found[1]["sound"]), (2, &true.into()));
    let about: Value = serde_json::from_str(&ended.err).unwrap();
    assert_eq!(about["size"], 2);
}
