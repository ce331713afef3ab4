//! Who may speak to the daemon: keys made, listed, replaced and revoked.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::World;
use support::daemon::{Daemon, key};

fn listed(world: &World) -> Vec<Value> {
    serde_json::from_str(&world.ok(&["key", "list", "--json", "--log", "placet.db"])).unwrap()
}

#[test]
fn a_key_begins_a_log_and_its_secret_is_nowhere_in_it() {
    let world = World::new();
    let secret = key(
        &world,
        &["--scope", "agent", "--scope", "auditor", "--tenant", "acme", "--agent", "bot"],
    );
    assert!(secret.starts_with("plc_"), "{secret}");
    let keys = listed(&world);
    assert_eq!(keys.len(), 1);
    assert_eq!(
        (&keys[0]["tenant"], &keys[0]["agent"], &keys[0]["scopes"], &keys[0]["name"]),
        (&json!("acme"), &json!("bot"), &json!(["agent", "auditor"]), &json!("test"))
    );
    let random = secret.rsplit('_').next().unwrap();
    for file in ["placet.db", "placet.db-wal", "placet.db-key"] {
        let bytes = std::fs::read(world.path(file)).unwrap_or_default();
        let is_there = bytes.windows(random.len()).any(|window| window == random.as_bytes());
        assert!(!is_there, "{file} holds the secret");
    }
    let table = world.ok(&["key", "list", "--log", "placet.db"]);
    assert!(table.contains("acme") && table.contains("agent, auditor") && !table.contains("plc_"));
}

#[test]
fn a_secret_is_worth_something_until_it_is_replaced_or_revoked() {
    let world = World::new();
    let first = key(&world, &["--scope", "agent", "--tenant", "acme"]);
    let id = listed(&world)[0]["app_id"].as_str().unwrap().to_owned();
    let second = world.ok(&["key", "rotate", &id, "--log", "placet.db"]).trim().to_owned();
    assert_ne!(first, second);
    let evaluate = |daemon: &Daemon, key: &str| {
        daemon.call("POST", "/v1/evaluate", key, Some(&json!({ "tool": "note" }))).0
    };
    let daemon = Daemon::start(&world, &[]);
    assert_eq!((evaluate(&daemon, &first), evaluate(&daemon, &second)), (401, 200));
    daemon.stop();
    let revoked = world.ok(&["key", "revoke", &id, "--log", "placet.db"]);
    assert!(revoked.contains("revoked") && revoked.contains(&id), "{revoked}");
    assert!(listed(&world).is_empty());
    let daemon = Daemon::start(&world, &[]);
    assert_eq!(evaluate(&daemon, &second), 401);
    daemon.stop();
    assert!(world.ok(&["key", "list", "--log", "placet.db"]).contains("there are no keys"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let world = World::new();
    key(&world, &["--scope", "admin"]);
    let unknown = "key_01999999-0000-7000-8000-000000000000";
    for (arguments, status) in [
        (&["create", "--name", "x"][..], 2),
        (&["create", "--name", "x", "--scope", "root"], 2),
        (&["create", "--name", "x", "--scope", "agent", "--agent", "bot"], 1),
        (&["rotate", unknown], 1),
        (&["revoke", unknown], 1),
        (&["revoke", "17"], 2),
    ] {
        let all = [&["key"][..], arguments, &["--log", "placet.db"]].concat();
        let ended = world.run(&all);
        assert_eq!(ended.status, status, "{arguments:?}: {}{}", ended.out, ended.err);
    }
    assert_eq!(world.run(&["key", "list", "--log", "none.db"]).status, 3);
    assert!(!world.path("none.db").exists());
}

#[test]
fn a_log_that_a_daemon_holds_is_spoken_to_through_the_daemon() {
    let world = World::new();
    key(&world, &["--scope", "admin"]);
    let daemon = Daemon::start(&world, &[]);
    let refused = world.run(&[
        "key",
        "create",
        "--name",
        "x",
        "--scope",
        "agent",
        "--tenant",
        "acme",
        "--log",
        "placet.db",
    ]);
    assert_eq!(refused.status, 3);
    let (holder, advice) = (format!("process {}", daemon.id()), "--url");
    assert!(refused.err.contains(&holder) && refused.err.contains(advice), "{}", refused.err);
    // Whoever only looks is let in.
    assert_eq!(listed(&world).len(), 1);
    daemon.stop();
}
