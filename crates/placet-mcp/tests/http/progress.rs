//! What a server says while it runs a call whose client took a task for it.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use placet::Reply;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::support::{self, LIMIT, POLICY};
use crate::{CALL, Scene, Seen, call};

/// A stream that says what the test has it say.
struct Said(mpsc::UnboundedReceiver<Value>);

impl http_body::Body for Said {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        let event = |said| Ok(http_body::Frame::data(format!("data: {said}\n\n").into()));
        self.0.poll_recv(context).map(|said| said.map(event))
    }
}

type Running = (mpsc::UnboundedSender<Value>, Value);

#[derive(Clone, Default)]
struct Server {
    seen: Seen,
    /// The way to the stream that answers the call, and the id that it has.
    running: Arc<Mutex<Option<Running>>>,
}

async fn answer(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    server.seen.lock().unwrap().push((headers, asked.clone()));
    let is_long = asked["params"]["arguments"]["path"] == "long";
    if asked["method"] == "tools/call" && is_long {
        let (to, said) = mpsc::unbounded_channel();
        *server.running.lock().unwrap() = Some((to, asked["id"].clone()));
        let reply = Response::builder().header("content-type", "text/event-stream");
        return reply.body(Body::new(Said(said))).unwrap();
    }
    let result = match asked["method"].as_str() {
        Some("tools/list") => json!({ "tools": support::usual_tools() }),
        _ => json!({ "content": [{ "type": "text", "text": "done" }] }),
    };
    let message = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result });
    let reply = Response::builder().header("content-type", "application/json");
    reply.body(message.to_string().into()).unwrap()
}

#[tokio::test]
async fn what_is_said_while_a_task_runs_is_its_status_and_heard() {
    let server = Server::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(server.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let seen = Arc::clone(&server.seen);
    let scene = Scene::before(POLICY, LIMIT, None, (&url, seen)).await;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities":
            { "extensions": { "io.modelcontextprotocol/tasks": {} } },
        "progressToken": "t",
    });
    let ask = async |method: &str, params: Value| {
        let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (_, _, body) = scene.post(&[], &asked.to_string()).await;
        serde_json::from_str::<Value>(&body).unwrap()["result"].clone()
    };
    let params = json!({ "name": "write_file", "arguments": { "path": "long" }, "_meta": meta });
    let task = json!({ "taskId": ask("tools/call", params).await["taskId"] });
    // As soon as it is so.
    let seen = async |is_so: &dyn Fn(&Value) -> bool| {
        let found = async {
            loop {
                let seen = ask("tasks/get", task.clone()).await;
                if is_so(&seen) {
                    return seen;
                }
            }
        };
        timeout(LIMIT, found).await.unwrap()
    };
    scene.answer(Reply::Approve { statement: [].into() }).await;
    let running = async {
        loop {
            if let Some(running) = server.running.lock().unwrap().take() {
                return running;
            }
            tokio::task::yield_now().await;
        }
    };
    let (to, id) = timeout(LIMIT, running).await.unwrap();
    let params =
        json!({ "progressToken": "t", "progress": 1, "total": 2, "message": "half\u{202e}" });
    let told = |method: &str, params: Value| {
        to.send(json!({ "jsonrpc": "2.0", "method": method, "params": params })).unwrap();
    };
    told("notifications/progress", params);
    let status = |seen: &Value| seen["statusMessage"].as_str().unwrap_or_default().to_owned();
    let working = seen(&|seen| status(seen).contains("half")).await;
    assert_eq!(working["status"], "working");
    assert!(!status(&working).contains('\u{202e}'), "{working}");
    // It takes longer than a server may be silent.
    let begun = Instant::now();
    for step in 1.. {
        told(
            "notifications/progress",
            json!({ "progressToken": "t", "progress": step, "total": 9e9 }),
        );
        let seen = seen(&|seen| status(seen).starts_with(&format!("{step} of"))).await;
        assert_eq!(seen["status"], "working");
        if begun.elapsed() > CALL.mul_f32(1.5) {
            break;
        }
    }
    // What a server may not ask there is said to be asked, and its tools are others.
    let asked = json!({ "jsonrpc": "2.0", "id": 9, "method": "sampling/createMessage" });
    to.send(asked).unwrap();
    seen(&|seen| status(seen).contains("sampling/createMessage")).await;
    told("notifications/tools/list_changed", json!({}));
    let result = json!({ "content": [], "resultType": "complete" });
    to.send(json!({ "jsonrpc": "2.0", "id": id, "result": result })).unwrap();
    assert_eq!(seen(&|seen| seen["status"] != "working").await["result"], result);
    let lists = || {
        let seen = server.seen.lock().unwrap();
        seen.iter().filter(|(_, asked)| asked["method"] == "tools/list").count()
    };
    assert_eq!(lists(), 1);
    scene.post(&[], &call("read_file", &json!({}))).await;
    assert_eq!(lists(), 2, "its tools are asked for again");
}
