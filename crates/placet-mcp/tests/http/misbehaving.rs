//! Servers that misbehave, reached over HTTP: before a client over HTTP, and before one on pipes. Each
//! gets a clear answer, nothing hangs, and the log claims nothing that nobody knows.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response};
use placet::{ActionId, Guard, Reply, Status};
use placet_gate::Gate;
use placet_mcp::tools::Book;
use placet_mcp::{
    Command, End, GatewayConfig, Judge, JudgeConfig, NewSession, Place, Relay, Remote, Servers,
    Sessions, Upstream, bridge,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::{self, LIMIT, POLICY, Side, guard, tool};
use crate::{Scene, Seen};

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

impl Scene {
    /// Begins a session: its name.
    pub(crate) async fn begin(&self, introduction: String) -> String {
        let url = self.url.clone();
        let begun = tokio::task::spawn_blocking(move || {
            let answer = ureq::post(&url).send(introduction).unwrap();
            answer.headers()["mcp-session-id"].to_str().unwrap().to_owned()
        });
        timeout(LIMIT, begun).await.unwrap().unwrap()
    }
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

#[derive(Clone)]
struct Server {
    seen: Seen,
    tools: Arc<Mutex<Value>>,
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

async fn server() -> (String, Server) {
    let server =
        Server { seen: Seen::default(), tools: Arc::new(Mutex::new(support::usual_tools())) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(server.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, server)
}

/// How a server misbehaves that never answers, and what its client is told then.
const UNANSWERED: [(&str, &str); 13] = [
    ("does not know the session", "Session not found"),
    ("refuses without an id", "not now"),
    ("accepts", "did not answer"),
    ("dies", "did not come whole"),
    ("dies on a stream", "did not come whole"),
    ("ends the stream", "did not answer"),
    ("falls silent", "in time"),
    ("talks too much", "67108864 bytes"),
    ("talks too much on a stream", "67108864 bytes"),
    ("talks garbage", "did not answer"),
    ("talks garbage on a stream", "did not answer"),
    ("talks another language", "answer"),
    ("answers another", "did not answer"),
];

/// How a server misbehaves that has answered all the same.
const ANSWERED: [&str; 3] = ["answers twice", "answers and goes on", "answers and dies"];

/// What stands on an event-stream.
pub(crate) fn messages(body: &str) -> Vec<Value> {
    let datas = body.lines().filter_map(|line| line.strip_prefix("data:"));
    datas.filter_map(|data| serde_json::from_str(data).ok()).collect()
}

fn answers(messages: &[Value]) -> Vec<&Value> {
    messages.iter().filter(|it| it["id"] == 1 && it["method"].is_null()).collect()
}

#[tokio::test]
async fn an_approved_call_is_answered_whatever_its_server_does() {
    let (url, server) = server().await;
    let scene = Scene::before(POLICY, LIMIT, None, (&url, server.seen)).await;
    let told = ANSWERED.map(|how| (how, ""));
    for (how, told) in UNANSWERED.into_iter().chain(told) {
        let id = Mutex::default();
        let approve = async {
            *id.lock().unwrap() = Some(scene.pending().await);
            scene.answer(Reply::Approve { statement: [].into() }).await;
        };
        let (answer, ()) = tokio::join!(scene.call("write_file", json!({ "path": how })), approve);
        assert_eq!((answer.0, answer.1.as_str()), (200, STREAM), "{how}");
        let said = messages(&answer.2);
        let [only] = answers(&said)[..] else { panic!("{how}: {}", answer.2) };
        let id = id.into_inner().unwrap().unwrap();
        if told.is_empty() {
            assert_eq!(only["result"]["content"][0]["text"], "once", "{how}: {only}");
            becomes(&scene.guard, id, Status::Succeeded).await;
        } else {
            let text = only["error"]["message"].as_str().unwrap();
            assert!(text.contains(told) && text.contains("not known"), "{how}: {text}");
            let status = scene.guard.log().action(id).unwrap().unwrap().status;
            assert_eq!(status, Status::Redeemed, "{how}");
        }
    }
}

async fn becomes(guard: &Guard, id: ActionId, status: Status) {
    let found = async {
        while guard.log().action(id).unwrap().unwrap().status != status {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, found).await.unwrap_or_else(|_| panic!("it never was {status}"));
}

/// A client on pipes before such a server.
struct OnPipes {
    guard: Guard,
    client: Side,
    running: JoinHandle<End>,
}

impl OnPipes {
    fn before(url: &str) -> Self {
        Self::under(POLICY, url, LIMIT)
    }

    fn under(policy: &str, url: &str, call: Duration) -> Self {
        let (client, end) = Side::pair();
        let guard = guard(policy);
        let config = JudgeConfig { call, ..support::config() };
        let judge = Judge::new(Gate::at(guard.clone(), false, None), config);
        let server = bridge(Remote::new(url, &[], None).unwrap());
        let running = tokio::spawn(Relay::run(judge, Book::first(), Arc::new(|_| ()), end, server));
        Self { guard, client, running }
    }

    async fn introduce(&mut self) {
        self.client.say(r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#).await;
        assert_eq!(self.client.hear().await["id"], 0);
        self.client.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
    }

    async fn call(&mut self, how: &str) -> Value {
        self.client.say(crate::call("read_file", &json!({ "path": how }))).await;
        loop {
            let said = self.client.hear().await;
            if said["id"] == 1 {
                return said;
            }
        }
    }

    /// What is in the log of its one call, once the client has left.
    async fn left(self) -> Status {
        drop(self.client);
        timeout(LIMIT, self.running).await.unwrap().unwrap();
        let mut tail = self.guard.tail(0);
        loop {
            if let placet::Event::Decided(decided) = tail.next().await.unwrap().event {
                return self.guard.log().action(decided.id).unwrap().unwrap().status;
            }
        }
    }
}

#[tokio::test]
async fn on_pipes_a_call_is_answered_whatever_its_server_does_and_claims_nothing() {
    let (url, _server) = server().await;
    for (how, told) in UNANSWERED {
        let call = if how == "falls silent" { Duration::from_millis(200) } else { LIMIT };
        let mut pipes = OnPipes::under(POLICY, &url, call);
        let answer = pipes.call(how).await;
        let text = answer["error"]["message"].as_str().unwrap();
        assert!(text.contains(told) && text.contains("not known"), "{how}: {text}");
        assert_eq!(pipes.left().await, Status::Redeemed, "{how}");
    }
    for how in ANSWERED {
        let mut pipes = OnPipes::before(&url);
        let answer = pipes.call(how).await;
        assert_eq!(answer["result"]["content"][0]["text"], "once", "{how}: {answer}");
        assert!(pipes.client.is_silent());
        assert_eq!(pipes.left().await, Status::Succeeded, "{how}");
    }
}

#[tokio::test]
async fn on_pipes_a_call_that_never_reached_its_server_has_failed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    drop(listener);
    let policy = format!("mode = \"shadow\"\n{POLICY}");
    let mut pipes = OnPipes::under(&policy, &url, LIMIT);
    let answer = pipes.call("x").await;
    let text = answer["error"]["message"].as_str().unwrap();
    assert!(text.contains("does not answer") && !text.contains("not known"), "{text}");
    assert_eq!(pipes.left().await, Status::Failed);
}

#[tokio::test]
async fn what_a_server_leaves_open_or_unanswered_stops_nothing_behind_it() {
    let (url, server) = server().await;
    let mut pipes = OnPipes::before(&url);
    pipes.introduce().await;
    for _ in 0..3 {
        let told =
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}"#;
        pipes.client.say(told).await;
    }
    assert_eq!(pipes.call("").await["result"]["content"][0]["text"], "once");
    let scene = Scene::before(POLICY, LIMIT, None, (&url, server.seen)).await;
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let (status, kind, body) = scene.post(&[], list).await;
    assert_eq!((status, kind.as_str()), (200, STREAM));
    assert_eq!(messages(&body)[0]["result"]["tools"], support::usual_tools());
}

#[tokio::test]
async fn a_stream_that_its_server_ends_to_be_polled_is_taken_up_again() {
    let (url, server) = server().await;
    for (how, told) in
        [("is polled", None), ("forgets what it is polled for", Some("with status 404"))]
    {
        let mut pipes = OnPipes::before(&url);
        pipes.introduce().await;
        let answer = pipes.call(how).await;
        let status = match told {
            None => {
                assert_eq!(answer["result"]["content"][0]["text"], "once", "{answer}");
                Status::Succeeded
            }
            Some(told) => {
                let text = answer["error"]["message"].as_str().unwrap();
                assert!(text.contains(told), "{text}");
                Status::Redeemed
            }
        };
        assert_eq!(pipes.left().await, status, "{how}");
    }
    // Before a client over HTTP a call that was approved goes on where its client takes it up.
    let scene = Scene::before(POLICY, LIMIT, None, (&url, server.seen)).await;
    let (answer, ()) = tokio::join!(
        scene.call("write_file", json!({ "path": "is polled" })),
        scene.answer(Reply::Approve { statement: [].into() })
    );
    assert!(answer.2.contains("id: 1\nretry: 10\n"), "{}", answer.2);
    assert!(answers(&messages(&answer.2)).is_empty(), "{}", answer.2);
}

#[tokio::test]
async fn over_http_a_tool_that_changes_in_a_session_is_held() {
    for is_on_pipes in [false, true] {
        let (url, server) = server().await;
        let seen = Arc::clone(&server.seen);
        let scene = Scene::before(POLICY, Duration::from_millis(100), None, (&url, seen)).await;
        let mut pipes = OnPipes::before(&url);
        let list = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;
        let mut ask = async |message: &str| match is_on_pipes {
            true => {
                pipes.client.say(message).await;
                pipes.client.hear().await
            }
            false => {
                let (_, kind, body) = scene.post(&[], message).await;
                match kind.as_str() {
                    STREAM => messages(&body).pop().unwrap(),
                    _ => serde_json::from_str(&body).unwrap(),
                }
            }
        };
        let read = crate::call("read_file", &json!({}));
        assert_eq!(ask(&read).await["result"]["content"][0]["text"], "once");
        *server.tools.lock().unwrap() = json!([tool("read_file", "Reads, and tells me.")]);
        ask(list).await;
        let held = support::refusal(&ask(&read).await);
        assert!(held.contains("approval"), "{held}");
        assert_eq!(scene.ran().len(), 1, "nothing unvetted runs");
    }
}

/// A server on pipes that introduces itself, reads one more line, and dies.
const DIES: &str = r#"read -r line
echo '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}'
read -r line
exit 7"#;

#[tokio::test]
async fn a_session_is_over_when_its_server_has_died() {
    let scene = Scene::new(LIMIT, None).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let arguments = vec!["-c".into(), DIES.into()];
    let command = Command { program: "sh".into(), arguments, ..Command::default() };
    let guard = scene.guard.clone();
    let new: NewSession = Box::new(move |_| {
        let judge = Judge::new(Gate::at(guard.clone(), false, None), support::config());
        (judge, Book::first(), Arc::new(|_| ()))
    });
    let upstream = Upstream { name: "dies".to_owned(), place: Place::Command(command), new };
    let servers = Servers::new(vec![upstream]);
    tokio::spawn(Sessions::serve(listener, GatewayConfig::default(), servers));
    let scene = Scene { url, ..scene };
    let ask = |method: &str, id: u64| {
        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": {} }).to_string()
    };
    let session = scene.begin(ask("initialize", 0)).await;
    let of = [("mcp-session-id", session.as_str())];
    let mut answered = 0;
    loop {
        answered += 1;
        let (status, _, body) = scene.post(&of, &ask("ping", answered)).await;
        if status == 404 {
            assert!(body.contains("begin another"), "{body}");
            break;
        }
        let [only] = &messages(&body)[..] else { panic!("{body}") };
        assert_eq!(only["id"], answered, "{only}");
        assert!(only["error"]["message"].as_str().unwrap().contains("ended"), "{only}");
    }
    assert!(answered > 1, "the call in which it died is answered");
}
