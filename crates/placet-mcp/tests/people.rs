//! How a person is found, and what counts as their answer.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{World, refusal};

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
