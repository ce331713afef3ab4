//! The parsing cases of JSONTestSuite, with what Placet decides for each.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use placet_core::Json;

struct Case {
    name: &'static str,
    /// `accept`, `refuse`, or `refuse: ` and the beginning of the reason.
    expected: &'static str,
    document: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let table = include_str!("data/json_test_suite.tsv");
    table.lines().filter(|line| !line.starts_with('#')).map(case).collect()
}

fn case(line: &'static str) -> Case {
    let [name, expected, parts] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
    Case { name, expected, document: parts.split(' ').flat_map(part).collect() }
}

fn part(text: &str) -> Vec<u8> {
    let (bytes, times) = text.split_once('*').unwrap_or((text, "1"));
    STANDARD.decode(bytes).unwrap().repeat(times.parse().unwrap())
}

fn outcome(document: &[u8]) -> String {
    match Json::parse(document) {
        Ok(_) => "accept".to_owned(),
        Err(error) => format!("refuse: {}", error.kind),
    }
}

#[test]
fn every_case_ends_as_decided() {
    let cases = cases();
    assert_eq!(cases.len(), 318);
    let wrong: Vec<_> = cases
        .iter()
        .map(|case| (case, outcome(&case.document)))
        .filter(|(case, outcome)| !outcome.starts_with(case.expected))
        .map(|(case, outcome)| format!("{}: {outcome}, not {}", case.name, case.expected))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_suite_refuses_is_refused() {
    for case in cases().iter().filter(|case| !case.name.starts_with("y_")) {
        assert!(case.expected.starts_with("refuse"), "{}", case.name);
    }
}

/// The only documents that the suite wants accepted and Placet refuses name a key twice.
#[test]
fn duplicate_keys_are_the_only_deviation() {
    let deviations: Vec<_> = cases()
        .into_iter()
        .filter(|case| case.name.starts_with("y_") && case.expected != "accept")
        .map(|case| case.name)
        .collect();
    assert_eq!(deviations, ["y_object_duplicated_key", "y_object_duplicated_key_and_value"]);
}

#[test]
fn accepted_documents_have_a_stable_canonical_text() {
    for case in cases().iter().filter(|case| case.expected == "accept") {
        let json = Json::parse(&case.document).unwrap();
        let again = Json::parse(json.canonical().as_bytes()).unwrap();
        assert_eq!(json, again, "{}", case.name);
        assert_eq!(json.canonical(), again.canonical(), "{}", case.name);
    }
}
