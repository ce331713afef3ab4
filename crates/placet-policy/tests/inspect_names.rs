//! What names prove, over a table of names of real tools.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeSet;

use placet_core::json::Object;
use placet_policy::inspect::{Call, inspect};

const TABLE: &str = include_str!("data/tool_names.txt");

fn names(wanted: &str) -> Vec<&'static str> {
    let lines = TABLE.lines().filter_map(|line| line.split_once(' '));
    lines.filter(|(kind, _)| *kind == wanted).flat_map(|(_, names)| names.split(' ')).collect()
}

fn is_proven_read(tool: &str) -> bool {
    inspect(&Call { tool, params: &Object::new(), annotations: None }).is_proven_read()
}

#[test]
fn no_name_that_acts_is_proven_to_read() {
    let wrong: Vec<_> = names("other").into_iter().filter(|name| is_proven_read(name)).collect();
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn names_that_read_are_proven_to() {
    let missed: Vec<_> = names("read").into_iter().filter(|name| !is_proven_read(name)).collect();
    assert_eq!(missed, [""; 0]);
}

#[test]
fn names_that_prove_nothing_are_known() {
    let proven: Vec<_> = names("missed").into_iter().filter(|name| is_proven_read(name)).collect();
    assert_eq!(proven, [""; 0], "these belong among the reads now");
}

#[test]
fn the_table_is_large_and_says_everything_once() {
    let all: Vec<_> = ["read", "other", "missed"].into_iter().flat_map(names).collect();
    let unique: BTreeSet<_> = all.iter().collect();
    let mut seen = BTreeSet::new();
    let twice: Vec<_> = all.iter().filter(|name| !seen.insert(**name)).collect();
    assert_eq!(twice, [&""; 0]);
    assert!(unique.len() > 900, "{}", unique.len());
}
