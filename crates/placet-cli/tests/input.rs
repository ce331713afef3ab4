//! Input from anyone: too long, too deep, not text, or cut off by a reader who has seen enough.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::Value;
use support::World;

const READ: &str = "{\"tool\": \"get_order\"}\n";

/// Checks `line` between two good lines: the bad one has an error, and the others are decided.
fn error_between_good_lines(line: &[u8]) -> String {
    let input = [READ.as_bytes(), line, b"\n", READ.as_bytes()].concat();
    let ended = World::new().run_with(&["check"], input);
    let values: Vec<Value> =
        ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((values.len(), ended.status), (3, 1), "{}", ended.err);
    assert_eq!((&values[0]["verdict"], &values[2]["verdict"]), (&"allow".into(), &"allow".into()));
    assert_eq!(values[1]["line"], 2);
    values[1]["error"].as_str().unwrap().to_owned()
}

#[test]
fn a_line_of_ten_megabytes() {
    let line =
        [br#"{"tool": "x", "params": {"a": ""#.to_vec(), vec![b'a'; 10 << 20], b"\"}}".to_vec()]
            .concat();
    assert!(error_between_good_lines(&line).contains("longer than 1048576 bytes"));
}

#[test]
fn a_million_levels() {
    let line = [br#"{"tool": "x", "params": {"a": "#.to_vec(), vec![b'['; 1_000_000]].concat();
    assert!(error_between_good_lines(&line).contains("nested more than"));
}

#[test]
fn bytes_that_are_no_text() {
    assert!(error_between_good_lines(b"{\"tool\": \"caf\xe9\"}").contains("not UTF-8"));
    assert!(error_between_good_lines(b"\xff\xfe{\0").contains("UTF-8"));
    assert!(error_between_good_lines(b"{\"tool\": \"a\0b\"}").contains("control character"));
    assert!(error_between_good_lines(br#"{"tool": "a\u0000b"}"#).contains("U+0000"));
    assert!(error_between_good_lines(b"\0").contains("found '\\0'"));
}

#[test]
fn numbers_that_are_none() {
    for number in ["NaN", "Infinity", "-Infinity", "1e999", "01", "9007199254740993"] {
        let line = format!(r#"{{"tool": "x", "params": {{"amount": {number}}}}}"#);
        assert!(error_between_good_lines(line.as_bytes()).contains("/params/amount"), "{number}");
    }
}

#[test]
fn wrong_types_everywhere() {
    for field in [
        "tool", "params", "tenant", "agent", "build", "session", "user", "reason", "context",
        "enforce",
    ] {
        let other = if field == "tool" { "" } else { r#""tool": "x", "# };
        let line = format!(r#"{{{other}"{field}": [1]}}"#);
        assert!(
            error_between_good_lines(line.as_bytes()).contains(&format!("/{field}")),
            "{field}"
        );
    }
    assert!(error_between_good_lines(b"[]").contains("object"));
}

#[test]
fn what_readers_of_json_differ_on() {
    for (line, expected) in [
        (&br#"{"tool": "x", "tool": "y"}"#[..], "\"tool\" appears twice"),
        (br#"{"tool": "x", "params": {"a": [{"b": 1, "b": 1}]}}"#, "at /params/a/0: the key \"b\""),
        (br#"{"tool": "x", "params": {"a": "\ud800"}}"#, "half of a surrogate pair"),
        (br#"{"tool": "x", "params": {"\udc00": 1}}"#, "half of a surrogate pair"),
        (br#"{"tool": "x", "prams": {}}"#, "/prams: is not a field of an action"),
        (br#"{"tool": "x", "verdict": "allow"}"#, "/verdict: is not a field of an action"),
    ] {
        let error = error_between_good_lines(line);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn values_and_names_that_make_no_sense_are_decided_and_never_pass() {
    let world = World::new();
    let policy = "version = 1\n[actions.get_order]\nrisk = \"read\"\n[actions.pay]\n\
                  risk = \"reversible_write\"\nvalue = \"/amount\"\nhard_cap = \"100\"\n";
    world.write("policy.toml", policy);
    let finding = |line: String| {
        let ended = world.run_with(&["check", "--policy", "policy.toml"], line);
        assert_eq!((ended.status, ended.err.as_str()), (0, ""), "{}", ended.out);
        let value: Value = serde_json::from_str(&ended.out).unwrap();
        let find = |check: &str| {
            let found = value["findings"].as_array().unwrap().iter();
            found.clone().find(|finding| finding["check"] == check).cloned()
        };
        (value["verdict"].clone(), find("input").or_else(|| find("hard_cap")), find("class"))
    };
    for (amount, reason) in [
        ("\"-5\"", "negative"),
        ("-5", "negative"),
        ("\"NaN\"", "not a decimal"),
        ("\"Infinity\"", "not a decimal"),
        ("\"1e400\"", "decimal"),
        ("[5]", ""),
        ("true", ""),
        ("\"99999999999999999999999999999999999999999999\"", ""),
    ] {
        let line = format!(r#"{{"tool": "pay", "params": {{"amount": {amount}}}}}"#);
        let (verdict, found, _) = finding(line);
        let found = found.unwrap_or_default();
        assert_eq!((verdict, &found["verdict"]), ("block".into(), &"block".into()), "{amount}");
        assert!(found["reason"].as_str().unwrap().contains(reason), "{amount}: {found}");
    }
    for name in ["g\u{435}t_order", "get_order\u{200b}", "\u{ff47}et_order", "get_\u{3bf}rder"] {
        let (verdict, _, class) = finding(format!(r#"{{"tool": "{name}"}}"#));
        assert_eq!(verdict, "require_approval", "{name:?}");
        assert!(class.is_some(), "{name:?} is no tool of the policy");
    }
}

#[test]
fn windows_line_ends_blank_lines_and_no_last_line_end() {
    let ended = World::new()
        .run_with(&["check"], "{\"tool\": \"get_order\"}\r\n\r\n\n{\"tool\": \"get_order\"}");
    assert_eq!((ended.out.lines().count(), ended.status), (2, 0));
    let ended = World::new().run_with(&["check", "--table"], "\n \n");
    assert_eq!((ended.out.as_str(), ended.status), ("no actions in the input\n", 0));
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let world = World::new();
    world.write("many.jsonl", READ.repeat(20_000));
    for arguments in [&["check", "many.jsonl"][..], &["check", "many.jsonl", "--table"]] {
        let mut child =
            world.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{arguments:?}");
    }
}

#[test]
fn a_decision_is_printed_before_the_next_line_comes() {
    let world = World::new();
    for extra in [&[][..], &["--table"], &["--record", "log.db"]] {
        let mut command = world.command(&[&["check"], extra].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut input, mut output) =
            (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        for _ in 0..3 {
            input.write_all(READ.as_bytes()).unwrap();
            let mut line = String::new();
            while !line.contains("allow") {
                assert_ne!(output.read_line(&mut line).unwrap(), 0, "the command ended");
            }
        }
        drop(input);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn what_an_agent_wrote_cannot_steer_the_terminal() {
    let input =
        "{\"tool\": \"get\u{202e}order\u{200b}\", \"params\": {}, \"value\": \"1\\u001b[2J\"}\n";
    for color in ["always", "never"] {
        let ended = World::new().run_with(&["check", "--table", "--color", color], input);
        assert!(ended.out.contains("<U+202E>") && ended.out.contains("<U+001B>"), "{}", ended.out);
        assert!(
            !ended.out.contains('\u{202e}') && !ended.out.contains("\u{1b}[2J"),
            "{}",
            ended.out
        );
    }
}
