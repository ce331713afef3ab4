//! The conformance suite asks a server directly and through the gateway, and sees no difference.
//!
//! The suite reaches a server at an address and cannot start one on pipes, so this is the gateway with
//! HTTP on both sides. What passes between pipes is tested in `placet-mcp`, and with real servers and a
//! real client in `people.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::conformant::Serving;
use crate::packages;
use crate::support::World;
use crate::support::daemon::Daemon;

/// The versions of MCP. The last are all scenarios in the version that each of them takes, with the
/// extensions, which belong to no version.
const VERSIONS: [&str; 3] = ["2025-11-25", "2026-07-28", EVERY];

/// A policy that enforces and stops nothing. A class of what only reads would not do: inspection holds a
/// tool that says in its name that it carries out a request. So every tool is a class of the strictest
/// tier, which no call exceeds, and of which evidence says that it may run by itself, however many of its
/// calls fail.
const ALLOW_ALL: &str = r#"
version = 1
mode = "enforce"
defaults = "permissive"
[actions."*"]
risk = "consequential"
hard_cap = "1"
[graduation.supervised]
pass_rate = 0
min_samples = 1
"#;

const EVIDENCE: &str = r#"{ "class": "*", "source": "review", "passed": 1, "failed": 0 }"#;

/// No version in particular.
const EVERY: &str = "every";

/// What the suite finds different, a line for each check: nothing.
const DIFFERENCE: &str = include_str!("difference.txt");

/// What the suite says of a server: what came of each check of each scenario, in order.
type Checks = BTreeMap<String, String>;

fn checks(modules: &Path, folder: &Path, url: &str, version: &str) -> Checks {
    let ended = Command::new(modules.join("node/bin/node"))
        .arg(modules.join("@modelcontextprotocol/conformance/dist/index.js"))
        .args(["server", "--suite", "all", "--timeout", "20000"])
        .args(["--url", url, "--output-dir"])
        .arg(folder)
        .args(if version == EVERY { vec![] } else { vec!["--spec-version", version] })
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut checks = BTreeMap::new();
    let folders = std::fs::read_dir(folder)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ended.stderr)));
    for folder in folders.map(|entry| entry.unwrap().path()) {
        let scenario = folder.file_name().unwrap().to_string_lossy().into_owned();
        let scenario = &scenario[..scenario.len() - "-2026-11-22T10-56-36-668Z".len()];
        let text = std::fs::read_to_string(folder.join("checks.json")).unwrap();
        let found: Value = serde_json::from_str(&text).unwrap();
        for (number, check) in found.as_array().unwrap().iter().enumerate() {
            let part = |name: &str| check[name].as_str().unwrap_or_default();
            let place = format!("{version} {scenario} {number} {}", part("id"));
            checks.insert(place, format!("{} {}", part("status"), part("errorMessage")));
        }
    }
    checks
}

/// A line for each check that is not the same for both.
fn differing(direct: &Checks, passed: &Checks) -> String {
    let all: BTreeSet<&String> = direct.keys().chain(passed.keys()).collect();
    let odd = all.into_iter().filter(|check| direct.get(*check) != passed.get(*check));
    let line = |check| format!("{check}: {:?}, {:?}\n", direct.get(check), passed.get(check));
    odd.map(line).collect()
}

/// A gateway in front of a server that allows everything.
fn gateway(world: &World, url: &str) -> Daemon {
    let log = tempfile::TempDir::new_in(world.path(".")).unwrap().keep().join("placet.db");
    let kept = ["--policy", "policy.toml", "--log", log.to_str().unwrap()];
    let begin = ["check", "-", "--evidence", "evidence.jsonl", "--policy", "policy.toml"];
    world.ok(&[&begin[..], &["--record", log.to_str().unwrap()]].concat());
    let command = ["mcp", "--server-url", url, "--listen", "127.0.0.1:0"];
    Daemon::run(world.command(&[&command[..], &kept, &["--console", "127.0.0.1:0"]].concat()))
}

#[test]
fn the_conformance_suite_sees_no_difference() {
    let Some(modules) = packages() else { return };
    let world = World::new();
    world.write("policy.toml", ALLOW_ALL);
    world.write("evidence.jsonl", EVIDENCE);
    let server = Serving::start();
    let mut difference = String::new();
    for version in VERSIONS {
        let gateway = gateway(&world, &server.url);
        let through = format!("{}/mcp", gateway.url());
        let ask = |name: &str, url: &str| {
            checks(&modules, &world.path(&format!("{name}-{version}")), url, version)
        };
        let (direct, passed) = std::thread::scope(|scope| {
            let passed = scope.spawn(|| ask("passed", &through));
            (ask("direct", &server.url), passed.join().unwrap())
        });
        let failed: Vec<_> = direct.iter().filter(|(_, came)| came.starts_with("FAIL")).collect();
        assert!(failed.is_empty(), "the server itself: {failed:#?}");
        let successes = direct.values().filter(|came| came.starts_with("SUCCESS")).count();
        println!("{version}: {successes} of {} checks succeed", direct.len());
        assert!(successes > 70, "{version}: the suite asks next to nothing: {direct:#?}");
        difference.push_str(&differing(&direct, &passed));
    }
    assert_eq!(difference, DIFFERENCE);
}
