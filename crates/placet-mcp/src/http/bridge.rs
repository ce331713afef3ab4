//! A server that is reached over HTTP, as a client on pipes speaks to it.

mod listen;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Response};
use bytes::Bytes;
use http_body::Body as _;
use hyper::body::Incoming;
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::headers::{METHOD, NAME, SESSION, VERSION, encoded};
use super::remote::Remote;
use super::repeated::Repeated;
use super::said::Said;
use crate::id::{Id, Key};
use crate::judge::ToolCall;
use crate::limits::{MAX_TOOLS, QUEUE, START, TOLD};
use crate::message::{Kind, Message, answers};
use crate::parts::meta;
use crate::relay::{Duplex, queue};
use crate::stdio::{Skipped, Unanswered};
use crate::task::has_member;
use crate::tools::Page;

type Line = Result<Bytes, Skipped>;

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
    /// Requests without an answer. Where there are no sessions, to cancel one is to let go of it.
    open: HashMap<Key, Open>,
    /// What is repeated of the calls of the tools that the server has listed.
    repeated: HashMap<String, Repeated>,
    is_listening: bool,
    listening: Option<AbortHandle>,
}

/// A request that has no answer yet.
struct Open {
    task: AbortHandle,
    /// Notified when it is not wanted any more, and its server was told so.
    unwanted: Arc<Notify>,
}

/// What is told and wants no answer.
type Told = (HeaderMap, Message);

/// A server that is reached over HTTP, line by line.
#[must_use]
pub fn bridge(remote: Remote) -> Duplex {
    let (to_client, from) = queue();
    let (to, mut from_client) = mpsc::channel(QUEUE);
    let bridge = Arc::new(Bridge { remote, to_client, state: Mutex::default() });
    tokio::spawn(async move {
        let (tell, told) = mpsc::channel(QUEUE);
        let telling = tokio::spawn(Arc::clone(&bridge).tell_in_turn(told));
        while let Some(line) = from_client.recv().await {
            bridge.send(line, &tell).await;
        }
        drop(tell);
        drop(timeout(TOLD, telling).await);
        bridge.leave().await;
    });
    Duplex { from, to }
}

impl Bridge {
    fn state(&self) -> MutexGuard<'_, Session> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a message. What opens a session is waited for, so that what follows is on it; nothing else
    /// is, so that no silence of the server stops what follows.
    async fn send(self: &Arc<Self>, line: Bytes, tell: &mpsc::Sender<Told>) {
        let Ok(message) = Message::read(line) else { return };
        let headers = self.headers(&message);
        match message.kind().clone() {
            Kind::Request(id, method) => {
                let answered = self.ask(headers, message, id);
                if method == "initialize" {
                    drop(timeout(START, answered).await);
                }
            }
            Kind::Notification(method) if method == "notifications/initialized" => {
                self.tell(headers, message).await;
                self.listen();
            }
            Kind::Notification(method) => {
                let is_let_go = method == "notifications/cancelled" && self.let_go(&message);
                if !is_let_go {
                    drop(tell.send((headers, message)).await);
                }
            }
            Kind::Response(_) | Kind::Complaint => {
                let bridge = Arc::clone(self);
                tokio::spawn(async move { bridge.tell(headers, message).await });
            }
        }
    }

    /// Sends a request, beside whatever else passes. What is given ends with its answer.
    fn ask(
        self: &Arc<Self>,
        headers: HeaderMap,
        message: Message,
        id: Id,
    ) -> oneshot::Receiver<()> {
        let (bridge, key) = (Arc::clone(self), id.key().clone());
        let (answered, is_answered) = oneshot::channel();
        let unwanted = Arc::new(Notify::new());
        let noticed = Arc::clone(&unwanted);
        // It is not closed before it is open.
        let mut state = self.state();
        let task = tokio::spawn(async move {
            match bridge.remote.send(Method::POST, headers, message.into_bytes()).await {
                Ok(answer) => bridge.read(answer, &id, answered, &noticed).await,
                Err(error) => bridge.fail(&id, error.to_string(), error.never_came()).await,
            }
            bridge.state().open.remove(id.key());
        });
        state.open.insert(key, Open { task: task.abort_handle(), unwanted });
        is_answered
    }

    /// Tells the server what it is told, one after the other.
    async fn tell_in_turn(self: Arc<Self>, mut told: mpsc::Receiver<Told>) {
        while let Some((headers, message)) = told.recv().await {
            self.tell(headers, message).await;
        }
    }

    /// Tells the server something, and waits for a moment until it has taken it.
    async fn tell(self: &Arc<Self>, headers: HeaderMap, message: Message) {
        let sent = self.remote.send(Method::POST, headers, message.into_bytes());
        match timeout(TOLD, sent).await {
            Ok(Ok(answer)) if answer.body().is_end_stream() => {}
            Ok(Ok(answer)) => {
                let bridge = Arc::clone(self);
                tokio::spawn(async move {
                    let mut said = Said::of(&bridge.remote, answer, None);
                    while let Ok(Some(data)) = said.next().await {
                        bridge.pass(data, None).await;
                    }
                });
            }
            Ok(Err(error)) => tracing::warn!(%error, "the server was not reached"),
            Err(_) => tracing::warn!("the server did not say whether it took what it was told"),
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
            if let Some(open) = state.open.get(id.key()) {
                open.unwanted.notify_one();
            }
            return false;
        }
        state.open.remove(id.key()).is_some_and(|open| {
            open.task.abort();
            true
        })
    }

    fn headers(&self, message: &Message) -> HeaderMap {
        let mut headers = self.on_session();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        let state = self.state();
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

    /// Says that a request has no answer, and why.
    async fn fail(&self, id: &Id, why: String, never_came: bool) {
        let unanswered = Unanswered { id: id.clone(), why, never_came };
        drop(self.to_client.send(Err(Skipped::Unanswered(unanswered))).await);
    }

    /// Passes on what is in an answer.
    async fn read(
        &self,
        answer: Response<Incoming>,
        id: &Id,
        answered: oneshot::Sender<()>,
        unwanted: &Notify,
    ) {
        if let Some(session) = answer.headers().get(SESSION) {
            self.state().id = Some(session.clone());
        }
        let mut answered = Some(answered);
        let is_on_session = self.state().version.is_some();
        let again = is_on_session.then(|| self.on_session());
        let mut said = Said::of(&self.remote, answer, again);
        let mut is_wanted = true;
        let why = loop {
            let next = tokio::select! {
                biased;
                next = said.next() => next,
                () = unwanted.notified(), if is_wanted => {
                    is_wanted = false;
                    said.is_answered();
                    continue;
                }
            };
            match next {
                Ok(Some(data)) => {
                    if self.pass(data, Some(id)).await {
                        said.is_answered();
                        drop(answered.take());
                    }
                }
                Ok(None) => break said.why(),
                Err(why) => break why,
            }
        };
        if answered.is_some() {
            self.fail(id, why, false).await;
        }
    }

    /// Passes a message on; whether it was the answer to this request.
    async fn pass(&self, bytes: Bytes, id: Option<&Id>) -> bool {
        let Ok(message) = Message::read(bytes) else { return false };
        let is_answer = id.is_some_and(|id| answers(&message, id));
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

    /// The headers of whatever is on the session.
    fn on_session(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let state = self.state();
        for (name, value) in [(SESSION, &state.id), (VERSION, &state.version)] {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
        headers
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
pub(super) fn modern(message: &Message) -> Option<String> {
    let meta = meta(message);
    let version = meta.get("io.modelcontextprotocol/protocolVersion")?;
    version.as_str().map(str::to_owned)
}

/// What a request is about.
pub(super) fn about(message: &Message) -> Option<String> {
    let params: Value = serde_json::from_str(message.params()?).ok()?;
    let about = params.get("name").or_else(|| params.get("uri"))?;
    about.as_str().map(str::to_owned)
}
