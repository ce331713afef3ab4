//! A server that is reached over HTTP, as a client on pipes speaks to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use super::events::Events;
use super::headers::{METHOD, NAME, SESSION, VERSION, encoded};
use super::remote::Remote;
use super::repeated::Repeated;
use crate::id::{Id, Key};
use crate::judge::ToolCall;
use crate::limits::{LISTEN_AGAIN, MAX_SERVER_BYTES, MAX_TOOLS, QUEUE};
use crate::message::{Kind, Message};
use crate::parts::meta;
use crate::relay::{Duplex, queue};
use crate::reply;
use crate::stdio::Skipped;
use crate::task::has_member;
use crate::tools::Page;

type Line = Result<Bytes, Skipped>;

/// Says after which event a stream is taken up again.
const LAST_EVENT: &str = "last-event-id";

/// What the client is told when something may have been missed.
const TOOLS_CHANGED: &str = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;

struct Bridge {
    remote: Remote,
    to_client: mpsc::Sender<Line>,
    state: Mutex<Session>,
}

/// What the requests of one client have in common.
#[derive(Default)]
struct Session {
    id: Option<HeaderValue>,
    version: Option<HeaderValue>,
    /// Requests of the revision without sessions: to cancel one is to let go of it.
    open: HashMap<Key, AbortHandle>,
    /// What is repeated of the calls of the tools that the server has listed.
    repeated: HashMap<String, Repeated>,
    is_listening: bool,
    listening: Option<AbortHandle>,
}

/// A server that is reached over HTTP, line by line.
#[must_use]
pub fn bridge(remote: Remote) -> Duplex {
    let (to_client, from) = queue();
    let (to, mut from_client) = mpsc::channel(QUEUE);
    let bridge = Arc::new(Bridge { remote, to_client, state: Mutex::default() });
    tokio::spawn(async move {
        while let Some(line) = from_client.recv().await {
            bridge.send(line).await;
        }
        bridge.leave().await;
    });
    Duplex { from, to }
}

impl Bridge {
    fn state(&self) -> MutexGuard<'_, Session> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a message. What opens a session is waited for, so that what follows is on it.
    async fn send(self: &Arc<Self>, line: Bytes) {
        let Ok(message) = Message::read(line) else { return };
        let headers = self.headers(&message);
        match message.kind().clone() {
            Kind::Request(id, method) if method == "initialize" => {
                self.post(headers, message, Some(id)).await;
            }
            Kind::Request(id, _) => {
                let bridge = Arc::clone(self);
                let key = id.key().clone();
                let task = tokio::spawn(async move {
                    let key = id.key().clone();
                    bridge.post(headers, message, Some(id)).await;
                    bridge.state().open.remove(&key);
                });
                if !task.is_finished() {
                    self.state().open.insert(key, task.abort_handle());
                }
            }
            Kind::Notification(method) => {
                let is_cancelled = method == "notifications/cancelled" && self.let_go(&message);
                if !is_cancelled {
                    self.post(headers, message, None).await;
                }
                if method == "notifications/initialized" {
                    self.listen();
                }
            }
            Kind::Response(_) | Kind::Complaint => self.post(headers, message, None).await,
        }
    }

    /// Lets go of a request, if that is how it is cancelled.
    fn let_go(&self, message: &Message) -> bool {
        #[derive(serde::Deserialize)]
        struct Cancelled {
            #[serde(rename = "requestId")]
            request: Box<serde_json::value::RawValue>,
        }
        let params = message.params().and_then(|it| serde_json::from_str::<Cancelled>(it).ok());
        let Some(id) = params.and_then(|it| Id::read(&it.request)) else { return false };
        let mut state = self.state();
        if state.version.is_some() {
            return false;
        }
        state.open.remove(id.key()).is_some_and(|task| {
            task.abort();
            true
        })
    }

    fn headers(&self, message: &Message) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        let state = self.state();
        for (name, value) in [(SESSION, &state.id), (VERSION, &state.version)] {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
        if let (Kind::Request(_, method), Some(version)) = (message.kind(), modern(message)) {
            let mut set = |name, value: &str| {
                if let Ok(value) = HeaderValue::from_str(&encoded(value)) {
                    headers.insert(name, value);
                }
            };
            set(VERSION, &version);
            set(METHOD, method);
            if let Some(about) = about(message) {
                set(NAME, &about);
            }
            let call = (method == "tools/call").then(|| ToolCall::read(message.params()));
            if let Some(Ok(call)) = call
                && let Some(repeated) = state.repeated.get(&call.name)
            {
                repeated.add(&mut headers, &call.arguments);
            }
        }
        headers
    }

    async fn post(&self, headers: HeaderMap, message: Message, id: Option<Id>) {
        let bytes = message.into_bytes();
        let answered = self.remote.send(Method::POST, headers, bytes).await;
        match (answered, id) {
            (Ok(answer), id) => self.read(answer, id).await,
            (Err(error), Some(id)) => self.fail(&id, &error.to_string()).await,
            (Err(error), None) => tracing::warn!(%error, "the server was not reached"),
        }
    }

    async fn fail(&self, id: &Id, why: &str) {
        let error = reply::error(Some(id), reply::INTERNAL_ERROR, why);
        drop(self.to_client.send(Ok(error)).await);
    }

    /// Passes on what is in an answer.
    async fn read(&self, answer: Response<Incoming>, id: Option<Id>) {
        let (parts, body) = answer.into_parts();
        if let Some(session) = parts.headers.get(SESSION) {
            self.state().id = Some(session.clone());
        }
        let kind = parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let has_answered = if kind.starts_with(b"text/event-stream") {
            self.pour(Body::new(body), id.as_ref()).await
        } else {
            self.whole(Body::new(body), id.as_ref()).await
        };
        if let (Some(id), false) = (&id, has_answered) {
            let why = match parts.status {
                StatusCode::NOT_FOUND => {
                    "the server does not know this session any more".to_owned()
                }
                status if status.is_success() => "the server did not answer".to_owned(),
                status => format!("the server refuses, with status {}", status.as_u16()),
            };
            self.fail(id, &why).await;
        }
    }

    /// One message; whether it was the answer.
    async fn whole(&self, body: Body, id: Option<&Id>) -> bool {
        let Ok(whole) = axum::body::to_bytes(body, MAX_SERVER_BYTES).await else { return false };
        let one_line = whole.iter().map(|b| if matches!(b, b'\n' | b'\r') { b' ' } else { *b });
        self.pass(one_line.collect(), id).await
    }

    /// A stream of them; whether the answer was among them.
    async fn pour(&self, mut body: Body, id: Option<&Id>) -> bool {
        let mut events = Events::new(MAX_SERVER_BYTES);
        let mut has_answered = false;
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(part) = frame.into_data() else { continue };
            let Ok(whole) = events.push(&part) else { return has_answered };
            for data in whole {
                has_answered |= self.pass(data, id).await;
            }
        }
        has_answered
    }

    /// Passes a message on; whether it was the answer to this request.
    async fn pass(&self, bytes: Bytes, id: Option<&Id>) -> bool {
        let Ok(message) = Message::read(bytes) else { return false };
        let is_answer = match (message.kind(), id) {
            (Kind::Response(of), Some(id)) => of.key() == id.key(),
            _ => false,
        };
        if is_answer {
            self.note_version(&message);
        }
        self.note_tools(&message);
        drop(self.to_client.send(Ok(message.into_bytes())).await);
        is_answer
    }

    /// The answer to `initialize` says which revision is spoken from here on.
    fn note_version(&self, message: &Message) {
        #[derive(serde::Deserialize)]
        struct Initialized {
            #[serde(rename = "protocolVersion")]
            version: String,
        }
        let read = message.result().and_then(|it| serde_json::from_str::<Initialized>(it).ok());
        if let Some(version) = read.and_then(|it| HeaderValue::from_str(&it.version).ok()) {
            self.state().version = Some(version);
        }
    }

    /// A list of tools says which arguments are repeated as headers.
    fn note_tools(&self, message: &Message) {
        let Some(listed) = message.result().filter(|result| has_member(result, "tools")) else {
            return;
        };
        let mut state = self.state();
        for tool in Page::read(listed).into_iter().flat_map(|page| page.tools) {
            let repeated = Repeated::of(Some(&tool.content));
            state.repeated.remove(&tool.name);
            if repeated.names_any() && state.repeated.len() < MAX_TOOLS {
                state.repeated.insert(tool.name, repeated);
            }
        }
    }

    /// Listens to what the server says unasked, as long as the session lasts.
    fn listen(self: &Arc<Self>) {
        if std::mem::replace(&mut self.state().is_listening, true) {
            return;
        }
        let bridge = Arc::clone(self);
        let listening = tokio::spawn(async move {
            let mut last = None;
            let mut pause = LISTEN_AGAIN.0;
            for times in 0_u64.. {
                let answered =
                    bridge.remote.send(Method::GET, bridge.listening(last.as_ref()), Bytes::new());
                match answered.await {
                    Ok(answer) if answer.status().is_success() => {
                        // Whatever was said meanwhile nobody heard: the tools may be others.
                        if times > 0 && !bridge.say(TOOLS_CHANGED).await {
                            return;
                        }
                        let begun = Instant::now();
                        bridge.overhear(Body::new(answer.into_body()), &mut last).await;
                        // One that ends at once is not asked for over and over.
                        if begun.elapsed() > LISTEN_AGAIN.1 {
                            pause = LISTEN_AGAIN.0;
                        }
                    }
                    // It is not there for the moment.
                    Err(_) => {}
                    Ok(answer) if answer.status().is_server_error() => {}
                    // It has nothing to say unasked, or does not know this session any more.
                    Ok(_) => return,
                }
                sleep(pause).await;
                pause = (pause * 2).min(LISTEN_AGAIN.1);
            }
        });
        self.state().listening = Some(listening.abort_handle());
    }

    fn listening(&self, last: Option<&Bytes>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        let state = self.state();
        for (name, value) in [(SESSION, &state.id), (VERSION, &state.version)] {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
        if let Some(last) = last.and_then(|it| HeaderValue::from_bytes(it).ok()) {
            headers.insert(LAST_EVENT, last);
        }
        headers
    }

    /// Passes on what comes unasked, and notes where it ended.
    async fn overhear(&self, mut body: Body, last: &mut Option<Bytes>) {
        let mut events = Events::new(MAX_SERVER_BYTES);
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(part) = frame.into_data() else { continue };
            let Ok(whole) = events.push(&part) else { return };
            for data in whole {
                self.pass(data, None).await;
            }
            if let Some(id) = events.last_id() {
                *last = Some(id.clone());
            }
        }
    }

    /// Tells the client something in the server's place; whether it is still there.
    async fn say(&self, message: &'static str) -> bool {
        self.to_client.send(Ok(Bytes::from_static(message.as_bytes()))).await.is_ok()
    }

    /// Ends the session.
    async fn leave(&self) {
        let (session, listening) = {
            let mut state = self.state();
            (state.id.take(), state.listening.take())
        };
        if let Some(listening) = listening {
            listening.abort();
        }
        if let Some(session) = session {
            let mut headers = HeaderMap::new();
            headers.insert(SESSION, session);
            drop(self.remote.send(Method::DELETE, headers, Bytes::new()).await);
        }
    }
}

/// The revision that a request itself says it is of.
fn modern(message: &Message) -> Option<String> {
    let meta = meta(message);
    let version = meta.get("io.modelcontextprotocol/protocolVersion")?;
    version.as_str().map(str::to_owned)
}

/// What a request is about.
fn about(message: &Message) -> Option<String> {
    let params: Value = serde_json::from_str(message.params()?).ok()?;
    let about = params.get("name").or_else(|| params.get("uri"))?;
    about.as_str().map(str::to_owned)
}
