//! What passes between a client and a server, and what does not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "relay/large.rs"]
mod large;
#[path = "relay/late.rs"]
mod late;
mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use placet::{Json, Object, Reply, Status};
use placet_gate::{Gate, GateConfig};
use placet_mcp::{End, JudgeConfig};
use serde_json::{Value, json};
use support::{LIMIT, World, config, refusal, tool};
use tokio::time::timeout;

fn object(json: &Value) -> Object {
    match Json::parse(json.to_string().as_bytes()).unwrap() {
        Json::Object(object) => object,
        _ => Object::new(),
    }
}

#[tokio::test]
async fn what_is_no_call_passes_byte_for_byte() {
    let mut world = World::new();
    let odd = r#"{ "jsonrpc" : "2.0","id":"x\u0041", "method":"resources/read","params":{"n":123456789012345678901234567890,"n":1e400,"z":"é"}, "more":[1.0] }"#;
    world.client.say(odd).await;
    assert_eq!(world.server.hear_bytes().await, odd.as_bytes());
    let answer = r#"{"id":"xA",  "jsonrpc":"2.0","result":{"future":{"type":"hologram"},"big":98765432109876543210.5}}"#;
    world.server.say(answer).await;
    assert_eq!(world.client.hear_bytes().await, answer.as_bytes());
    for told in [
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1.0}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}"#,
    ] {
        world.client.say(told).await;
        assert_eq!(world.server.hear_bytes().await, told.as_bytes());
        world.server.say(told).await;
        assert_eq!(world.client.hear_bytes().await, told.as_bytes());
    }
    let asked = r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}"#;
    world.server.say(asked).await;
    assert_eq!(world.client.hear_bytes().await, asked.as_bytes());
    world.client.say(r#"{"jsonrpc":"2.0","id":1,"result":{"role":"assistant"}}"#).await;
    assert_eq!(world.server.hear().await["result"]["role"], "assistant");
}

#[tokio::test]
async fn an_allowed_call_passes_in_the_bytes_that_were_judged() {
    let mut world = World::new();
    let call = r#"{"jsonrpc":"2.0", "id":1,"method":"tools\/call","params":{"future":true,"arguments":{"path":"a.txt"},"name":"read_file"}}"#;
    world.client.say(call).await;
    world.list_tools().await;
    assert_eq!(world.server.hear_bytes().await, call.as_bytes());
    world.answer(1, "hello").await;
    assert_eq!(world.client.hear().await["result"]["content"][0]["text"], "hello");
    let id = world.decided().await.id;
    let found = world.becomes(id, Status::Succeeded).await;
    assert_eq!(found.subject.tool.as_str(), "read_file");
}

#[tokio::test]
async fn a_tool_that_says_it_failed_has_failed() {
    for answer in [
        json!({ "jsonrpc": "2.0", "id": 1, "result": { "content": [], "isError": true } }),
        json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32000, "message": "no" } }),
    ] {
        let mut world = World::new();
        world.call(1, "read_file", json!({})).await;
        world.list_tools().await;
        world.server.hear().await;
        world.server.say(answer.to_string()).await;
        assert_eq!(world.client.hear().await, answer);
        let id = world.decided().await.id;
        world.becomes(id, Status::Failed).await;
    }
}

/// What is left of a key that is cut through looks like no key any more.
#[tokio::test]
async fn what_is_cut_off_an_error_leaves_no_part_of_a_secret() {
    let mut world = World::new();
    world.call(1, "read_file", json!({})).await;
    world.list_tools().await;
    world.server.hear().await;
    let secret = format!("ghp_{}", "a1B2c3D4".repeat(5));
    let message = format!("{} {secret} and more", "x".repeat(365));
    let error = json!({ "code": -32000, "message": message });
    world.server.say(json!({ "jsonrpc": "2.0", "id": 1, "error": error }).to_string()).await;
    world.client.hear().await;
    world.becomes(world.decided().await.id, Status::Failed).await;
    let log = world.guard.log();
    let receipts = (0..log.size()).map(|index| log.receipt(index, true).unwrap());
    let kept: Vec<String> = receipts
        .filter_map(|receipt| {
            let known = receipt.verify(std::slice::from_ref(log.verifier())).unwrap();
            known.private.map(ToOwned::to_owned)
        })
        .collect();
    assert!(kept.iter().any(|it| it.contains("xxx")), "{kept:?}");
    assert!(!kept.iter().any(|it| it.contains("ghp_")), "{kept:?}");
}

#[tokio::test]
async fn a_blocked_call_never_reaches_the_server() {
    let mut world = World::new();
    world.call(1, "refund", json!({ "amount": "100.01" })).await;
    world.list_tools().await;
    let text = refusal(&world.client.hear().await);
    assert!(text.starts_with("Blocked by policy: "), "{text}");
    world.client.say(r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#).await;
    assert_eq!(world.server.hear().await["method"], "ping", "the call came first");
}

#[tokio::test]
async fn an_approved_call_runs_once_and_as_it_was_shown() {
    let mut world = World::patient();
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write_file","arguments":{"path":"b","text":"x"}}}"#;
    world.client.say(call).await;
    world.list_tools().await;
    let id = world.pending().await;
    assert!(world.server.is_silent());
    world.approve(id).await;
    assert_eq!(world.server.hear_bytes().await, call.as_bytes());
    world.answer(1, "written").await;
    assert_eq!(world.client.hear().await["result"]["content"][0]["text"], "written");
    world.becomes(id, Status::Succeeded).await;
    // The same call again is another action.
    world.call(2, "write_file", json!({ "path": "b", "text": "x" })).await;
    assert_ne!(world.pending().await, id);
    assert!(world.server.is_silent());
}

#[tokio::test]
async fn who_was_told_to_come_back_runs_it_once() {
    let mut world = World::new();
    let arguments = json!({ "path": "b", "n": 10 });
    world.call(1, "write_file", arguments.clone()).await;
    world.list_tools().await;
    let id = world.pending().await;
    let text = refusal(&world.client.hear().await);
    assert!(text.contains(&id.approval().to_string()), "{text}");
    assert!(text.contains(&format!("http://127.0.0.1:4747/console/actions/{id}")), "{text}");
    world.approve(id).await;
    // Another call is not the one that was approved.
    world.call(2, "write_file", json!({ "path": "b", "n": 11 })).await;
    assert_ne!(world.pending().await, id);
    refusal(&world.client.hear().await);
    // Written in another way, it is.
    let again = r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"arguments":{"n":1E+1,"path":"b"},"name":"write_file"}}"#;
    world.client.say(again).await;
    assert_eq!(world.server.hear_bytes().await, again.as_bytes());
    world.answer(3, "written").await;
    world.client.hear().await;
    world.becomes(id, Status::Succeeded).await;
    world.call(4, "write_file", arguments).await;
    refusal(&world.client.hear().await);
    assert!(world.server.is_silent());
}

#[tokio::test]
async fn who_comes_back_too_soon_is_told_again_where_people_answer() {
    let mut world = World::new();
    world.call(1, "write_file", json!({ "path": "b" })).await;
    world.list_tools().await;
    let first = refusal(&world.client.hear().await);
    assert!(first.contains("/console/actions/act_"), "{first}");
    world.call(2, "write_file", json!({ "path": "b" })).await;
    assert_eq!(refusal(&world.client.hear().await), first);
}

#[tokio::test]
async fn what_a_call_says_beside_its_arguments_is_part_of_what_is_approved() {
    let mut world = World::new();
    let with = |id: u64, meta: Value| {
        let params = json!({ "name": "write_file", "arguments": { "path": "b" }, "_meta": meta });
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }).to_string()
    };
    let usual = json!({
        "traceparent": "00-1", "tracestate": "x=1", "baggage": "y=2",
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "claudecode/toolUseId": "toolu_01", "vscode.requestId": "r-1",
    });
    world.client.say(with(1, usual)).await;
    world.list_tools().await;
    let id = world.noted().await.id;
    refusal(&world.client.hear().await);
    world.approve(id).await;
    for odd in [
        json!({ "evil.example/path": "/etc/passwd" }),
        json!({ "claudecode/toolUseId": "/etc/passwd" }),
        json!({ "claudecode/toolUseId": { "path": "x" } }),
    ] {
        world.client.say(with(2, odd.clone())).await;
        let another = world.noted().await.id;
        let found = world.guard.log().action(another).unwrap().unwrap();
        let context = Json::Object(found.action().unwrap().context.unwrap()).canonical();
        let shown: Value = serde_json::from_str(&context).unwrap();
        assert_eq!(shown["mcp"]["beside"]["_meta"], odd);
        refusal(&world.client.hear().await);
    }
    // What only tells this request from others is no part of the call.
    let other = json!({ "progressToken": 2, "claudecode/toolUseId": "toolu_02" });
    world.client.say(with(3, other)).await;
    assert_eq!(world.server.hear().await["id"], 3);
    world.becomes(id, Status::Redeemed).await;
}

#[tokio::test]
async fn a_connection_keeps_the_name_under_which_it_began() {
    let modern = |name: &str| {
        json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": name },
        })
    };
    for introduces in [true, false] {
        let mut world = World::new();
        for (id, name) in [(1, "agent-a"), (3, "agent-b")] {
            let mut params = json!({ "name": "read_file", "arguments": {} });
            if introduces {
                let info = json!({ "clientInfo": { "name": name }, "capabilities": {} });
                world.ask(id, "initialize", info).await;
                assert_eq!(world.server.hear().await["method"], "initialize");
            } else {
                params["_meta"] = modern(name);
            }
            world.ask(id + 1, "tools/call", params).await;
            if id == 1 {
                world.list_tools().await;
            }
            world.server.hear().await;
            let agent = world.noted().await.assessment.subject.agent.unwrap();
            assert_eq!(agent.as_str(), "agent-a", "{introduces}");
        }
    }
}

#[tokio::test]
async fn a_denial_reaches_the_agent_in_the_words_of_the_person() {
    let mut world = World::patient();
    world.call(1, "write_file", json!({ "path": "b" })).await;
    world.list_tools().await;
    let id = world.pending().await;
    world.resolve(id, Reply::Deny { reason: "not on a Friday".to_owned() }).await;
    let text = refusal(&world.client.hear().await);
    assert!(text.contains("not on a Friday"), "{text}");
    // Asked again at once, it is blocked and nobody is bothered.
    world.call(2, "write_file", json!({ "path": "b" })).await;
    let text = refusal(&world.client.hear().await);
    assert!(text.starts_with("Blocked by policy"), "{text}");
    assert!(world.server.is_silent());
}

#[tokio::test]
async fn what_a_person_changed_is_what_runs() {
    let mut world = World::patient();
    world.call(1, "write_file", json!({ "path": "/etc/passwd" })).await;
    world.list_tools().await;
    let id = world.pending().await;
    let params = object(&json!({ "path": "/tmp/harmless" }));
    world.resolve(id, Reply::Edit { params, statement: BTreeMap::new() }).await;
    let successor = world.pending_or_run(id).await;
    let run = world.server.hear().await;
    assert_eq!(run["params"]["arguments"], json!({ "path": "/tmp/harmless" }));
    assert_eq!(run["params"]["name"], "write_file");
    assert_eq!(run["id"], 1);
    world.answer(1, "written").await;
    world.client.hear().await;
    world.becomes(successor, Status::Succeeded).await;
}

impl World {
    /// The action that a person put in the place of another, signed off where that is needed.
    async fn pending_or_run(&self, id: placet::ActionId) -> placet::ActionId {
        let successor = self.becomes(id, Status::Superseded).await.successor.unwrap();
        let found = self.guard.log().action(successor).unwrap().unwrap();
        if found.is_pending() {
            self.approve(successor).await;
        }
        successor
    }
}

#[tokio::test]
async fn a_call_that_is_cancelled_while_it_waits_is_taken_back() {
    let mut world = World::patient();
    world.call(1, "write_file", json!({ "path": "b" })).await;
    world.list_tools().await;
    let id = world.pending().await;
    let cancelled = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } });
    world.client.say(cancelled.to_string()).await;
    world.becomes(id, Status::Withdrawn).await;
    assert!(world.server.is_silent(), "the server never heard of it");
    // Its id is free again.
    world.ask(1, "ping", json!({})).await;
    assert_eq!(world.server.hear().await["method"], "ping");
}

#[tokio::test]
async fn what_is_cancelled_and_never_answered_takes_no_place() {
    let mut world = World::new();
    for id in 0..4_200_u64 {
        world.ask(id, "resources/read", json!({ "uri": "x" })).await;
        assert_eq!(world.server.hear().await["id"], id);
        let told = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } });
        world.client.say(told.to_string()).await;
        assert_eq!(world.server.hear().await["params"]["requestId"], id);
    }
    // A server that answers all the same is heard.
    world.server.say(r#"{"jsonrpc":"2.0","id":4199,"result":{}}"#).await;
    assert_eq!(world.client.hear().await["id"], 4199);
}

#[tokio::test]
async fn when_the_client_goes_away_what_waits_is_taken_back() {
    let mut world = World::patient();
    world.call(1, "write_file", json!({ "path": "b" })).await;
    world.list_tools().await;
    let id = world.pending().await;
    let World { guard, client, server, running, .. } = world;
    drop(client);
    assert_eq!(timeout(LIMIT, running).await.unwrap().unwrap(), End::Client);
    assert_eq!(guard.log().action(id).unwrap().unwrap().status, Status::Withdrawn);
    drop(server);
}

#[tokio::test]
async fn when_the_server_dies_the_client_is_told_and_nobody_claims_to_know() {
    let mut world = World::new();
    world.call(1, "read_file", json!({})).await;
    world.list_tools().await;
    world.server.hear().await;
    let World { mut client, server, running, .. } = world;
    drop(server);
    assert_eq!(timeout(LIMIT, running).await.unwrap().unwrap(), End::Server);
    let answer = client.hear().await;
    assert_eq!(answer["id"], 1);
    assert!(answer["error"]["message"].as_str().unwrap().contains("ended"), "{answer}");
}

#[tokio::test]
async fn a_server_that_never_answers_does_not_hang_the_agent() {
    let call = Duration::from_millis(100);
    let mut world = World::with(support::POLICY, JudgeConfig { call, ..config() });
    world.call(1, "read_file", json!({})).await;
    world.list_tools().await;
    world.server.hear().await;
    let answer = world.client.hear().await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("in time"), "{answer}");
    // Too late, it goes nowhere.
    world.answer(1, "late").await;
    world.server.say(r#"{"jsonrpc":"2.0","method":"notifications/message"}"#).await;
    assert_eq!(world.client.hear().await["method"], "notifications/message");
}

#[tokio::test]
async fn an_answer_counts_once_and_only_to_a_question() {
    let mut world = World::patient();
    world.call(1, "write_file", json!({ "path": "b" })).await;
    world.list_tools().await;
    let id = world.pending().await;
    // The server has not been asked yet.
    world.answer(1, "forged").await;
    world.answer(99, "nobody asked").await;
    world.approve(id).await;
    world.server.hear().await;
    world.answer(1, "true").await;
    world.answer(1, "twice").await;
    assert_eq!(world.client.hear().await["result"]["content"][0]["text"], "true");
    world.server.say(r#"{"jsonrpc":"2.0","method":"notifications/message"}"#).await;
    assert_eq!(world.client.hear().await["method"], "notifications/message");
}

#[tokio::test]
async fn garbage_from_a_server_goes_nowhere() {
    let mut world = World::new();
    for garbage in ["Debug: starting", "{", "[]", "\u{0}", "{\"jsonrpc\":\"2.0\"}", "null"] {
        world.server.say(garbage).await;
    }
    world.server.say(r#"{"jsonrpc":"2.0","method":"notifications/message"}"#).await;
    assert_eq!(world.client.hear().await["method"], "notifications/message");
}

/// Params of a call that two readers could understand in two ways, or that are none.
const UNJUDGEABLE: [&str; 14] = [
    r#"{"name":"read_file","name":"refund","arguments":{}}"#,
    r#"{"name":"read_file","arguments":{"a":1,"a":2}}"#,
    r#"{"name":"read_file","arguments":{"a":{"b":1,"b":2}}}"#,
    r#"{"name":"read_file","arguments":{"n":9007199254740993}}"#,
    r#"{"name":"read_file","arguments":[]}"#,
    r#"{"name":"read_file","arguments":null}"#,
    r#"{"name":7}"#,
    r#"{"arguments":{}}"#,
    "[]",
    r#"{"name":"read_file","arguments":{"a":"\ud800"}}"#,
    r#"{"name":"read_file","Name":"refund","arguments":{}}"#,
    r#"{"name":"read_file","arguments":{},"ARGUMENTS":{"a":1}}"#,
    r#"{"name":"read_file","arguments":{"amount":"5","Amount":"5000"}}"#,
    r#"{"name":"read_file","arguments":{"of":[{"k":"5","\u212a":"5000"}]}}"#,
];

/// What is no message without doubt, and a call to some readers.
const UNREADABLE: [&str; 3] = [
    r#"[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file"}}]"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"refund"}}"#,
];

fn raw_call(params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#)
}

#[tokio::test]
async fn what_cannot_be_judged_without_doubt_is_not_run() {
    let mut world = World::new();
    for params in UNJUDGEABLE {
        world.client.say(raw_call(params)).await;
        let answer = world.client.hear().await;
        assert_eq!(answer["error"]["code"], -32602, "{params}: {answer}");
        assert_eq!(answer["id"], 1);
    }
    for unreadable in UNREADABLE {
        world.client.say(unreadable).await;
        assert!(world.client.hear().await["error"]["code"].is_i64());
    }
    world
        .client
        .say(r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"read_file"}}"#)
        .await;
    world.client.say(r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#).await;
    assert_eq!(world.server.hear().await["method"], "ping");
}

#[tokio::test]
async fn an_id_is_used_by_one_request_at_a_time() {
    let mut world = World::patient();
    world.call(1, "write_file", json!({ "path": "b" })).await;
    world.list_tools().await;
    world.pending().await;
    world.client.say(r#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#).await;
    let answer = world.client.hear().await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("id"), "{answer}");
    world.client.say(r#"{"jsonrpc":"2.0","id":"placet-gateway-1","method":"ping"}"#).await;
    assert!(world.client.hear().await["error"].is_object());
    assert!(world.server.is_silent());
}

#[tokio::test]
async fn shadow_stops_nothing_and_records_what_it_would_have_stopped() {
    let policy = format!("mode = \"shadow\"\n{}", support::POLICY);
    let mut world = World::with(&policy, config());
    world.tools = json!([tool("refund", "Refunds.\u{200b}")]);
    world.call(1, "refund", json!({ "amount": "5000" })).await;
    world.list_tools().await;
    assert_eq!(world.server.hear().await["params"]["name"], "refund");
    world.answer(1, "done").await;
    assert_eq!(world.client.hear().await["result"]["content"][0]["text"], "done");
    let would_have = world.decided().await.decision.would_have;
    assert_eq!(would_have, Some(placet::Verdict::Block));
}

fn shadow() -> String {
    format!("mode = \"shadow\"\n{}", support::POLICY)
}

#[tokio::test]
async fn shadow_forwards_what_cannot_be_judged_in_the_bytes_that_came_and_notes_it() {
    for (policy, is_flagged) in
        [(shadow(), false), (format!("on_review = \"shadow\"\n{}", support::POLICY), true)]
    {
        let mut world = World::open(&policy, config(), is_flagged);
        for params in UNJUDGEABLE.into_iter().chain([r#"{"name":"no tool is called\u0000so"}"#]) {
            let call = raw_call(params);
            world.client.say(&call).await;
            if params.contains("no tool") {
                world.list_tools().await;
            }
            assert_eq!(world.server.hear_bytes().await, call.as_bytes());
            world.answer(1, "done").await;
            let answer = world.client.hear().await;
            assert_eq!(answer["result"]["content"][0]["text"], "done", "{params}: {answer}");
        }
        let noted = world.noted().await;
        assert_eq!(noted.assessment.subject.tool.as_str(), "unjudged_call");
        world.becomes(noted.id, Status::Succeeded).await;
        let would_have = noted.decision.would_have;
        assert!(would_have >= Some(placet::Verdict::RequireApproval), "{would_have:?}");
        let why = world.guard.log().action(noted.id).unwrap().unwrap().action().unwrap().params;
        assert!(why.get("why").and_then(Json::as_str).unwrap().contains("twice"), "{why:?}");
    }
}

#[tokio::test]
async fn shadow_forwards_what_is_no_message_without_doubt_and_its_answer() {
    let mut world = World::with(&shadow(), config());
    let untold = r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"read_file"}}"#;
    for odd in UNREADABLE.into_iter().chain([untold]) {
        world.client.say(odd).await;
        assert_eq!(world.server.hear_bytes().await, odd.as_bytes());
        world.noted().await;
    }
    world.answer(1, "done").await;
    assert_eq!(world.client.hear().await["result"]["content"][0]["text"], "done");
}

#[tokio::test]
async fn a_share_of_the_traffic_in_shadow_is_not_all_of_it() {
    let sample = format!("mode = \"sample\"\nsample = \"1%\"\n{}", support::POLICY);
    for (policy, is_flagged) in [(sample, false), (support::POLICY.to_owned(), true)] {
        let mut world = World::open(&policy, config(), is_flagged);
        for odd in [raw_call(UNJUDGEABLE[1]), UNREADABLE[1].to_owned()] {
            world.client.say(odd).await;
            assert!(world.client.hear().await["error"]["code"].is_i64());
        }
        assert!(world.server.is_silent());
        assert!(world.guard.pending(None, None, 10).unwrap().is_empty(), "nobody is asked");
    }
}

#[tokio::test]
async fn shadow_goes_on_where_no_daemon_answers() {
    let daemon = Some(("http://127.0.0.1:9".to_owned(), "plc_nobody".to_owned().into()));
    for is_shadow in [true, false] {
        let gate = GateConfig { daemon: daemon.clone(), is_shadow, ..GateConfig::default() };
        let mut world = World::at(Gate::open(gate).unwrap(), config());
        let call = raw_call(UNJUDGEABLE[1]);
        world.client.say(&call).await;
        match is_shadow {
            true => assert_eq!(world.server.hear_bytes().await, call.as_bytes()),
            false => assert!(world.client.hear().await["error"].is_object()),
        }
    }
}

#[tokio::test]
async fn a_daemon_that_never_answers_stops_the_call_and_not_the_agent() {
    // Whoever comes is let in, and nobody says anything.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", mute.local_addr().unwrap());
    for is_shadow in [true, false] {
        let daemon = Some((url.clone(), "plc_nobody".to_owned().into()));
        let gate = GateConfig { daemon, is_shadow, ..GateConfig::default() };
        let decide = Duration::from_millis(200);
        let config = JudgeConfig { decide, ..config() };
        let mut world = World::at(Gate::open(gate).unwrap(), config);
        world.call(1, "read_file", json!({})).await;
        world.list_tools().await;
        match is_shadow {
            true => {
                assert_eq!(world.server.hear().await["method"], "tools/call");
                world.answer(1, "ok").await;
                world.client.hear().await;
            }
            false => {
                let text = refusal(&world.client.hear().await);
                assert!(text.contains("no answer within 200ms"), "{text}");
                assert!(world.server.is_silent());
            }
        }
        let call = raw_call(UNJUDGEABLE[1]);
        world.client.say(&call).await;
        match is_shadow {
            true => assert_eq!(world.server.hear_bytes().await, call.as_bytes()),
            false => assert!(world.client.hear().await["error"].is_object()),
        }
    }
}

#[tokio::test]
async fn shadow_shows_a_list_that_cannot_be_read_without_doubt() {
    for (policy, passes) in [(shadow(), true), (support::POLICY.to_owned(), false)] {
        let mut world = World::with(&policy, config());
        world.ask(1, "tools/list", json!({})).await;
        world.server.hear().await;
        world.tools = json!([tool("read_file", "Reads."), tool("read_file", "Deletes.")]);
        world.list_tools_for(&json!(1)).await;
        assert_eq!(world.client.hear().await["result"].is_object(), passes);
    }
}

#[tokio::test]
async fn a_server_that_stops_reading_stops_neither_its_client_nor_the_gateway() {
    let call = Duration::from_millis(300);
    let mut world = World::with(support::POLICY, JudgeConfig { call, ..config() });
    world.call(1, "write_file", json!({ "path": "b" })).await;
    world.list_tools().await;
    let id = world.pending().await;
    refusal(&world.client.hear().await);
    world.call(2, "write_file", json!({ "path": "c" })).await;
    // More than wait for it, and more than wait for them.
    let mut refused = 0;
    for number in 3..203 {
        world.ask(number, "resources/read", json!({ "uri": "x" })).await;
    }
    world
        .client
        .say(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}"#)
        .await;
    while refused < 200 - 64 {
        let answer = world.client.hear().await;
        if answer["error"]["message"].as_str().is_some_and(|it| it.contains("does not read")) {
            refused += 1;
        }
    }
    world.approve(id).await;
    world.call(1000, "write_file", json!({ "path": "b" })).await;
    let answer = loop {
        let answer = world.client.hear().await;
        if answer["id"] == 1000 {
            break answer;
        }
    };
    assert!(answer["error"]["message"].as_str().unwrap().contains("does not read"), "{answer}");
    world.becomes(id, Status::Failed).await;
    let World { client, running, server, .. } = world;
    drop(client);
    assert_eq!(timeout(LIMIT, running).await.unwrap().unwrap(), End::Client);
    drop(server);
}

#[tokio::test]
async fn who_goes_away_is_not_held_up_by_a_server_that_does_not_read() {
    let world = World::new();
    for number in 0..200 {
        world.ask(number, "resources/read", json!({ "uri": "x" })).await;
    }
    let World { client, running, server, .. } = world;
    drop(client);
    assert_eq!(timeout(LIMIT, running).await.unwrap().unwrap(), End::Client);
    drop(server);
}
