//! Several servers as one.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::Duration;

use placet_mcp::many_within;
use serde_json::{Value, json};
use support::{Side, tool};

struct World {
    client: Side,
    servers: Vec<Side>,
}

impl World {
    fn new(names: &[&str]) -> Self {
        Self::within(names, support::LIMIT)
    }

    /// Where servers get this long to say what they have.
    fn within(names: &[&str], time: Duration) -> Self {
        let (client, end) = Side::pair();
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let (ends, running) = many_within(end, names, time);
        tokio::spawn(running);
        // Where a relay would be there is the server itself: what a relay does is tested elsewhere.
        let servers = ends.into_iter().map(Side::facing).collect();
        Self { client, servers }
    }

    async fn ask(&self, id: u64, method: &str, params: Value) {
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.client.say(message.to_string()).await;
    }

    async fn reply(&self, server: usize, id: &Value, result: Value) {
        let message = json!({ "jsonrpc": "2.0", "id": id, "result": result });
        self.servers[server].say(message.to_string()).await;
    }
}

#[tokio::test]
async fn introductions_become_one() {
    let mut world = World::new(&["a", "b"]);
    world.ask(0, "initialize", json!({ "protocolVersion": "2025-11-25" })).await;
    for (number, version, capabilities) in [
        (0, "2025-11-25", json!({ "tools": { "listChanged": false } })),
        (1, "2025-06-18", json!({ "tools": { "listChanged": true }, "prompts": {} })),
    ] {
        let asked = world.servers[number].hear().await;
        let result = json!({ "protocolVersion": version, "capabilities": capabilities, "instructions": "hi" });
        world.reply(number, &asked["id"], result).await;
    }
    let result = world.client.hear().await["result"].clone();
    assert_eq!(result["protocolVersion"], "2025-06-18");
    assert_eq!(result["capabilities"], json!({ "tools": { "listChanged": true }, "prompts": {} }));
    assert_eq!(result["serverInfo"]["name"], "placet");
    assert_eq!(result["instructions"], "a: hi\n\nb: hi");
}

#[tokio::test]
async fn a_server_that_refuses_is_left_out_and_one_of_before_makes_all_of_before() {
    let mut world = World::new(&["a", "b"]);
    for (method, is_refused) in [("initialize", false), ("server/discover", true)] {
        world.ask(1, method, json!({})).await;
        let asked = world.servers[0].hear().await;
        let error = json!({ "jsonrpc": "2.0", "id": asked["id"], "error": { "code": -32601, "message": "no" } });
        world.servers[0].say(error.to_string()).await;
        let asked = world.servers[1].hear().await;
        world
            .reply(
                1,
                &asked["id"],
                json!({ "capabilities": {}, "supportedVersions": ["2026-07-28"] }),
            )
            .await;
        let answer = world.client.hear().await;
        assert_eq!(answer.get("error").is_some(), is_refused, "{answer}");
        if is_refused {
            assert_eq!(answer["error"]["code"], -32601);
        }
    }
}

#[tokio::test]
async fn lists_follow_each_other_under_the_names_of_their_servers() {
    let mut world = World::new(&["a", "b"]);
    let mut cursor = Value::Null;
    let mut names = Vec::new();
    for (server, own, next) in
        [(0, Value::Null, Some("x")), (0, json!("x"), None), (1, Value::Null, None)]
    {
        let params = if cursor.is_null() { json!({}) } else { json!({ "cursor": cursor }) };
        world.ask(1, "tools/list", params).await;
        let asked = world.servers[server].hear().await;
        assert_eq!(asked["params"]["cursor"], own);
        let mut shown = tool("t", "Does.");
        shown["future"] = json!({ "kept": true });
        let mut result = json!({ "tools": [shown], "ttlMs": 5 });
        if let Some(next) = next {
            result["nextCursor"] = next.into();
        }
        world.reply(server, &asked["id"], result).await;
        let page = world.client.hear().await["result"].clone();
        assert_eq!(page["tools"][0]["future"]["kept"], true);
        assert_eq!(page["ttlMs"], 5);
        names.push(page["tools"][0]["name"].clone());
        cursor = page["nextCursor"].clone();
    }
    assert_eq!(names, ["a__t", "a__t", "b__t"]);
    assert_eq!(cursor, Value::Null);
}

#[tokio::test]
async fn a_call_goes_to_its_server_under_its_own_name() {
    let mut world = World::new(&["a", "a_b"]);
    for (name, server) in [("a__t", 0), ("a_b__t", 1), ("a__b__t", 0)] {
        let params = json!({ "name": name, "arguments": { "n": 1 }, "_meta": { "x": 1 } });
        world.ask(1, "tools/call", params).await;
        let asked = world.servers[server].hear().await;
        assert_eq!(asked["params"]["name"], name.split_once("__").unwrap().1);
        assert_eq!(asked["params"]["arguments"], json!({ "n": 1 }));
        assert_eq!(asked["params"]["_meta"], json!({ "x": 1 }));
        world.reply(server, &asked["id"], json!({ "content": [] })).await;
        assert_eq!(world.client.hear().await["id"], 1);
    }
    world.ask(2, "tools/call", json!({ "name": "nobody__t" })).await;
    assert!(world.client.hear().await["error"].is_object());
}

#[tokio::test]
async fn resources_are_read_where_they_were_listed() {
    let mut world = World::new(&["a", "b"]);
    world.ask(1, "resources/list", json!({ "cursor": "1:" })).await;
    let asked = world.servers[1].hear().await;
    world.reply(1, &asked["id"], json!({ "resources": [{ "uri": "file:///b" }] })).await;
    assert_eq!(world.client.hear().await["result"]["resources"][0]["uri"], "file:///b");
    world.ask(2, "resources/read", json!({ "uri": "file:///b" })).await;
    assert_eq!(world.servers[1].hear().await["method"], "resources/read");
}

#[tokio::test]
async fn what_servers_ask_under_one_id_is_told_apart() {
    let mut world = World::new(&["a", "b"]);
    let asked = r#"{"jsonrpc":"2.0","id":7,"method":"roots/list"}"#;
    let mut ids = Vec::new();
    for server in &world.servers {
        server.say(asked).await;
        ids.push(world.client.hear().await["id"].clone());
    }
    assert_ne!(ids[0], ids[1]);
    for (number, id) in ids.iter().enumerate().rev() {
        let answer = json!({ "jsonrpc": "2.0", "id": id, "result": { "roots": [number] } });
        world.client.say(answer.to_string()).await;
        let heard = world.servers[number].hear().await;
        assert_eq!((&heard["id"], &heard["result"]["roots"][0]), (&json!(7), &json!(number)));
    }
}

#[tokio::test]
async fn a_server_that_ends_takes_only_its_own_with_it() {
    let mut world = World::new(&["a", "b"]);
    let first = world.servers.remove(0);
    world.ask(1, "initialize", json!({})).await;
    drop(first);
    let asked = world.servers[0].hear().await;
    world.reply(0, &asked["id"], json!({ "capabilities": { "tools": {} } })).await;
    assert_eq!(world.client.hear().await["result"]["capabilities"], json!({ "tools": {} }));
    world.ask(2, "tools/call", json!({ "name": "a__t" })).await;
    assert!(world.client.hear().await["error"].is_object());
    world.ask(3, "tools/call", json!({ "name": "b__t" })).await;
    assert_eq!(world.servers[0].hear().await["params"]["name"], "t");
}

#[tokio::test]
async fn a_task_is_asked_of_the_server_that_has_it() {
    let mut world = World::new(&["a", "b"]);
    world.ask(1, "tools/call", json!({ "name": "b__write", "arguments": {} })).await;
    let asked = world.servers[1].hear().await;
    world.reply(1, &asked["id"], json!({ "resultType": "task", "taskId": "t-1" })).await;
    world.client.hear().await;
    world.ask(2, "tasks/get", json!({ "taskId": "t-1" })).await;
    assert_eq!(world.servers[1].hear().await["method"], "tasks/get");
    assert!(world.servers[0].is_silent());
    world.ask(3, "tasks/get", json!({ "taskId": "t-2" })).await;
    assert_eq!(world.client.hear().await["error"]["code"], -32602);
}

#[tokio::test]
async fn a_server_that_says_nothing_does_not_hold_up_the_others() {
    let mut world = World::within(&["mute", "b"], Duration::from_millis(600));
    for method in ["initialize", "server/discover"] {
        world.ask(1, method, json!({})).await;
        assert_eq!(world.servers[0].hear().await["method"], method);
        let asked = world.servers[1].hear().await;
        world.reply(1, &asked["id"], json!({ "capabilities": { "tools": {} } })).await;
        let answer = world.client.hear().await;
        assert_eq!(answer["result"]["capabilities"], json!({ "tools": {} }), "{answer}");
    }
    world.ask(2, "tools/list", json!({})).await;
    assert_eq!(world.servers[0].hear().await["method"], "tools/list");
    let page = world.client.hear().await["result"].clone();
    assert_eq!((&page["tools"], &page["nextCursor"]), (&json!([]), &json!("1:")));
    let told = world.servers[0].hear().await;
    assert_eq!((&told["method"], &told["params"]["requestId"]), (&CANCELLED.into(), &json!(2)));
    // What is not a list takes as long as its client wants.
    world.ask(3, "tools/call", json!({ "name": "b__t" })).await;
    let asked = world.servers[1].hear().await;
    world.reply(1, &asked["id"], json!({ "content": [] })).await;
    assert_eq!(world.client.hear().await["id"], 3);
}

const CANCELLED: &str = "notifications/cancelled";

#[tokio::test]
async fn what_is_not_wanted_any_more_is_told_under_the_id_it_has_there() {
    let mut world = World::new(&["a", "b"]);
    world.servers[1].say(r#"{"jsonrpc":"2.0","id":7,"method":"roots/list"}"#).await;
    let outer = world.client.hear().await["id"].clone();
    let told = json!({ "jsonrpc": "2.0", "method": CANCELLED, "params": { "requestId": 7 } });
    for server in &world.servers {
        server.say(told.to_string()).await;
    }
    let heard = world.client.hear().await;
    assert_eq!((&heard["method"], &heard["params"]["requestId"]), (&CANCELLED.into(), &outer));
    assert!(world.client.is_silent(), "another server's 7 is nobody's");
    world.ask(1, "subscriptions/listen", json!({})).await;
    let told = json!({ "jsonrpc": "2.0", "method": CANCELLED, "params": { "requestId": 1 } });
    world.client.say(told.to_string()).await;
    for server in &mut world.servers {
        assert_eq!(server.hear().await["method"], "subscriptions/listen");
        assert_eq!(server.hear().await["method"], CANCELLED);
    }
}

#[tokio::test]
async fn tasks_of_before_are_found_again() {
    let mut world = World::new(&["a", "b"]);
    world.ask(1, "tools/call", json!({ "name": "b__write", "task": {} })).await;
    let asked = world.servers[1].hear().await;
    world.reply(1, &asked["id"], json!({ "task": { "taskId": "t-1" } })).await;
    world.client.hear().await;
    world.ask(2, "tasks/result", json!({ "taskId": "t-1" })).await;
    assert_eq!(world.servers[1].hear().await["method"], "tasks/result");
    world.ask(3, "tasks/list", json!({ "cursor": "1:" })).await;
    let asked = world.servers[1].hear().await;
    world.reply(1, &asked["id"], json!({ "tasks": [{ "taskId": "t-2" }] })).await;
    assert_eq!(world.client.hear().await["result"]["tasks"][0]["taskId"], "t-2");
    world.ask(4, "tasks/cancel", json!({ "taskId": "t-2" })).await;
    assert_eq!(world.servers[1].hear().await["method"], "tasks/cancel");
    assert!(world.servers[0].is_silent());
}

#[tokio::test]
async fn a_resource_that_is_on_no_list_is_read_where_it_is() {
    let mut world = World::new(&["a", "b"]);
    world.ask(1, "resources/templates/list", json!({ "cursor": "1:" })).await;
    let asked = world.servers[1].hear().await;
    let template = json!({ "uriTemplate": "notes://{name}", "name": "n" });
    world.reply(1, &asked["id"], json!({ "resourceTemplates": [template] })).await;
    world.client.hear().await;
    world.ask(2, "resources/read", json!({ "uri": "notes://x" })).await;
    assert_eq!(world.servers[1].hear().await["params"]["uri"], "notes://x");
    assert!(world.servers[0].is_silent());
    // Of one that no template is for, whoever has it says so.
    world.ask(3, "resources/read", json!({ "uri": "other://x" })).await;
    let (first, second) = (world.servers[0].hear().await, world.servers[1].hear().await);
    let error = json!({ "jsonrpc": "2.0", "id": first["id"], "error": { "code": -32002, "message": "no" } });
    world.servers[0].say(error.to_string()).await;
    world.reply(1, &second["id"], json!({ "contents": [1] })).await;
    assert_eq!(world.client.hear().await["result"]["contents"], json!([1]));
}

#[tokio::test]
async fn what_a_server_was_asked_when_it_ended_is_answered() {
    let mut world = World::new(&["a", "b"]);
    world.ask(1, "tools/call", json!({ "name": "a__t" })).await;
    world.ask(2, "tools/list", json!({})).await;
    for method in ["tools/call", "tools/list"] {
        assert_eq!(world.servers[0].hear().await["method"], method);
    }
    drop(world.servers.remove(0));
    let answers = [world.client.hear().await, world.client.hear().await];
    let call = answers.iter().find(|it| it["id"] == 1).unwrap();
    assert!(call["error"]["message"].as_str().unwrap().contains("ended"), "{call}");
    let list = answers.iter().find(|it| it["id"] == 2).unwrap();
    assert_eq!(list["result"]["nextCursor"], "1:", "{list}");
}

#[tokio::test]
async fn a_server_that_has_stopped_reading_does_not_hold_up_the_others() {
    let mut world = World::new(&["stuck", "b"]);
    // As many as are kept for it, and one more.
    let mut refused = Value::Null;
    for id in 1_000.. {
        world.ask(id, "tools/call", json!({ "name": "stuck__t" })).await;
        world.ask(id + 100_000, "ping", json!({})).await;
        let heard = world.client.hear().await;
        if heard["id"] == id {
            refused = heard;
            break;
        }
    }
    let why = refused["error"]["message"].as_str().unwrap();
    assert!(why.contains("stuck") && why.contains("does not read"), "{why}");
    world.ask(1, "tools/call", json!({ "name": "b__t" })).await;
    let asked = world.servers[1].hear().await;
    world.reply(1, &asked["id"], json!({ "content": [] })).await;
    while world.client.hear().await["id"] != 1 {}
    // Nor is it waited for with a list.
    world.ask(2, "tools/list", json!({})).await;
    let page = world.client.hear().await;
    assert_eq!((&page["id"], &page["result"]["nextCursor"]), (&json!(2), &json!("1:")));
}
