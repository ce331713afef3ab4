//! The gateway over HTTP: what is passed on, what is refused, and what stays here.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "http/misbehaving.rs"]
mod misbehaving;
#[path = "http/progress.rs"]
mod progress;
#[path = "http/shared.rs"]
mod shared;
#[path = "http/strict.rs"]
mod strict;
mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response};
use placet::{ActionId, Approver, Guard, Reply};
use placet_gate::Gate;
use placet_mcp::tools::Book;
use placet_mcp::{Gateway, GatewayConfig, Judge, JudgeConfig, Remote};
use serde_json::{Value, json};
use support::{LIMIT, POLICY};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

/// What a server was asked.
type Seen = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

/// A server that lists its tools, and answers anything else with what it was asked.
async fn upstream(seen: Seen) -> String {
    async fn answer(
        State(seen): State<Seen>,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response<Body> {
        if method != Method::POST {
            return Response::builder().status(405).body(Body::empty()).unwrap();
        }
        let asked: Value = serde_json::from_slice(&body).unwrap();
        seen.lock().unwrap().push((headers, asked.clone()));
        let result = match asked["method"].as_str() {
            Some("initialize") => {
                json!({ "capabilities": { "tasks": { "requests": { "tools": { "call": {} } } } } })
            }
            Some("server/discover") => json!({ "capabilities": { "tools": {} } }),
            Some("tools/list") => json!({ "tools": listed(&seen) }),
            _ if asked["params"]["arguments"]["path"] == "asks" => {
                json!({ "resultType": "input_required", "inputRequests": {} })
            }
            _ => json!({ "content": [{ "type": "text", "text": "done" }] }),
        };
        let message = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result });
        if asked["params"]["arguments"]["refuse"] == true {
            let error = json!({ "code": -32601, "message": "no" });
            let message = json!({ "jsonrpc": "2.0", "id": asked["id"], "error": error });
            return Response::builder().status(404).body(message.to_string().into()).unwrap();
        }
        if asked["params"]["arguments"]["path"] == "never" {
            let body = Body::new(Never);
            return Response::builder()
                .header("content-type", "application/json")
                .body(body)
                .unwrap();
        }
        let is_stream = asked["params"]["arguments"]["stream"] == true;
        let (kind, body) = match is_stream {
            true => (
                "text/event-stream",
                format!(": hello\nid: 6\ndata:\n\nevent: message\nid: 7\ndata: {message}\n\n"),
            ),
            false => ("application/json", message.to_string()),
        };
        Response::builder()
            .header("content-type", kind)
            .header("mcp-session-id", "s-1")
            .body(body.into())
            .unwrap()
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(seen);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// The tools of that server: one more when it is asked again.
fn listed(seen: &Seen) -> Value {
    let mut tools = support::usual_tools();
    let seen = seen.lock().unwrap();
    if seen.iter().filter(|(_, asked)| asked["method"] == "tools/list").count() > 1 {
        tools.as_array_mut().unwrap().push(support::tool("late", "Reads."));
    }
    tools
}

/// A body that begins and never comes.
struct Never;

impl http_body::Body for Never {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

struct Scene {
    guard: Guard,
    seen: Seen,
    url: String,
}

impl Scene {
    async fn new(hold: Duration, token: Option<&str>) -> Self {
        Self::with(POLICY, hold, token).await
    }

    async fn with(policy: &str, hold: Duration, token: Option<&str>) -> Self {
        let seen = Seen::default();
        let url = upstream(Arc::clone(&seen)).await;
        Self::before(policy, hold, token, (&url, seen)).await
    }

    /// Before a server at a place.
    async fn before(
        policy: &str,
        hold: Duration,
        token: Option<&str>,
        (server, seen): (&str, Seen),
    ) -> Self {
        let guard = support::guard(policy);
        let secrets = [("X-Api-Key".to_owned(), "of the gateway".to_owned())];
        let remote = Remote::new(server, &secrets, None).unwrap();
        let judge = Judge::new(
            Gate::at(guard.clone(), false, None),
            JudgeConfig { hold, call: Duration::from_secs(2), ..JudgeConfig::default() },
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let token = token.map(|token| Zeroizing::new(token.to_owned()));
        let config = GatewayConfig { token, ..GatewayConfig::default() };
        let on_change: placet_mcp::OnChange = Arc::new(|_| ());
        let tools = (Book::first(), on_change);
        tokio::spawn(Gateway::serve(listener, config, judge, remote, tools));
        Self { guard, seen, url }
    }

    /// Sends a message: status, kind and body of the answer.
    async fn post(&self, headers: &[(&str, &str)], body: &str) -> (u16, String, String) {
        let (url, body) = (self.url.clone(), body.to_owned());
        let headers: Vec<_> =
            headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let posted = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .proxy(None)
                .build()
                .into();
            let mut request = agent
                .post(&url)
                .header("content-type", "application/json")
                .header("accept", "application/json, text/event-stream");
            for (name, value) in &headers {
                request = request.header(name, value);
            }
            let mut answer = request.send(&body).unwrap();
            let kind =
                answer.headers().get("content-type").map(|it| it.to_str().unwrap().to_owned());
            let text = answer.body_mut().read_to_string().unwrap();
            (answer.status().as_u16(), kind.unwrap_or_default(), text)
        });
        timeout(LIMIT, posted).await.unwrap().unwrap()
    }

    async fn call(&self, tool: &str, arguments: Value) -> (u16, String, String) {
        self.post(&[], &call(tool, &arguments)).await
    }

    /// The calls that reached the server.
    fn ran(&self) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|(_, it)| it["method"] == "tools/call")
            .map(|(_, it)| it.clone())
            .collect()
    }

    async fn pending(&self) -> ActionId {
        let found = async {
            loop {
                if let Some(only) = self.guard.pending(None, None, 10).unwrap().pop() {
                    return only.followed.id();
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LIMIT, found).await.unwrap()
    }

    async fn answer(&self, reply: Reply) {
        let by = Approver { person: "dana".parse().unwrap(), groups: [].into() };
        self.guard.resolve(self.pending().await.approval(), &by, reply).await.unwrap();
    }
}

fn call(tool: &str, arguments: &Value) -> String {
    let params = json!({ "name": tool, "arguments": arguments });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string()
}

#[tokio::test]
async fn an_allowed_call_is_answered_as_the_server_answers_it() {
    let scene = Scene::new(LIMIT, None).await;
    let (status, kind, body) = scene.call("read_file", json!({})).await;
    assert_eq!((status, kind.as_str()), (200, "application/json"));
    assert!(body.contains("done"), "{body}");
    let (status, kind, body) = scene.call("read_file", json!({ "stream": true })).await;
    assert_eq!((status, kind.as_str()), (200, "text/event-stream"));
    assert!(body.starts_with(": hello\nid: 6\ndata:\n\nevent: message\nid: 7\ndata: {"), "{body}");
    assert_eq!(scene.ran().len(), 2);
}

#[tokio::test]
async fn a_refusal_of_the_server_passes_as_it_is() {
    let scene = Scene::new(LIMIT, None).await;
    for method in ["tools/list", "server/discover"] {
        let asked = json!({
            "jsonrpc": "2.0", "id": 1, "method": method, "params": { "arguments": { "refuse": true } },
        });
        let (status, _, body) = scene.post(&[], &asked.to_string()).await;
        assert_eq!(status, 404);
        assert!(body.contains("-32601"), "{body}");
    }
}

#[tokio::test]
async fn a_list_on_a_stream_passes_as_it_is() {
    let scene = Scene::new(LIMIT, None).await;
    let list =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"arguments":{"stream":true}}}"#;
    let (status, kind, body) = scene.post(&[], list).await;
    assert_eq!((status, kind.as_str()), (200, "text/event-stream"));
    assert!(body.starts_with(": hello") && body.contains("write_file"), "{body}");
}

#[tokio::test]
async fn a_tool_that_was_not_on_the_first_list_is_unknown() {
    let policy = format!("{POLICY}\n[actions.late]\nrisk = \"read\"\n");
    let scene = Scene::with(&policy, Duration::ZERO, None).await;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
    assert!(!scene.post(&[], &list.to_string()).await.2.contains("late"));
    assert!(scene.post(&[], &list.to_string()).await.2.contains("late"));
    assert!(scene.call("late", json!({})).await.2.contains("waits for a person's approval"));
    assert!(scene.ran().is_empty());
    assert!(scene.call("read_file", json!({})).await.2.contains("done"));
}

#[tokio::test]
async fn a_call_that_waits_is_answered_on_a_stream() {
    for arguments in [json!({}), json!({ "stream": true })] {
        let scene = Scene::new(LIMIT, None).await;
        let (answer, ()) = tokio::join!(
            scene.call("write_file", arguments),
            scene.answer(Reply::Approve { statement: BTreeMap::new() })
        );
        assert_eq!((answer.0, answer.1.as_str()), (200, "text/event-stream"));
        assert!(answer.2.contains("\"done\""), "{}", answer.2);
        assert_eq!(scene.ran().len(), 1);
    }
}

#[tokio::test]
async fn a_call_that_waits_is_a_task_for_clients_that_take_them() {
    let scene = Scene::new(LIMIT, None).await;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities":
            { "extensions": { "io.modelcontextprotocol/tasks": {} } },
    });
    let ask = async |method: &str, params: Value| {
        let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (status, _, body) = scene.post(&[("mcp-method", method)], &asked.to_string()).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()["result"].clone()
    };
    // What the server asks before it runs a call cannot be answered in a task.
    for (number, (path, status)) in [("b", "completed"), ("asks", "failed")].iter().enumerate() {
        let call = json!({ "name": "write_file", "arguments": { "path": path }, "_meta": meta });
        let created = ask("tools/call", call).await;
        assert_eq!(created["resultType"], "task", "{created}");
        let of = json!({ "taskId": created["taskId"] });
        assert_eq!(ask("tasks/get", of.clone()).await["status"], "working");
        assert_eq!(scene.ran().len(), number);
        scene.answer(Reply::Approve { statement: BTreeMap::new() }).await;
        let ended = async {
            loop {
                let seen = ask("tasks/get", of.clone()).await;
                if seen["status"] != "working" {
                    return seen;
                }
            }
        };
        let ended = timeout(LIMIT, ended).await.unwrap();
        assert_eq!(ended["status"], *status, "{ended}");
        match *status {
            "completed" => assert_eq!(ended["result"]["content"][0]["text"], "done"),
            _ => assert!(ended["error"]["message"].as_str().unwrap().contains("without one")),
        }
        assert_eq!(scene.ran().len(), number + 1);
    }
    let discovered = ask("server/discover", json!({ "_meta": meta })).await;
    let declared = &discovered["capabilities"]["extensions"];
    assert_eq!(*declared, json!({ "io.modelcontextprotocol/tasks": {} }));
}

#[tokio::test]
async fn a_call_that_is_made_as_a_task_of_before_becomes_one_where_it_waits() {
    let scene = Scene::new(LIMIT, None).await;
    let ask = async |method: &str, params: Value| {
        let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let of = [("mcp-session-id", "s-1")];
        let (_, kind, body) = scene.post(&of, &asked.to_string()).await;
        let message = match kind.as_str() {
            misbehaving::STREAM => misbehaving::messages(&body).pop().unwrap(),
            _ => serde_json::from_str(&body).unwrap(),
        };
        message["result"].clone()
    };
    ask("initialize", json!({ "protocolVersion": "2025-11-25", "capabilities": {} })).await;
    let call = json!({ "name": "write_file", "arguments": { "path": "b" }, "task": {} });
    let created = ask("tools/call", call).await;
    let of = json!({ "taskId": created["task"]["taskId"] });
    assert_eq!(ask("tasks/get", of.clone()).await["status"], "working", "{created}");
    let (result, ()) = tokio::join!(
        ask("tasks/result", of.clone()),
        scene.answer(Reply::Approve { statement: BTreeMap::new() })
    );
    assert_eq!(result["content"][0]["text"], "done");
    assert_eq!(ask("tasks/get", of).await["status"], "completed");
    assert_eq!(scene.ran().len(), 1);
    assert!(scene.ran()[0]["params"].get("task").is_none());
}

#[tokio::test]
async fn what_a_server_could_read_in_another_way_is_not_passed_on() {
    let scene = Scene::new(LIMIT, None).await;
    let hidden = r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":"+ACI-},+ACI-method+ACI-:+ACI-tools/call+ACI-"}}"#;
    for (name, value) in [
        ("content-type", "application/json; charset=utf-7"),
        ("content-type", "text/plain"),
        ("content-encoding", "br"),
    ] {
        let (status, ..) = scene.post(&[(name, value)], hidden).await;
        assert_eq!(status, 415, "{name}: {value}");
    }
    assert!(scene.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_never_comes_is_not_waited_for_and_leaves_the_call_in_doubt() {
    let scene = Scene::new(LIMIT, None).await;
    let (address, body) = (scene.url.clone(), call("read_file", &json!({ "path": "never" })));
    let asked = tokio::task::spawn_blocking(move || {
        let mut answer = ureq::post(&address)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .send(&body)
            .unwrap();
        answer.body_mut().read_to_string()
    });
    assert!(timeout(LIMIT, asked).await.unwrap().unwrap().is_err());
    let mut tail = scene.guard.tail(0);
    let mut seen = Vec::new();
    while seen.last() != Some(&"redeemed") {
        let entry = timeout(LIMIT, tail.next()).await.unwrap().unwrap();
        seen.push(entry.event.kind());
    }
    assert!(!seen.contains(&"outcome_reported"));
}

#[tokio::test]
async fn an_approval_is_for_the_client_that_asked() {
    let scene = Scene::new(Duration::from_millis(100), None).await;
    let call = call("write_file", &json!({ "path": "b" }));
    let of = |session: &'static str| [("mcp-session-id", session)];
    let (.., told) = scene.post(&of("alice"), &call).await;
    assert!(told.contains("approval"), "{told}");
    let id = scene.pending().await;
    scene.answer(Reply::Approve { statement: BTreeMap::new() }).await;
    let (.., told) = scene.post(&of("mallory"), &call).await;
    assert!(told.contains("approval") && scene.ran().is_empty(), "{told}");
    // Nor does somebody else's state take it away.
    let state = format!("placet:{id}");
    let stolen =
        call.replacen("\"arguments\"", &format!("\"requestState\":{state:?},\"arguments\""), 1);
    scene.post(&of("mallory"), &stolen).await;
    assert!(scene.ran().is_empty());
    let (.., done) = scene.post(&of("alice"), &call).await;
    assert!(done.contains("\"done\""), "{done}");
    assert_eq!(scene.ran().len(), 1);
}

#[tokio::test]
async fn what_is_blocked_or_denied_never_reaches_the_server() {
    let scene = Scene::new(LIMIT, None).await;
    let (status, _, body) = scene.call("refund", json!({ "amount": "100.01" })).await;
    assert_eq!(status, 200);
    assert!(body.contains("Blocked by policy") && body.contains("\"isError\":true"), "{body}");
    let (answer, ()) = tokio::join!(
        scene.call("write_file", json!({})),
        scene.answer(Reply::Deny { reason: "not today".to_owned() })
    );
    assert!(answer.2.contains("not today"), "{}", answer.2);
    assert!(scene.ran().is_empty());
}

#[tokio::test]
async fn who_hangs_up_takes_the_call_back() {
    let scene = Scene::new(LIMIT, None).await;
    let host = scene.url.trim_start_matches("http://").trim_end_matches("/mcp").to_owned();
    let body = call("write_file", &json!({}));
    let stream = tokio::net::TcpStream::connect(&host).await.unwrap();
    let request = format!(
        "POST /mcp HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.writable().await.unwrap();
    assert_eq!(stream.try_write(request.as_bytes()).unwrap(), request.len());
    let id = scene.pending().await;
    drop(stream);
    let ended = timeout(LIMIT, scene.guard.settle(id, None)).await.unwrap().unwrap();
    assert_eq!(ended.status, placet::Status::Withdrawn);
    assert!(scene.ran().is_empty());
}

#[tokio::test]
async fn pages_of_the_web_call_no_tools() {
    let scene = Scene::new(LIMIT, None).await;
    let read = call("read_file", &json!({}));
    for headers in [
        &[("host", "evil.example")][..],
        &[("host", "127.0.0.1.evil.example:80")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ] {
        assert_eq!(scene.post(headers, &read).await.0, 403, "{headers:?}");
    }
    assert!(scene.ran().is_empty());
}

#[tokio::test]
async fn a_token_is_shown_to_the_gateway_and_not_passed_on() {
    let scene = Scene::new(LIMIT, Some("t0ken")).await;
    let read = call("read_file", &json!({}));
    for shown in [&[][..], &[("authorization", "Bearer other")], &[("authorization", "t0ken")]] {
        assert_eq!(scene.post(shown, &read).await.0, 401);
    }
    assert_eq!(scene.post(&[("authorization", "Bearer t0ken")], &read).await.0, 200);
    for (headers, _) in scene.seen.lock().unwrap().iter() {
        assert!(!headers.contains_key("authorization"));
        assert_eq!(headers["x-api-key"], "of the gateway", "which the agent never sees");
    }
}

#[tokio::test]
async fn headers_that_say_something_else_than_the_message_are_refused() {
    let scene = Scene::new(LIMIT, None).await;
    for (headers, body) in [
        (
            &[("mcp-method", "tools/call"), ("mcp-name", "write_file")][..],
            call("read_file", &json!({})),
        ),
        (&[("mcp-method", "ping")], call("read_file", &json!({}))),
        (&[("mcp-method", "tools/call")], r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.to_owned()),
        (&[("mcp-param-path", "/etc/passwd")], call("read_file", &json!({"path": "notes"}))),
    ] {
        let (status, _, answer) = scene.post(headers, &body).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer.contains("-32020"), "{answer}");
    }
    assert!(scene.ran().is_empty());
}

#[tokio::test]
async fn what_is_no_message_goes_nowhere() {
    let scene = Scene::new(LIMIT, None).await;
    let twice = r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#;
    let batch = format!("[{}]", call("read_file", &json!({})));
    let untold = r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"read_file"}}"#;
    for body in ["", "{", twice, &batch, untold] {
        assert_eq!(scene.post(&[], body).await.0, 400, "{body}");
    }
    assert_eq!(scene.seen.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn shadow_forwards_what_cannot_be_judged_and_notes_it() {
    let scene = Scene::with(&format!("mode = \"shadow\"\n{POLICY}"), LIMIT, None).await;
    let read = call("read_file", &json!({}));
    let twice = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"a":1,"a":2}}}"#;
    let methods = r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{}}"#;
    let untold = r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"read_file"}}"#;
    let utf_7 = [("content-type", "application/json; charset=utf-7")];
    let named = [("mcp-method", "tools/call"), ("mcp-name", "write_file")];
    for (headers, body) in [
        (&[][..], twice),
        (&[], methods),
        (&[], untold),
        (&utf_7, &read),
        (&named, &read),
        (&[("mcp-method", "ping")], &read),
        (&[("mcp-param-path", "/etc/passwd")], &read),
    ] {
        let before = scene.guard.log().size();
        let (status, _, answer) = scene.post(headers, body).await;
        assert_eq!(status, 200, "{headers:?} {body}: {answer}");
        assert!(answer.contains("\"done\""), "{answer}");
        assert!(scene.guard.log().size() > before, "{headers:?} {body} is noted");
        let seen = scene.seen.lock().unwrap();
        let (sent, _) = seen.last().unwrap();
        assert!(
            headers.iter().all(|(name, value)| sent.get_all(*name).iter().any(|it| it == *value)),
            "{sent:?}"
        );
    }
}

#[test]
fn secrets_do_not_travel_in_plain_text() {
    let secret = [("authorization".to_owned(), "Bearer s3cret".to_owned())];
    let refused = Remote::new("http://mcp.example.com/mcp", &secret, None).err().unwrap();
    assert!(!refused.to_string().contains("s3cret") && refused.to_string().contains("https"));
    assert!(Remote::new("http://mcp.example.com/mcp", &[], None).is_ok());
    assert!(Remote::new("nonsense", &[], None).is_err());
}

/// A server that says something unasked, and ends the stream on which it did.
async fn forgetful(asked: Arc<Mutex<Vec<Option<String>>>>) -> String {
    async fn answer(
        State(asked): State<Arc<Mutex<Vec<Option<String>>>>>,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response<Body> {
        let reply = Response::builder().header("mcp-session-id", "s-1");
        if method == Method::GET {
            let last = headers.get("last-event-id").map(|id| id.to_str().unwrap().to_owned());
            asked.lock().unwrap().push(last);
            let said = "id: 4\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}\n\n";
            let reply = reply.header("content-type", "text/event-stream");
            return reply.body(said.into()).unwrap();
        }
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        if asked["id"].is_null() {
            return reply.status(202).body(Body::empty()).unwrap();
        }
        let result = json!({ "protocolVersion": "2025-11-25", "capabilities": {} });
        let message = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result });
        let reply = reply.header("content-type", "application/json");
        reply.body(message.to_string().into()).unwrap()
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(asked);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn a_server_that_stopped_talking_is_listened_to_again_and_its_tools_are_in_doubt() {
    let asked = Arc::default();
    let remote = Remote::new(&forgetful(Arc::clone(&asked)).await, &[], None).unwrap();
    let mut server = placet_mcp::bridge(remote);
    let initialize = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#;
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    for line in [initialize, initialized] {
        server.to.send(Bytes::from(line)).await.unwrap();
    }
    let mut heard = Vec::new();
    while heard.len() < 4 {
        let line = timeout(LIMIT, server.from.recv()).await.unwrap().unwrap().unwrap();
        let line: Value = serde_json::from_slice(&line).unwrap();
        heard.push(line["method"].as_str().unwrap_or("an answer").to_owned());
    }
    let changed = "notifications/tools/list_changed";
    assert_eq!(heard, ["an answer", "notifications/x", changed, "notifications/x"]);
    assert_eq!(asked.lock().unwrap()[..2], [None, Some("4".to_owned())]);
}
