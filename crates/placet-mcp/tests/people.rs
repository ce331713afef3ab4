//! How a person is found, and what counts as their answer.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "people/before.rs"]
mod before;
#[path = "people/restart.rs"]
mod restart;
mod support;

use std::time::Duration;

use placet_mcp::JudgeConfig;
use serde_json::{Value, json};
use support::{LIMIT, World, refusal};
use tokio::time::timeout;

fn modern(capabilities: &Value) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "new-client", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": capabilities,
    })
}

impl World {
    async fn introduce(&mut self, capabilities: Value) {
        let params = json!({
            "protocolVersion": "2025-11-25", "capabilities": capabilities,
            "clientInfo": { "name": "old-client", "version": "1" },
        });
        self.ask(0, "initialize", params).await;
        self.server.hear().await;
        self.server
            .say(r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}"#)
            .await;
        self.client.hear().await;
    }
}

#[tokio::test]
async fn a_client_that_can_is_asked_to_open_the_page_and_its_yes_is_none() {
    let mut world = World::patient();
    world.introduce(json!({ "elicitation": { "url": {} } })).await;
    world.call(1, "write_file", json!({ "path": "b" })).await;
    world.list_tools().await;
    let asked = world.client.hear().await;
    let id = world.pending().await;
    assert_eq!(asked["method"], "elicitation/create");
    assert_eq!(asked["params"]["mode"], "url");
    assert_eq!(asked["params"]["elicitationId"], id.approval().to_string());
    assert!(asked["params"]["url"].as_str().unwrap().ends_with(&format!("/actions/{id}")));
    let yes = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": { "action": "accept", "content": { "approved": true } } });
    world.client.say(yes.to_string()).await;
    world.client.say(r#"{"jsonrpc":"2.0","id":9,"method":"ping"}"#).await;
    assert_eq!(world.server.hear().await["method"], "ping", "the yes went nowhere");
    assert_eq!(world.pending().await, id, "and nobody has approved anything");
    world.approve(id).await;
    assert_eq!(world.client.hear().await["method"], "notifications/elicitation/complete");
    assert_eq!(world.server.hear().await["params"]["name"], "write_file");
    assert_eq!(
        world.guard.log().action(id).unwrap().unwrap().subject.agent.unwrap().as_str(),
        "old-client"
    );
}

#[tokio::test]
async fn a_client_that_cannot_open_pages_is_not_asked_to() {
    for capabilities in
        [json!({}), json!({ "elicitation": {} }), json!({ "elicitation": { "form": {} } })]
    {
        let mut world = World::new();
        world.introduce(capabilities).await;
        world.call(1, "write_file", json!({ "path": "b" })).await;
        world.list_tools().await;
        refusal(&world.client.hear().await);
    }
}

#[tokio::test]
async fn without_sessions_the_client_comes_back_with_a_state() {
    let mut world = World::new();
    let meta = modern(&json!({ "elicitation": { "url": {} } }));
    let call = json!({ "name": "write_file", "arguments": { "path": "b" }, "_meta": meta });
    world.ask(1, "tools/call", call.clone()).await;
    let listed = world.server.hear().await;
    assert_eq!(listed["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
    world.list_tools_for(&listed["id"]).await;
    let asked = world.client.hear().await;
    let id = world.pending().await;
    let result = &asked["result"];
    assert_eq!(result["resultType"], "input_required");
    assert_eq!(result["inputRequests"]["placet"]["params"]["mode"], "url");
    // The client says that the person has accepted. Nobody has.
    let mut back = call.clone();
    back["requestState"] = result["requestState"].clone();
    back["inputResponses"] = json!({ "placet": { "action": "accept" } });
    world.ask(2, "tools/call", back.clone()).await;
    let text = match world.client.hear().await {
        answer if answer["result"]["resultType"] == "input_required" => String::new(),
        answer => refusal(&answer),
    };
    assert!(world.server.is_silent(), "{text}");
    world.approve(id).await;
    world.ask(3, "tools/call", back).await;
    let run = world.server.hear().await;
    assert_eq!(run["params"], call, "what is between client and gateway stays there");
    world.answer(3, "written").await;
    world.client.hear().await;
}

#[tokio::test]
async fn a_state_permits_nothing_but_its_own_call() {
    let mut world = World::new();
    let meta = modern(&json!({ "elicitation": { "url": {} } }));
    world
        .ask(
            1,
            "tools/call",
            json!({ "name": "write_file", "arguments": { "path": "b" }, "_meta": meta }),
        )
        .await;
    world.list_tools().await;
    let state = world.client.hear().await["result"]["requestState"].clone();
    let id = world.pending().await;
    world.approve(id).await;
    let other = json!({
        "name": "write_file", "arguments": { "path": "/etc/passwd" }, "_meta": meta, "requestState": &state,
    });
    world.ask(2, "tools/call", other).await;
    // It is another call, and asked for anew.
    let asked = world.client.hear().await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    assert_ne!(asked["result"]["requestState"], state);
    assert!(world.server.is_silent());
}

#[tokio::test]
async fn who_wants_to_know_hears_that_it_waits() {
    let mut world = World::new();
    let call = json!({ "name": "write_file", "arguments": {}, "_meta": { "progressToken": "t" } });
    world.ask(1, "tools/call", call).await;
    world.list_tools().await;
    let told = world.client.hear().await;
    assert_eq!(told["method"], "notifications/progress");
    assert_eq!(told["params"]["progressToken"], "t");
    refusal(&world.client.hear().await);
}

/// A client that takes tasks.
fn tasks() -> Value {
    modern(&json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } }))
}

impl World {
    /// Calls a tool and gets a task; its id and that of the action.
    async fn task(&mut self, id: u64, meta: &Value) -> (String, placet::ActionId) {
        let call = json!({ "name": "write_file", "arguments": { "path": "b" }, "_meta": meta });
        self.ask(id, "tools/call", call).await;
        if id == 1 {
            let listed = self.server.hear().await;
            self.list_tools_for(&listed["id"]).await;
        }
        let created = self.client.hear().await["result"].clone();
        assert_eq!(created["resultType"], "task");
        assert_eq!(created["status"], "working");
        assert!(created["ttlMs"].as_u64().unwrap() > 0);
        (created["taskId"].as_str().unwrap().to_owned(), self.pending().await)
    }

    /// Asks for a task.
    async fn look(&mut self, id: u64, task: &str, method: &str) -> Value {
        self.ask(id, method, json!({ "taskId": task, "_meta": tasks() })).await;
        self.client.hear().await["result"].clone()
    }

    /// Asks for a task until it has ended.
    async fn ended(&mut self, task: &str) -> Value {
        for id in 1_000.. {
            let seen = self.look(id, task, "tasks/get").await;
            if seen["status"] != "working" {
                return seen;
            }
            tokio::task::yield_now().await;
        }
        panic!("it never ends")
    }
}

#[tokio::test]
async fn a_client_that_takes_tasks_gets_one_and_the_call_runs_when_people_approve_it() {
    let mut world = World::new();
    let (task, id) = world.task(1, &tasks()).await;
    assert_eq!(world.look(2, &task, "tasks/get").await["status"], "working");
    world.approve(id).await;
    let run = world.server.hear().await;
    assert_eq!(run["method"], "tools/call");
    assert_eq!(run["params"]["arguments"], json!({ "path": "b" }));
    // The server is to answer, and not to make another task of it.
    let capabilities = &run["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
    assert_eq!(*capabilities, json!({ "extensions": {} }));
    let result =
        json!({ "content": [{ "type": "text", "text": "written" }], "resultType": "complete" });
    let answer = json!({ "jsonrpc": "2.0", "id": run["id"], "result": result });
    world.server.say(answer.to_string()).await;
    let ended = world.ended(&task).await;
    assert_eq!((&ended["status"], &ended["result"]), (&json!("completed"), &result));
    world.becomes(id, placet::Status::Succeeded).await;
    assert!(world.server.is_silent(), "it ran once");
}

#[tokio::test]
async fn a_task_ends_with_the_denial_that_the_model_is_to_read() {
    let mut world = World::new();
    let (task, id) = world.task(1, &tasks()).await;
    world.resolve(id, placet::Reply::Deny { reason: "not today".to_owned() }).await;
    let ended = world.ended(&task).await;
    assert_eq!(ended["status"], "completed");
    assert_eq!(ended["result"]["isError"], true);
    assert!(ended["result"]["content"][0]["text"].as_str().unwrap().contains("not today"));
    assert!(world.server.is_silent());
}

#[tokio::test]
async fn a_task_ends_also_where_its_server_has_stopped_reading() {
    let call = Duration::from_millis(200);
    let mut world = World::with(support::POLICY, JudgeConfig { call, ..support::config() });
    let (task, id) = world.task(1, &tasks()).await;
    // As many as wait for it.
    for _ in 0..64 {
        world.client.say(r#"{"jsonrpc":"2.0","method":"notifications/x"}"#).await;
    }
    assert_eq!(world.look(2, &task, "tasks/get").await["status"], "working");
    world.approve(id).await;
    let ended = timeout(LIMIT, world.ended(&task)).await.unwrap();
    assert_eq!(ended["status"], "failed", "{ended}");
    let text = ended["error"]["message"].as_str().unwrap();
    assert!(text.contains("in time") && text.contains("not known"), "{text}");
    world.becomes(id, placet::Status::Redeemed).await;
}

#[tokio::test]
async fn a_task_that_is_taken_back_never_runs() {
    let mut world = World::new();
    let (task, id) = world.task(1, &tasks()).await;
    assert_eq!(world.look(2, &task, "tasks/cancel").await, json!({ "resultType": "complete" }));
    assert_eq!(world.ended(&task).await["status"], "cancelled");
    world.becomes(id, placet::Status::Withdrawn).await;
    assert!(world.server.is_silent());
}

#[tokio::test]
async fn a_task_asks_for_its_page_once_and_a_yes_is_none() {
    let mut world = World::new();
    let mut meta = tasks();
    meta["io.modelcontextprotocol/clientCapabilities"]["elicitation"] = json!({ "url": {} });
    let (task, id) = world.task(1, &meta).await;
    let asked = world.look(2, &task, "tasks/get").await;
    assert_eq!(asked["status"], "input_required");
    let page = &asked["inputRequests"]["placet"];
    assert_eq!(page["method"], "elicitation/create");
    assert!(page["params"]["url"].as_str().unwrap().ends_with(&format!("/actions/{id}")));
    let yes = json!({ "taskId": task, "inputResponses": { "placet": { "action": "accept" } } });
    world.ask(3, "tasks/update", yes).await;
    assert_eq!(world.client.hear().await["result"], json!({ "resultType": "complete" }));
    assert_eq!(world.look(4, &task, "tasks/get").await["status"], "working");
    assert_eq!(world.pending().await, id);
    assert!(world.server.is_silent());
}

#[tokio::test]
async fn a_task_of_the_server_is_its_own_and_one_of_nobody_is_an_error() {
    let mut world = World::new();
    world.ask(1, "tasks/get", json!({ "taskId": "theirs" })).await;
    assert_eq!(world.server.hear().await["params"]["taskId"], "theirs");
    world.ask(2, "tasks/get", json!({ "taskId": "placet-task-00" })).await;
    assert_eq!(world.client.hear().await["error"]["code"], -32602);
    assert!(world.server.is_silent());
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_tasks_back() {
    let mut world = World::new();
    let (_, id) = world.task(1, &tasks()).await;
    let World { guard, client, running, .. } = world;
    drop(client);
    running.await.unwrap();
    let status = guard.log().action(id).unwrap().unwrap().status;
    assert_eq!(status, placet::Status::Withdrawn);
}

#[tokio::test]
async fn the_server_is_said_to_know_tasks() {
    let mut world = World::new();
    world.ask(1, "server/discover", json!({ "_meta": tasks() })).await;
    world.server.hear().await;
    let said = r#"{"jsonrpc":"2.0","id":1,"result":{"capabilities":{"tools":{}},"big":123456789012345678901234567890}}"#;
    world.server.say(said).await;
    let heard = String::from_utf8(world.client.hear_bytes().await.to_vec()).unwrap();
    assert!(heard.contains("123456789012345678901234567890"), "{heard}");
    let heard: Value = serde_json::from_str(&heard).unwrap();
    let declared = json!({ "io.modelcontextprotocol/tasks": {} });
    assert_eq!(heard["result"]["capabilities"]["extensions"], declared);
}
