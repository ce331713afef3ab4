//! The report as a whole, in its quick form.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::process::{Command, Output};

fn bench(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_placet-bench")).args(words).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_quick_run_writes_the_whole_report() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let run = bench(&["--quick", "--out", out]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let report = fs::read_to_string(folder.path().join("benchmarks.md")).unwrap();
    for heading in [
        "## Targets",
        "## Deciding in process",
        "## Deciding durably",
        "## Deciding over HTTP",
        "## Waiting for people",
        "## The log",
    ] {
        assert!(report.contains(heading), "{heading} is missing");
    }
    assert!(!report.contains("NaN"), "something was not measured:\n{report}");
    let rows = |name: &str| report.lines().filter(|line| line.starts_with(name)).count();
    for row in [
        "| 10 |",
        "| 40 |",
        "| 1 thread |",
        "| 1 task |",
        "| 8 tasks |",
        "| 4 |",
        "| Placet |",
        "| bare axum long poll |",
    ] {
        assert_eq!(rows(row), 1, "{row}");
    }
    let chart = fs::read_to_string(folder.path().join("benchmarks.svg")).unwrap();
    assert_eq!(chart.matches("<polyline").count(), 10);
    assert!(chart.ends_with("</svg>\n"));
}

#[test]
fn one_part_is_printed_and_not_written() {
    let run = bench(&["--quick", "--only", "decide"]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let report = text(&run.stdout);
    assert!(report.contains("## Deciding in process") && !report.contains("## The log"));
}

#[test]
fn words_that_mean_nothing_are_refused() {
    for words in [&["--fast"][..], &["--only", "speed"], &["--out"], &["child", "sing"]] {
        let run = bench(words);
        assert!(!run.status.success(), "{words:?}");
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{words:?}");
    }
}
