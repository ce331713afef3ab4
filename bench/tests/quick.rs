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
        "## Honest clients in bad company",
        "## Waiting for people",
        "## In the path of an agent",
        "## The log",
    ] {
        assert!(report.contains(heading), "{heading} is missing");
    }
    assert!(!report.contains("NaN"), "something was not measured:\n{report}");
    let rows = |name: &str| report.lines().filter(|line| line.starts_with(name)).count();
    for (row, count) in [
        ("| 10 |", 1),
        ("| 40 |", 1),
        ("| 1 thread |", 1),
        ("| 1 task |", 1),
        ("| 8 tasks |", 1),
        // Once for us, and once for the others.
        ("| 4 |", 2),
        ("| 100 idle connections |", 1),
        ("| 420 of all of them together |", 1),
        ("| Placet |", 1),
        ("| bare axum long poll |", 1),
        ("| through Placet, ", 2),
        ("| placet hook |", 1),
        ("| placet hook, as it is installed |", 1),
    ] {
        assert_eq!(rows(row), count, "{row}");
    }
    assert!(!report.contains("## A soak"), "nobody asked for it");
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
fn a_soak_says_what_memory_did_in_each_tenth() {
    let run = bench(&["--only", "soak", "--soak", "400"]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let report = text(&run.stdout);
    assert!(report.contains("of 400 decisions") && !report.contains("NaN"), "{report}");
    for tenth in 1..=10 {
        let row = format!("| {} % |", tenth * 10);
        assert_eq!(report.lines().filter(|line| line.starts_with(&row)).count(), 1, "{row}");
    }
    assert!(report.contains("| memory of the last tenth of a soak, against the second |"));
}

#[test]
fn words_that_mean_nothing_are_refused() {
    for words in
        [&["--fast"][..], &["--only", "speed"], &["--out"], &["--soak", "long"], &["child", "sing"]]
    {
        let run = bench(words);
        assert!(!run.status.success(), "{words:?}");
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{words:?}");
    }
}
