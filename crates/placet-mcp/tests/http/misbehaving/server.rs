//! The servers themselves.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::Seen;
use crate::support;

/// How a body ends.
#[derive(Clone, Copy)]
enum Then {
    Ends,
    /// The connection is cut, once what came so far is on its way.
    IsCut,
    IsCutNow,
    /// Nothing more comes, and it stays open.
    StaysOpen,
}

/// A body in parts.
struct Told(VecDeque<Bytes>, Then);

impl http_body::Body for Told {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        match (self.0.pop_front(), self.1) {
            (Some(part), _) => Poll::Ready(Some(Ok(http_body::Frame::data(part)))),
            (None, Then::Ends) => Poll::Ready(None),
            (None, Then::IsCut) => {
                self.1 = Then::IsCutNow;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            (None, Then::IsCutNow) => Poll::Ready(Some(Err(std::io::Error::other("cut")))),
            (None, Then::StaysOpen) => Poll::Pending,
        }
    }
}

fn reply(status: u16, kind: &str, parts: Vec<Bytes>, then: Then) -> Response<Body> {
    let reply = Response::builder().status(status).header("mcp-session-id", "s-1");
    reply.header("content-type", kind).body(Body::new(Told(parts.into(), then))).unwrap()
}

const JSON: &str = "application/json";
pub(crate) const STREAM: &str = "text/event-stream";

/// More than anybody reads: a text of a hundred megabytes in an answer.
fn huge(begin: String, end: String) -> Vec<Bytes> {
    let part = Bytes::from(vec![b'x'; 1_000_000]);
    let middle = std::iter::repeat_n(part, 100);
    std::iter::once(begin.into()).chain(middle).chain([end.into()]).collect()
}

/// What the call of `asked` is answered with that misbehaves like this.
fn misbehave(how: &str, asked: &Value) -> Response<Body> {
    let result = |text: &str| {
        let result = json!({ "content": [{ "type": "text", "text": text }] });
        json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result }).to_string()
    };
    let event = |text: &str| format!("event: message\ndata: {}\n\n", result(text));
    let answer = result("of megabytes: @");
    let (begin, end) = answer.split_once('@').unwrap();
    let (of, to) = (begin.to_owned(), end.to_owned());
    match how {
        "does not know the session" => {
            reply(404, "text/plain", vec!["Session not found".into()], Then::Ends)
        }
        "refuses without an id" => {
            let error = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32000, "message": "not now" } });
            reply(400, JSON, vec![error.to_string().into()], Then::Ends)
        }
        "accepts" => Response::builder().status(202).body(Body::empty()).unwrap(),
        "dies" => reply(200, JSON, vec![of.into()], Then::IsCut),
        "dies on a stream" => {
            let told = "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}\n\n";
            reply(200, STREAM, vec![told.into(), format!("data: {of}").into()], Then::IsCut)
        }
        "ends the stream" => reply(200, STREAM, vec![": hello\n\n".into()], Then::Ends),
        "falls silent" => reply(200, JSON, vec![of.into()], Then::StaysOpen),
        "talks too much" => reply(200, JSON, huge(of, to), Then::Ends),
        "talks too much on a stream" => {
            reply(200, STREAM, huge(format!("data: {of}"), format!("{to}\n\n")), Then::Ends)
        }
        "talks garbage" => reply(200, JSON, vec!["Debug: starting {".into()], Then::Ends),
        "talks garbage on a stream" => {
            reply(200, STREAM, vec!["data: Debug\n\ndata: [{\n\n".into()], Then::Ends)
        }
        "talks another language" => reply(200, "image/png", vec!["PNG".into()], Then::Ends),
        "answers another" => {
            let other = result("done").replacen(&asked["id"].to_string(), "\"another\"", 1);
            reply(200, JSON, vec![other.into()], Then::Ends)
        }
        // It closes the stream after an event's id, to be asked where it goes on.
        "is polled" | "forgets what it is polled for" => {
            reply(200, STREAM, vec!["id: 1\nretry: 10\ndata:\n\n".into()], Then::Ends)
        }
        "answers twice" => {
            let both = format!("{}{}", event("once"), event("twice"));
            reply(200, "Text/Event-Stream", vec![both.into()], Then::Ends)
        }
        "answers and goes on" => reply(200, STREAM, vec![event("once").into()], Then::StaysOpen),
        "answers and dies" => reply(200, STREAM, vec![event("once").into()], Then::IsCut),
        _ => reply(200, JSON, vec![result("once").into()], Then::Ends),
    }
}

/// A server, and what it was asked.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) seen: Seen,
    pub(super) tools: Arc<Mutex<Value>>,
}

impl Server {
    /// How the call went on that is polled for.
    fn resume(&self, headers: &HeaderMap) -> Response<Body> {
        let seen = self.seen.lock().unwrap();
        let call = seen.iter().rev().find(|(_, asked)| asked["method"] == "tools/call");
        let last = headers.get("last-event-id").map(|it| it.to_str().unwrap().to_owned());
        let (Some((_, call)), Some(last)) = (call, last) else {
            return Response::builder().status(405).body(Body::empty()).unwrap();
        };
        assert_eq!(headers["mcp-session-id"], "s-1");
        let said = match last.as_str() {
            _ if call["params"]["arguments"]["path"] != "is polled" => {
                return reply(404, "text/plain", vec!["gone".into()], Then::Ends);
            }
            "1" => json!({ "jsonrpc": "2.0", "method": "notifications/x" }),
            _ => {
                json!({ "jsonrpc": "2.0", "id": call["id"], "result": { "content": [{ "type": "text", "text": "once" }] } })
            }
        };
        reply(200, STREAM, vec![format!("id: 2\ndata: {said}\n\n").into()], Then::Ends)
    }
}

async fn answer(
    State(server): State<Server>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if method != Method::POST {
        return server.resume(&headers);
    }
    let asked: Value = serde_json::from_slice(&body).unwrap();
    server.seen.lock().unwrap().push((headers, asked.clone()));
    let on_a_stream = |result: Value| {
        let said = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result });
        reply(200, STREAM, vec![format!("data: {said}\n\n").into()], Then::StaysOpen)
    };
    match asked["method"].as_str() {
        Some("tools/call") => {
            misbehave(asked["params"]["arguments"]["path"].as_str().unwrap_or_default(), &asked)
        }
        // It leaves the streams open on which it has answered.
        Some("initialize") => {
            on_a_stream(json!({ "protocolVersion": "2025-11-25", "capabilities": {} }))
        }
        Some("tools/list") => on_a_stream(json!({ "tools": *server.tools.lock().unwrap() })),
        // It takes what it is told, and never says so.
        Some("notifications/cancelled") => std::future::pending().await,
        _ => Response::builder().status(202).body(Body::empty()).unwrap(),
    }
}

/// Starts one, at this address.
pub(super) async fn server() -> (String, Server) {
    let server =
        Server { seen: Seen::default(), tools: Arc::new(Mutex::new(support::usual_tools())) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(server.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, server)
}
