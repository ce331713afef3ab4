//! Servers that misbehave, reached over HTTP: before a client over HTTP, and before one on pipes. Each
//! gets a clear answer, nothing hangs, and the log claims nothing that nobody knows.

mod server;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use placet::{ActionId, Guard, Reply, Status};
use placet_gate::Gate;
use placet_mcp::tools::Book;
use placet_mcp::{End, Judge, JudgeConfig, Relay, Remote, bridge};
use serde_json::{Value, json};
pub(crate) use server::STREAM;
use server::server;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::Scene;
use crate::support::{self, LIMIT, POLICY, Side, guard, tool};

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

impl Scene {
    /// What a client hears that takes a stream up again after this event.
    async fn take_up(&self, session: &'static str, last: &'static str) -> String {
        let url = self.url.clone();
        let heard = tokio::task::spawn_blocking(move || {
            let asked = ureq::get(&url).header("accept", STREAM).header("mcp-session-id", session);
            let mut answer = asked.header("last-event-id", last).call().unwrap();
            answer.body_mut().read_to_string().unwrap()
        });
        timeout(LIMIT, heard).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn what_came_of_a_call_is_noted_also_where_its_client_takes_the_answer_up_again() {
    let (url, server) = server().await;
    let scene = Scene::before(POLICY, LIMIT, None, (&url, server.seen)).await;
    let call = crate::call("write_file", &json!({ "path": "is polled" }));
    let approve = async {
        let id = scene.pending().await;
        scene.answer(Reply::Approve { statement: [].into() }).await;
        id
    };
    let session = [("mcp-session-id", "s-1")];
    let (answer, id) = tokio::join!(scene.post(&session, &call), approve);
    assert!(answers(&messages(&answer.2)).is_empty(), "{}", answer.2);
    let status = || scene.guard.log().action(id).unwrap().unwrap().status;
    assert!(scene.take_up("s-1", "1").await.contains("notifications/x"));
    assert_eq!(status(), Status::Redeemed);
    assert!(scene.take_up("s-1", "2").await.contains("once"));
    becomes(&scene.guard, id, Status::Succeeded).await;
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
