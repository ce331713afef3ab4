//! Held calls as tasks of 2025-11-25, which are asked for with each call.

use placet::{Reply, Status};
use serde_json::{Value, json};
use support::World;

use crate::support;

/// What a server says of itself that lets its tools be called as tasks.
fn runs_tasks() -> Value {
    json!({ "tasks": { "list": {}, "cancel": {}, "requests": { "tools": { "call": {} } } } })
}

/// A client and a server that have introduced themselves.
async fn world(capabilities: Value) -> World {
    let mut world = World::new();
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {} });
    world.ask(0, "initialize", params).await;
    world.server.hear().await;
    let result = json!({ "protocolVersion": "2025-11-25", "capabilities": capabilities });
    reply(&world, &json!(0), &result).await;
    world.client.hear().await;
    world
}

async fn reply(world: &World, id: &Value, result: &Value) {
    let message = json!({ "jsonrpc": "2.0", "id": id, "result": result });
    world.server.say(message.to_string()).await;
}

/// Calls a tool as a task: the answer.
async fn call(world: &mut World, id: u64, tool: &str, arguments: Value) -> Value {
    let call = json!({ "name": tool, "arguments": arguments, "task": { "ttl": 60_000 } });
    world.ask(id, "tools/call", call).await;
    if id == 1 {
        world.list_tools().await;
    }
    world.client.hear().await
}

/// The id of the task that an answer says was begun.
fn begun(answer: &Value) -> String {
    let task = &answer["result"]["task"];
    assert_eq!(task["status"], "working", "{answer}");
    assert!(task["ttl"].as_u64().unwrap() > 0 && task["pollInterval"].as_u64().unwrap() > 0);
    task["taskId"].as_str().unwrap().to_owned()
}

async fn look(world: &mut World, id: u64, task: &str, method: &str) -> Value {
    world.ask(id, method, json!({ "taskId": task })).await;
    world.client.hear().await
}

#[tokio::test]
async fn a_held_call_that_is_made_as_a_task_becomes_one() {
    let mut world = world(runs_tasks()).await;
    let created = call(&mut world, 1, "write_file", json!({ "path": "b" })).await;
    let task = begun(&created);
    let id = world.pending().await;
    let told = created["result"]["task"]["statusMessage"].as_str().unwrap();
    assert!(told.ends_with(&format!("/actions/{id}")), "{told}");
    let seen = look(&mut world, 2, &task, "tasks/get").await;
    assert_eq!(
        (&seen["result"]["status"], &seen["result"]["taskId"]),
        (&json!("working"), &json!(task))
    );
    // Whoever asks for the result waits for it.
    world.ask(3, "tasks/result", json!({ "taskId": task })).await;
    assert_eq!(look(&mut world, 4, &task, "tasks/get").await["id"], 4);
    world.approve(id).await;
    let run = world.server.hear().await;
    assert_eq!(run["params"], json!({ "name": "write_file", "arguments": { "path": "b" } }));
    let result = json!({ "content": [{ "type": "text", "text": "written" }] });
    reply(&world, &run["id"], &result).await;
    let ended = world.client.hear().await;
    assert_eq!((&ended["id"], &ended["result"]["content"]), (&json!(3), &result["content"]));
    let related = &ended["result"]["_meta"]["io.modelcontextprotocol/related-task"];
    assert_eq!(*related, json!({ "taskId": task }));
    assert_eq!(look(&mut world, 5, &task, "tasks/get").await["result"]["status"], "completed");
    world.becomes(id, Status::Succeeded).await;
    assert!(world.server.is_silent(), "it ran once");
}

#[tokio::test]
async fn a_tool_that_runs_only_as_a_task_is_run_as_one() {
    let mut world = world(runs_tasks()).await;
    world.tools[1]["execution"] = json!({ "taskSupport": "required" });
    let created = call(&mut world, 1, "write_file", json!({})).await;
    let task = begun(&created);
    let id = world.pending().await;
    world.approve(id).await;
    let run = world.server.hear().await;
    assert_eq!(run["params"]["task"], json!({ "ttl": 60_000 }));
    reply(&world, &run["id"], &json!({ "task": { "taskId": "theirs", "status": "working" } }))
        .await;
    let asked = world.server.hear().await;
    assert_eq!(
        (&asked["method"], &asked["params"]["taskId"]),
        (&json!("tasks/result"), &json!("theirs"))
    );
    reply(&world, &asked["id"], &json!({ "content": [], "isError": true })).await;
    let ended = look(&mut world, 2, &task, "tasks/result").await;
    assert_eq!(ended["result"]["isError"], true, "{ended}");
    // What says that it failed has failed.
    assert_eq!(look(&mut world, 3, &task, "tasks/get").await["result"]["status"], "failed");
    world.becomes(id, Status::Failed).await;
}

#[tokio::test]
async fn what_does_not_run_is_a_task_that_says_why() {
    let mut world = world(runs_tasks()).await;
    let created = call(&mut world, 1, "write_file", json!({})).await;
    let denied = begun(&created);
    let id = world.pending().await;
    world.resolve(id, Reply::Deny { reason: "not today".to_owned() }).await;
    let blocked = begun(&call(&mut world, 2, "refund", json!({ "amount": "100.01" })).await);
    for (task, why) in [(denied, "not today"), (blocked, "Blocked by policy")] {
        let ended = look(&mut world, 3, &task, "tasks/result").await;
        let text = support::refusal(&ended);
        assert!(text.contains(why), "{text}");
        assert_eq!(look(&mut world, 4, &task, "tasks/get").await["result"]["status"], "failed");
    }
    assert!(world.server.is_silent());
}

#[tokio::test]
async fn a_task_that_is_taken_back_is_over_at_once() {
    let mut world = world(runs_tasks()).await;
    let task = begun(&call(&mut world, 1, "write_file", json!({})).await);
    let id = world.pending().await;
    world.ask(2, "tasks/result", json!({ "taskId": task })).await;
    world.ask(3, "tasks/cancel", json!({ "taskId": task })).await;
    let answers = [world.client.hear().await, world.client.hear().await];
    for answer in &answers {
        match answer["id"].as_u64() {
            Some(2) => assert!(answer["error"].is_object(), "{answer}"),
            _ => assert_eq!(answer["result"]["status"], "cancelled", "{answer}"),
        }
    }
    world.becomes(id, Status::Withdrawn).await;
    assert_eq!(look(&mut world, 4, &task, "tasks/cancel").await["error"]["code"], -32602);
    assert_eq!(look(&mut world, 5, &task, "tasks/get").await["result"]["status"], "cancelled");
    assert!(world.server.is_silent());
}

#[tokio::test]
async fn tasks_of_the_server_pass_untouched() {
    let mut world = world(runs_tasks()).await;
    let ours = begun(&call(&mut world, 1, "write_file", json!({})).await);
    let params = json!({ "name": "read_file", "arguments": {}, "task": { "ttl": 5, "x": 1 } });
    world.ask(2, "tools/call", params.clone()).await;
    let run = world.server.hear().await;
    assert_eq!((&run["id"], &run["params"]), (&json!(2), &params));
    let created = json!({ "task": { "taskId": "theirs", "status": "working", "ttl": 5 } });
    reply(&world, &json!(2), &created).await;
    assert_eq!(world.client.hear().await["result"], created);
    for (id, method) in [(3, "tasks/get"), (4, "tasks/result"), (5, "tasks/cancel")] {
        world.ask(id, method, json!({ "taskId": "theirs" })).await;
        assert_eq!(world.server.hear().await["method"], method);
        reply(&world, &json!(id), &json!({ "big": 7 })).await;
        assert_eq!(world.client.hear().await["result"], json!({ "big": 7 }));
    }
    world.ask(6, "tasks/list", json!({})).await;
    world.server.hear().await;
    reply(&world, &json!(6), &json!({ "tasks": [created["task"]], "nextCursor": "n" })).await;
    let listed = world.client.hear().await["result"].clone();
    assert_eq!(
        (&listed["tasks"][0]["taskId"], &listed["tasks"][1]),
        (&json!(ours), &created["task"])
    );
    assert_eq!(listed["nextCursor"], "n");
}

#[tokio::test]
async fn a_server_without_tasks_has_none_here_either() {
    let mut world = world(json!({ "tools": {} })).await;
    let answer = call(&mut world, 1, "write_file", json!({})).await;
    assert!(support::refusal(&answer).contains("approval"), "{answer}");
}
