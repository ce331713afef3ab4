//! The examples of docs/api.md: they run, in their order, and answer what the page says. And the limits
//! that docs/serving.md names: they are those of the code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use std::process::Command;

use common::{Daemon, endpoints};
use placet::LogPlace;
use placet::core::limits as core;
use placet_server::{Limits, limits};
use regex::Regex;
use serde_json::Value;

const PAGE: &str = include_str!("../../../docs/api.md");

/// A block of the page: its language and its text.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let fence = Regex::new(r"(?ms)^```(\w+)\n(.*?)^```$").unwrap();
    let block = |found: regex::Captures<'static>| {
        let part = |index| found.get(index).unwrap().as_str();
        (part(1), part(2))
    };
    fence.captures_iter(PAGE).map(block).collect()
}

/// Everything that differs from one run to the next, made the same.
fn steady(text: &str) -> Value {
    let patterns = [
        (r"(act|apr|key)_[0-9a-f-]{36}", "${1}_…"),
        (r"plc_[0-9A-Za-z_-]+", "plc_…"),
        (r"sha256:[0-9a-f]{64}", "sha256:…"),
        (r"20\d\d-\d\d-\d\dT[0-9:.]+Z", "time"),
        (r#""log_index": ?\d+"#, r#""log_index":0"#),
    ];
    let mut text = text.to_owned();
    for (pattern, with) in patterns {
        text = Regex::new(pattern).unwrap().replace_all(&text, with).into_owned();
    }
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_examples_run_and_answer_what_the_page_says() {
    let folder = tempfile::tempdir().unwrap();
    let log = LogPlace::File(folder.path().join("placet.db"));
    let daemon = Daemon::with_example_policy(log);
    let blocks = blocks();
    let mark = "\u{1e}";
    let mut script = "set -eu\n".to_owned();
    for (language, text) in &blocks {
        if *language == "sh" {
            script.push_str(&format!("{text}\nprintf '{mark}'\n"));
        }
    }
    let done = Command::new("bash")
        .args(["-c", &script])
        .env("PLACET_URL", format!("http://{}", daemon.address))
        .env("OPERATOR", &daemon.keys.operator)
        .env("AGENT", &daemon.keys.agent)
        .env("APPROVER", &daemon.keys.approver)
        .output()
        .expect("bash runs");
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{}\n{out}\n{err}", done.status);
    let mut answers = out.split(mark);
    let mut answer = "";
    for (language, text) in blocks {
        match language {
            "sh" => answer = answers.next().unwrap(),
            "json" => assert_eq!(steady(answer), steady(text)),
            _ => {}
        }
    }
}

/// Every request that the page sends: its method and its path.
fn requests() -> Vec<(String, String)> {
    let path = Regex::new(r#"\$PLACET_URL([^"?\s]*)"#).unwrap();
    let method = Regex::new(r"-X ([A-Z]+)").unwrap();
    let scripts = blocks().into_iter().filter(|(language, _)| *language == "sh");
    let calls = scripts.flat_map(|(_, script)| script.split("curl ").skip(1));
    let request = |call: &str| {
        let written = method.captures(call).map(|found| found[1].to_owned());
        let implied = if call.contains(" -d ") { "POST" } else { "GET" };
        (written.unwrap_or_else(|| implied.to_owned()), path.captures(call).unwrap()[1].to_owned())
    };
    calls.map(request).collect()
}

#[test]
fn every_endpoint_is_on_the_page() {
    let requests = requests();
    let parameter = Regex::new(r"\\\{[^}]*\}").unwrap();
    let missing: Vec<String> = endpoints()
        .into_iter()
        .filter(|endpoint| {
            let (method, path) = endpoint.split_once(' ').unwrap();
            // The index of a tile is a path of its own.
            let step = if path.starts_with("/tile/") { ".+" } else { "[^/]+" };
            let pattern = parameter.replace_all(&regex::escape(path), step).into_owned();
            let pattern = Regex::new(&format!("^{pattern}$")).unwrap();
            !requests.iter().any(|(by, at)| by == method && pattern.is_match(at))
        })
        .collect();
    assert!(missing.is_empty(), "the page shows no request to {missing:?}");
}

/// The limits of the core that are no row of the page: how large or how long one thing may be, what
/// holds where a policy says nothing, and what nobody comes up against.
const OF_ONE_THING: &str = "
    DEFAULT_APPROVAL_DEADLINE DEFAULT_COOL_DOWN DEFAULT_EVIDENCE_WINDOW DEFAULT_OUTCOME_TIME
    DEFAULT_STATEMENT_LENGTH DEFAULT_WARRANT_TIME MAX_AMOUNT_FRACTION_DIGITS
    MAX_AMOUNT_INTEGER_DIGITS MAX_APPROVAL_DEADLINE MAX_CURRENCIES_PER_SLOT MAX_CURRENCY_CHARS
    MAX_EXPIRIES_PER_TICK MAX_GROUPS MAX_INVITE_TIME MAX_JSON_BYTES MAX_NAME_BYTES
    MAX_OUTCOME_BYTES MAX_OUTCOME_TIME MAX_PASSWORD_MEMORY_KIB MAX_PASSWORD_PASSES
    MAX_PINNABLE_PLACES MAX_PINS MAX_QUOTED_CHARS MAX_REASON_BYTES MAX_SAFE_INTEGER
    MAX_SAMPLES_PER_REPORT MAX_SESSIONS_PER_PERSON MAX_SESSION_TIME MAX_SOURCES
    MAX_STANDING_TIME MAX_STANDING_USES MAX_STATEMENT_BYTES MAX_TEXT_BYTES MAX_TRIPS_PER_TENANT
    MAX_WARRANT_KEYS MAX_WARRANT_TIME MIN_PASSWORD_MEMORY_KIB REQUEST_TIME SWEEP_EVERY
";

/// A row about what all share: its name, its text, and the constants that it is made of.
type Share = (&'static str, String, Vec<&'static str>);

macro_rules! share {
    ($row:literal, $all:ident $(, $of:literal $own:ident)*) => {
        (
            $row,
            [grouped(core::$all) $(, format!("{} {}", $of, grouped(core::$own)))*].join("; "),
            vec![stringify!($all) $(, stringify!($own))*],
        )
    };
}

/// What all share, and how much of it one of them has.
fn shares() -> [Share; 9] {
    [
        share!(
            "open approvals", MAX_OPEN_APPROVALS,
            "of a tenant" MAX_OPEN_APPROVALS_PER_TENANT,
            "of an agent" MAX_OPEN_APPROVALS_PER_AGENT,
            "of a key" MAX_OPEN_APPROVALS_PER_KEY
        ),
        share!("running actions", MAX_RUNS, "of a tenant" MAX_RUNS_PER_TENANT),
        share!("standing approvals", MAX_STANDING, "of a tenant" MAX_STANDING_PER_TENANT),
        share!("budget windows", MAX_WINDOWS, "of a tenant" MAX_WINDOWS_PER_TENANT),
        share!(
            "records of evidence", MAX_LEDGERS,
            "of a tenant" MAX_LEDGERS_PER_TENANT,
            "builds of a class" MAX_BUILDS_PER_CLASS
        ),
        share!(
            "kill switches of agents and tools inside tenants", MAX_SWITCHES,
            "of a tenant" MAX_SWITCHES_PER_TENANT
        ),
        share!("kill switches of agents and tools at every tenant", MAX_SWITCHES_OF_ALL),
        share!("API keys", MAX_API_KEYS, "of a tenant" MAX_API_KEYS_PER_TENANT),
        share!("people", MAX_PEOPLE, "of a tenant" MAX_PEOPLE_PER_TENANT),
    ]
}

#[test]
fn every_limit_of_what_all_share_is_on_the_page() {
    let source = include_str!("../../placet-core/src/limits.rs");
    let constant = Regex::new(r"(?m)^pub const (\w+)").unwrap();
    let mut there: Vec<&str> =
        constant.captures_iter(source).map(|found| found.get(1).unwrap().as_str()).collect();
    let shown = shares().into_iter().flat_map(|(.., names)| names).chain(["MAX_JSON_DEPTH"]);
    let mut known: Vec<&str> = shown.chain(OF_ONE_THING.split_whitespace()).collect();
    there.sort_unstable();
    known.sort_unstable();
    assert_eq!(there, known, "a limit is a row of docs/serving.md, or is that of one thing");
}

/// A number as the page writes it.
fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().ok().unwrap().to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    groups.iter().map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(",")
}

#[test]
fn every_limit_on_the_page_is_the_one_that_holds() {
    let page = include_str!("../../../docs/serving.md");
    let rows: Vec<Vec<&str>> = page
        .split_once("| limit | default | what happens beyond it |")
        .unwrap()
        .1
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let own = Limits::default();
    let mib = |bytes: usize| format!("{} MiB", bytes / 1024 / 1024);
    let seconds = |time: std::time::Duration| format!("{} s", time.as_secs());
    assert_eq!(limits::KEYS_WORTH_OF_A_TENANT.get(), 4);
    // What is said of a policy holds wherever it comes from.
    assert_eq!(own.policy_bytes, 2 * placet::policy::limits::MAX_POLICY_BYTES);
    assert!(own.bodies_bytes > own.policy_bytes);
    let expected = [
        (
            "body",
            format!(
                "{}; a policy {}, and each of its files {}",
                mib(own.body_bytes),
                mib(own.policy_bytes),
                mib(placet::policy::limits::MAX_POLICY_BYTES)
            ),
        ),
        ("JSON nesting", core::MAX_JSON_DEPTH.to_string()),
        (
            "headers",
            format!(
                "{} of them, {} KiB together",
                limits::MAX_HEADERS,
                limits::MAX_HEAD_BYTES / 1024
            ),
        ),
        ("head of a request, or idle", seconds(own.head_time)),
        ("body of a request", seconds(own.body_time)),
        ("bodies that are coming in", format!("{} together", mib(own.bodies_bytes))),
        ("an answer that nobody takes", seconds(own.write_time)),
        (
            "requests of one key",
            format!(
                "{} a second, {} at once",
                grouped(own.requests_per_second.get()),
                grouped(own.burst.get())
            ),
        ),
        ("requests of one tenant, with all its keys", "what four keys may send".to_owned()),
        (
            "requests of a tenant's people in the console, and of its admins to kill switches",
            "what four keys may send, whatever its others send".to_owned(),
        ),
        (
            "requests of one network without a key",
            format!(
                "{} a second, {} at once",
                grouped(own.strangers_per_second.get()),
                grouped(own.strangers_burst.get())
            ),
        ),
        ("proposals of one tenant in the works", grouped(own.in_flight_per_tenant)),
        (
            "lookups in the log at a time, for one tenant, those who run the daemon or all without a key",
            format!("{}; together {}", limits::LOOKUPS_PER_TENANT, limits::LOOKUPS),
        ),
        (
            "actions that a policy is tried on",
            format!(
                "{} in {}, for one policy at a time",
                grouped(limits::MAX_ACTIONS_REPLAYED),
                seconds(limits::REPLAY_TIME)
            ),
        ),
        (
            "requests in the works, of one tenant, of those who run the daemon or of all without a key",
            "as many as leave as many connections to others: half for the first, half of the rest for \
             the next"
                .to_owned(),
        ),
        ("connections", grouped(own.connections)),
        (
            "connections that nobody has accepted yet",
            grouped(limits::MAX_UNACCEPTED),
        ),
        (
            "the rest of requests that were refused",
            format!(
                "{} MiB a second for all together",
                limits::WASTE_BYTES_PER_SECOND.get() / 1024 / 1024
            ),
        ),
        (
            "requests that wait for people, event streams",
            "half of the connections; of one key a quarter; of one tenant as many as it leaves free"
                .to_owned(),
        ),
        ("announcements in the works", grouped(limits::MAX_ANNOUNCEMENTS)),
    ];
    let expected: Vec<(&str, String)> =
        expected.into_iter().chain(shares().map(|(row, text, _)| (row, text))).collect();
    let shown: Vec<(&str, String)> = rows.iter().map(|row| (row[0], row[1].to_owned())).collect();
    assert_eq!(shown, expected);
}
