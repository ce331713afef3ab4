//! The commands that write, check and explain policies.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use serde_json::Value;
use support::World;

const CALLS: &str = r#"{"tool": "get_order", "params": {"order": "o-1"}}
{"tool": "issue_refund", "params": {"order": "o-1", "amount": "42.00", "currency": "USD"}}
{"tool": "issue_refund", "params": {"order": "o-2", "amount": 12.5, "currency": "EUR"}}
{"tool": "run_query", "params": {"sql": "SELECT * FROM orders"}}
{"tool": "run_sql", "params": {"sql": "SELECT 1"}}
{"tool": "run_sql", "params": {"sql": "DROP TABLE orders"}}
{"tool": "frobnicate"}
{"tool": "update ticket \"now\"", "params": {"status": "open"}}
"#;

#[test]
fn a_policy_from_calls() {
    let world = World::new();
    world.write("calls.jsonl", CALLS);
    insta::assert_snapshot!(world.run(&["init", "--tools", "calls.jsonl"]).snapshot());
    insta::assert_snapshot!(world.read("policy.toml"));
    let lint: Value = serde_json::from_str(&world.ok(&["policy", "lint", "--json"])).unwrap();
    assert_eq!(
        (&lint["valid"], &lint["classes"], &lint["mode"]),
        (&true.into(), &6.into(), &"shadow".into())
    );
    let decided = world.run(&["check", "calls.jsonl", "--policy", "policy.toml"]);
    assert_eq!((decided.status, decided.out.lines().count()), (0, 8));
}

#[test]
fn a_policy_from_an_mcp_servers_list() {
    let world = World::new();
    let tools = r#"{"jsonrpc": "2.0", "id": 1, "result": {"tools": [
        {"name": "create_payment", "description": "Pays", "inputSchema": {"type": "object", "properties": {"totalAmount": {}, "currency": {}}}},
        {"name": "list_payments", "annotations": {"readOnlyHint": true}},
        {"name": "wipe", "annotations": {"readOnlyHint": false, "destructiveHint": true}}]}}"#;
    world.write("tools.json", tools);
    let text = world.ok(&["init", "--tools", "tools.json", "--output", "-"]);
    insta::assert_snapshot!(text);
}

#[test]
fn names_alone_and_nothing_at_all() {
    let world = World::new();
    world.write("names.json", r#"["get_order", "delete_order"]"#);
    world.ok(&["init", "--tools", "names.json", "--tool", "send_email", "--output", "a.toml"]);
    let text = world.read("a.toml");
    for class in ["[actions.get_order]", "[actions.delete_order]", "[actions.send_email]"] {
        assert!(text.contains(class), "{class}");
    }
    world.ok(&["init"]);
    insta::assert_snapshot!(world.read("policy.toml"));
    world.ok(&["policy", "lint"]);
}

#[test]
fn what_a_policy_cannot_have_is_left_out_and_said() {
    let world = World::new();
    let names = "\"issue_refund\"\n\"issue_ref\u{0578}nd\"\n\"get_*\"\n\"a\u{200b}b\"\n";
    world.write("names.jsonl", names);
    let ended = world.run(&["init", "--tools", "names.jsonl"]);
    insta::assert_snapshot!(ended.snapshot());
    world.ok(&["policy", "lint"]);
}

#[test]
fn a_tool_cannot_write_into_the_policy() {
    let world = World::new();
    let hostile = r#""]\n[actions.x]\nrisk = \"read\"\n#""#;
    let name = r#"{"name": "evil\"]", "description": "x\n[actions.y]"}"#;
    for tools in [
        hostile.to_owned(),
        name.to_owned(),
        r#"{"tool": "a.b'c\\", "params": {"k\n]": 1}}"#.to_owned(),
    ] {
        world.write("tools.json", tools);
        let ended = world.run(&["init", "--tools", "tools.json", "--force"]);
        if ended.status == 0 {
            let lint: Value =
                serde_json::from_str(&world.ok(&["policy", "lint", "--json"])).unwrap();
            assert_eq!(lint["classes"], 1);
        } else {
            assert!(ended.err.contains("control character"), "{}", ended.err);
        }
    }
}

#[test]
fn an_existing_policy_is_kept() {
    let world = World::new();
    world.write("policy.toml", "mine");
    let ended = world.run(&["init"]);
    assert_eq!((ended.status, world.read("policy.toml").as_str()), (3, "mine"));
    assert!(ended.err.contains("--force"), "{}", ended.err);
    world.ok(&["init", "--force"]);
    assert!(world.read("policy.toml").contains("version = 1"));
}

#[test]
fn tools_that_cannot_be_read() {
    let world = World::new();
    for tools in
        ["17", "{\"nome\": \"x\"}", "\"ok\"\n{\"tool\": 1}\n", "[\"a\",\n", "{\n\"tools\": [1]}"]
    {
        world.write("tools", tools);
        let ended = world.run(&["init", "--tools", "tools"]);
        assert_eq!(ended.status, 3, "{tools}");
        assert!(!world.path("policy.toml").exists());
    }
}

#[test]
fn linting() {
    let world = World::with_example();
    let sound = world.run(&["policy", "lint"]);
    assert_eq!((sound.status, sound.err.as_str()), (0, ""));
    world.write(
        "policy.toml",
        "version = 1\nmode = \"sahdow\"\n[actions.pay]\nrisk = \"read\"\nauto_cap = \"5\"\n",
    );
    insta::assert_snapshot!(world.run(&["policy", "lint"]).snapshot());
    let json: Value = serde_json::from_str(&world.run(&["policy", "lint", "--json"]).out).unwrap();
    assert_eq!((&json["valid"], &json["diagnostics"][0]["line"]), (&false.into(), &2.into()));
    world.write("policy.toml", "version = 1\n");
    world.write("rules.cedar", "permit(principal, action, resource) when { context.nope == 1 };\n");
    assert_eq!(world.run(&["policy", "lint"]).status, 1);
    assert_eq!(world.run(&["policy", "lint", "none.toml"]).status, 3);
}

#[test]
fn schemas() {
    let world = World::with_example();
    let schema: Value = serde_json::from_str(&world.ok(&["policy", "schema"])).unwrap();
    assert!(schema["properties"]["unclassified"].is_object());
    let cedar = world.ok(&["policy", "schema", "--cedar", "policy.toml"]);
    assert!(cedar.contains("issue_refund"), "{cedar}");
    let json: Value =
        serde_json::from_str(&world.ok(&["policy", "schema", "--cedar", "policy.toml", "--json"]))
            .unwrap();
    assert_eq!(json["cedar"].as_str(), Some(cedar.as_str()));
}

#[test]
fn classifying() {
    let world = World::new();
    world.write("calls.jsonl", CALLS.to_owned() + "{\"tool\": 1}\n");
    let shown = [
        &["classify", "run_query", "--params", r#"{"sql": "DELETE FROM orders"}"#][..],
        &["classify", "get_order"],
        &["classify", "frobnicate", "--annotations", r#"{"readOnlyHint": true}"#],
        &["classify", "frobnicate", "--annotations", r#"{"readOnlyHint": true}"#, "--trusted"],
        &["classify", "get_order\u{202e}"],
        &["classify", "get_order", "--json"],
        &["classify", "get_order", "--params", "[]"],
        &["classify", "--file", "calls.jsonl"],
        &["classify"],
    ]
    .map(|arguments| {
        format!(
            "$ placet {}\n{}",
            arguments.join(" ").escape_debug(),
            world.run(arguments).snapshot()
        )
    });
    insta::assert_snapshot!(shown.join("\n"));
}
