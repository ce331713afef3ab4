//! The tables of keys, the parser and the JSON Schema say the same.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on should stop, and the committed schema is a file"
)]

use std::path::Path;

use placet_core::digest::{Digest, Domain};
use placet_policy::file::keys::{self, Key, Section};
use placet_policy::file::{self, Diagnostics};
use serde_json::Value;

fn errors(text: &str) -> Option<Diagnostics> {
    file::parse("policy.toml", text, Digest::of(Domain::Policy, b"")).err()
}

/// A whole policy in which a table of this section holds `line`, apart from what it needs.
fn policy_with(section: &Section, key: &str, line: &str) -> String {
    let needed = |section: &Section| {
        let needed = section.keys.iter().filter(|needed| needed.required && needed.name != key);
        needed.map(|needed| format!("{} = {}\n", needed.name, needed.example)).collect::<String>()
    };
    let own = format!("{}{line}\n", needed(section));
    let class = needed(&keys::ACTION);
    match section.name {
        "policy" => own,
        "action" => format!("version = 1\n[actions.a]\n{own}"),
        "approval" => format!("version = 1\n[actions.a]\n{class}[actions.a.approval]\n{own}"),
        "budget" => format!("version = 1\n[actions.issue_refund]\n{class}[[budgets]]\n{own}"),
        "graduation" => format!("version = 1\n[graduation]\n{own}"),
        "thresholds" => format!("version = 1\n[graduation.supervised]\n{own}"),
        other => panic!("no policy for {other}"),
    }
}

fn every_key() -> impl Iterator<Item = (&'static Section, &'static Key)> {
    let sections = [
        &keys::POLICY,
        &keys::ACTION,
        &keys::APPROVAL,
        &keys::BUDGET,
        &keys::GRADUATION,
        &keys::THRESHOLDS,
    ];
    sections.into_iter().flat_map(|section| section.keys.iter().map(move |key| (section, key)))
}

#[test]
fn the_parser_reads_every_key_of_the_tables() {
    for (section, key) in every_key() {
        // No key takes a date, so whoever reads the value says so, at its place.
        let text = policy_with(section, key.name, &format!("{} = 1979-05-27", key.name));
        let found = errors(&text).unwrap_or_else(|| panic!("{} is not read: {text}", key.name));
        let line = text.lines().position(|line| line.ends_with("1979-05-27")).unwrap() + 1;
        let is_told =
            found.iter().any(|found| (found.line, found.column) == (line, key.name.len() + 4));
        assert!(is_told, "{}: {found}", key.name);
    }
}

#[test]
fn the_parser_takes_every_example() {
    for (section, key) in every_key() {
        let text = policy_with(section, key.name, &format!("{} = {}", key.name, key.example));
        let found = errors(&text).map(|found| found.to_string()).unwrap_or_default();
        // These examples need another key beside them.
        let allowed = match (section.name, key.name) {
            ("policy", "budgets" | "actions") => "",
            ("action", "currency") => "currency names a param, but value names none",
            ("action", "currencies") => "currencies names some",
            ("budget", "count" | "value") => "",
            ("budget", _) => "limits nothing",
            ("graduation", "autonomous") => "can never be reached without",
            _ => "",
        };
        if allowed.is_empty() {
            assert_eq!(found, "", "{text}");
        } else {
            assert!(found.contains(allowed) && !found.contains('\n'), "{found}");
        }
    }
}

#[test]
fn the_schema_has_exactly_the_keys_of_the_tables() {
    let schema = file::json_schema();
    let mut described = 0;
    for (section, key) in every_key() {
        let place = if section.name == "policy" {
            String::new()
        } else {
            format!("/$defs/{}", section.name)
        };
        let object = schema.pointer(&place).unwrap();
        let property = &object["properties"][key.name];
        let doc = property["description"].as_str().unwrap();
        assert!(doc.starts_with(key.doc), "{}: {doc}", key.name);
        let required = object["required"].as_array().unwrap().iter().any(|name| name == key.name);
        assert_eq!(required, key.required, "{}", key.name);
        described += 1;
    }
    let objects = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let in_schema: usize =
        objects.map(|object| object["properties"].as_object().unwrap().len()).sum();
    assert_eq!(in_schema, described);
}

#[test]
fn the_committed_schema_is_the_one_that_is_generated() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy.schema.json");
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(
        committed == file::json_schema(),
        "run `placet policy schema > docs/policy.schema.json` and commit it"
    );
}
