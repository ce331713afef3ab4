//! Who may sign in to the console: invited, listed, changed and removed, in a file and at a daemon.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::World;

#[test]
fn a_person_is_invited_changed_and_removed_in_a_file() {
    let world = World::new();
    let at = |arguments: &[&str]| world.ok(&[arguments, &["--log", "placet.db"]].concat());
    let ana = ["people", "invite", "ana", "--role", "approver", "--group", "finance"];
    let token = at(&[&ana[..], &["--tenant", "acme"]].concat());
    assert!(token.starts_with("pli_"), "{token}");
    let listed = || -> Value { serde_json::from_str(&at(&["people", "list", "--json"])).unwrap() };
    let person = listed()[0].clone();
    assert_eq!(
        (&person["person"], &person["tenant"], &person["roles"], &person["groups"]),
        (&json!("ana"), &json!("acme"), &json!(["approver"]), &json!(["finance"]))
    );
    assert_eq!((&person["enrolled"], person["invited_until"].is_string()), (&json!(false), true));
    let table = at(&["people", "list"]);
    assert!(table.contains("finance") && !table.contains("pli_"), "{table}");
    at(&["people", "change", "ana", "--role", "auditor"]);
    assert_eq!((&listed()[0]["roles"], &listed()[0]["groups"]), (&json!(["auditor"]), &json!([])));
    at(&["people", "remove", "ana"]);
    assert_eq!(listed(), json!([]));
    let unknown = world.run(&["people", "remove", "ana", "--log", "placet.db"]);
    assert_eq!(unknown.status, 1, "{}", unknown.err);
    assert!(unknown.err.contains("there is nobody called ana"), "{}", unknown.err);
    world.ok(&["log", "verify", "--log", "placet.db"]);
}
