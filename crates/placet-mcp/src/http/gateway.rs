//! A gateway that is reached over HTTP, in front of a server that is reached over HTTP.
//!
//! Each request goes on as it came, with its headers, and each answer comes back as it is, so that
//! sessions, streams and their resumption are a matter between the client and the server. Only a call
//! is looked at before it goes on; while it waits for people its answer is a stream.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use placet::{ActionId, Outcome};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use super::answer::{Answer, Parts, empty, json_answer, plain};
use super::events::{Events, event};
use super::headers::{self, SESSION};
use super::remote::Remote;
use super::source::Source;
use super::watched::Watched;
use crate::ask::{Ask, Wanted, fresh_id};
use crate::client::Client;
use crate::id::Id;
use crate::judge::{Forward, Judge, Known, Ruling, ToolCall};
use crate::limits::{
    LIST, MAX_CLIENT_BYTES, MAX_PAGES, MAX_SERVER_BYTES, MAX_SESSIONS, PROGRESS, QUEUE,
};
use crate::message::{Kind, Message};
use crate::relay::{OnChange, forwarded, introduction, meta, outcome, progress_token};
use crate::reply;
use crate::tools::{Book, Page};

/// The error of a request whose headers say something else than it does (2026-07-28).
const HEADER_MISMATCH: i32 = -32020;

/// Where a gateway listens, and for whom.
#[derive(Default)]
pub struct GatewayConfig {
    /// Names under which it is reached, besides its address: `mcp.example.com:8443`.
    pub hosts: Vec<String>,
    /// What a client has to show as a bearer token; it does not go on to the server.
    pub token: Option<Zeroizing<String>>,
}

/// A gateway in front of one server.
pub struct Gateway {
    judge: Judge,
    remote: Remote,
    source: Source,
    book: Mutex<Book>,
    on_change: OnChange,
    /// What the clients of open sessions said of themselves.
    clients: Mutex<HashMap<Bytes, Client>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gateway {
    /// Answers requests until the process ends.
    ///
    /// # Errors
    /// When the address is gone.
    pub async fn serve(
        listener: TcpListener,
        config: GatewayConfig,
        judge: Judge,
        remote: Remote,
        (book, on_change): (Book, OnChange),
    ) -> std::io::Result<()> {
        let address: SocketAddr = listener.local_addr()?;
        let source = Source::new(address, &config.hosts, config.token);
        let (book, clients) = (Mutex::new(book), Mutex::default());
        let gateway = Arc::new(Self { judge, remote, source, book, on_change, clients });
        let router = Router::new().fallback(answer).with_state(gateway);
        axum::serve(listener, router).await
    }
}

async fn answer(State(gateway): State<Arc<Gateway>>, request: Request) -> Answer {
    if let Err((status, why)) = gateway.source.check(request.headers()) {
        return plain(status, why);
    }
    let (parts, body) = request.into_parts();
    let headers = headers::passed_on(&parts.headers, gateway.source.has_token());
    if parts.method != Method::POST {
        return gateway.pass(parts.method, headers, Bytes::new(), None).await;
    }
    let Ok(body) = axum::body::to_bytes(body, MAX_CLIENT_BYTES).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "this message is larger than is passed on");
    };
    match Message::read(body) {
        Ok(message) => gateway.post(headers, message).await,
        Err(why) => {
            let error = reply::error(None, reply::PARSE_ERROR, &why.to_string());
            json_answer(StatusCode::BAD_REQUEST, error)
        }
    }
}

impl Gateway {
    async fn post(self: Arc<Self>, headers: HeaderMap, message: Message) -> Answer {
        match message.kind().clone() {
            Kind::Request(id, method) if method == "tools/call" => {
                self.call(headers, id, message).await
            }
            Kind::Notification(method) if method == "tools/call" => {
                plain(StatusCode::BAD_REQUEST, "a call that wants no answer is not passed on")
            }
            Kind::Response(id) if id.is_ours() => empty(StatusCode::ACCEPTED),
            Kind::Request(id, method) => {
                if !headers::agree(&headers, &method, None) {
                    return mismatch(&id);
                }
                let heard = match method.as_str() {
                    "initialize" => Heard::Session(Client::introduced(message.params())),
                    "tools/list" => Heard::Tools,
                    _ => Heard::Nothing,
                };
                self.pass(Method::POST, headers, message.into_bytes(), Some(heard)).await
            }
            _ => self.pass(Method::POST, headers, message.into_bytes(), None).await,
        }
    }

    /// Passes something on, and its answer back.
    async fn pass(
        self: Arc<Self>,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
        heard: Option<Heard>,
    ) -> Answer {
        let answer = match self.remote.send(method, headers, body).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%error, "the server was not reached");
                return plain(StatusCode::BAD_GATEWAY, "the server was not reached");
            }
        };
        self.watch(answer, heard.unwrap_or(Heard::Nothing))
    }

    /// The answer of a server as it goes to the client, heard on its way.
    fn watch(self: Arc<Self>, answer: Response<Incoming>, heard: Heard) -> Answer {
        let (mut parts, body) = answer.into_parts();
        parts.headers = headers::passed_on(&parts.headers, false);
        if let Heard::Session(client) = &heard
            && let Some(session) = parts.headers.get(SESSION)
        {
            self.remember(session, client.clone());
        }
        let gateway = self;
        let hear = move |bytes| gateway.hear(&heard, bytes);
        let body = Watched::new(body, &parts.headers, hear);
        Response::from_parts(parts, Body::new(body))
    }

    fn hear(self: &Arc<Self>, heard: &Heard, bytes: Bytes) {
        let Ok(message) = Message::read(bytes) else { return };
        if matches!(message.kind(), Kind::Notification(it) if it == "notifications/tools/list_changed")
        {
            lock(&self.book).is_stale();
        }
        if !matches!(message.kind(), Kind::Response(_)) {
            return;
        }
        match heard {
            Heard::Tools => {
                if let Some(page) = message.result().and_then(Page::read) {
                    self.learn(page.tools);
                }
            }
            Heard::Call(Some(action)) => {
                let (gateway, action) = (Arc::clone(self), *action);
                let (came, detail) = outcome(&message);
                tokio::spawn(async move { gateway.judge.conclude(action, came, &detail).await });
            }
            Heard::Call(None) | Heard::Session(_) | Heard::Nothing => {}
        }
    }

    fn learn(&self, tools: Vec<crate::tools::Definition>) {
        let changes = lock(&self.book).learn(tools);
        changes.iter().for_each(|change| (self.on_change)(change));
    }

    /// Of too many sessions some are forgotten: their clients are then shown no pages.
    fn remember(&self, session: &HeaderValue, client: Client) {
        let mut clients = lock(&self.clients);
        if clients.len() >= MAX_SESSIONS {
            clients.clear();
        }
        clients.insert(Bytes::copy_from_slice(session.as_bytes()), client);
    }

    fn client(&self, headers: &HeaderMap, meta: &Value) -> Client {
        let known = || {
            let session = headers.get(SESSION)?;
            lock(&self.clients).get(session.as_bytes()).cloned()
        };
        Client::of_request(meta).or_else(known).unwrap_or_default()
    }

    /// Judges a call, and answers as soon as it is known how.
    async fn call(self: Arc<Self>, headers: HeaderMap, id: Id, message: Message) -> Answer {
        let call = match ToolCall::read(message.params()) {
            Ok(call) => call,
            Err(why) => {
                let text = format!("this call cannot be judged, and was not run: {why}");
                let error = reply::error(Some(&id), reply::INVALID_PARAMS, &text);
                return json_answer(StatusCode::BAD_REQUEST, error);
            }
        };
        if !headers::agree(&headers, "tools/call", Some(&call.name)) {
            return mismatch(&id);
        }
        let takes_streams = headers
            .get_all(ACCEPT)
            .iter()
            .any(|value| value.to_str().is_ok_and(|value| value.contains("text/event-stream")));
        let (to_client, mut told) = mpsc::channel(QUEUE);
        let mut judged = Judged::begin(&self, headers, id, message, call, to_client);
        let first = tokio::select! {
            biased;
            passage = judged.passage.recv() => return self.end(passage.flatten()).await,
            told = told.recv(), if takes_streams => told,
            () = judged.waits.notified(), if takes_streams => None,
        };
        let (to, body) = mpsc::channel(QUEUE);
        tokio::spawn(self.stream(judged, first, told, to));
        let mut answer = Response::new(Body::from_stream(Parts(body)));
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert("cache-control", HeaderValue::from_static("no-store"));
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        answer
    }

    /// The answer to a call that was judged at once.
    async fn end(self: Arc<Self>, passage: Option<Passage>) -> Answer {
        match passage {
            Some(Passage::Answer(bytes)) => json_answer(StatusCode::OK, bytes),
            Some(Passage::Go(go)) => match self.go(&go).await {
                Ok(answer) => self.watch(answer, Heard::Call(go.action)),
                Err(refusal) => json_answer(StatusCode::OK, refusal),
            },
            None => plain(StatusCode::INTERNAL_SERVER_ERROR, "this call was not judged, nor run"),
        }
    }

    /// The answer to a call that waits.
    async fn stream(
        self: Arc<Self>,
        mut judged: Judged,
        first: Option<Bytes>,
        mut told: mpsc::Receiver<Bytes>,
        to: mpsc::Sender<Bytes>,
    ) {
        if let Some(first) = first {
            drop(to.send(event(&first)).await);
        }
        let passage = loop {
            tokio::select! {
                biased;
                // Who closed the stream does not want it any more.
                () = to.closed() => return,
                Some(told) = told.recv() => drop(to.send(event(&told)).await),
                passage = judged.passage.recv() => break passage.flatten(),
                () = sleep(PROGRESS) => drop(to.send(Bytes::from_static(b": waiting\n\n")).await),
            }
        };
        while let Ok(told) = told.try_recv() {
            drop(to.send(event(&told)).await);
        }
        match passage {
            Some(Passage::Answer(bytes)) => drop(to.send(event(&bytes)).await),
            Some(Passage::Go(go)) => match self.go(&go).await {
                Ok(answer) => self.pour(answer, go.action, &to).await,
                Err(refusal) => drop(to.send(event(&refusal)).await),
            },
            None => {}
        }
    }

    /// Pours an answer of the server into a stream that has begun already.
    async fn pour(
        self: Arc<Self>,
        answer: Response<Incoming>,
        action: Option<ActionId>,
        to: &mpsc::Sender<Bytes>,
    ) {
        let is_stream = answer
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let watched = self.watch(answer, Heard::Call(action));
        let mut body = watched.into_body();
        if is_stream {
            while let Some(Ok(frame)) = body.frame().await {
                if let Ok(part) = frame.into_data()
                    && to.send(part).await.is_err()
                {
                    return;
                }
            }
        } else if let Ok(whole) = axum::body::to_bytes(body, MAX_SERVER_BYTES).await {
            // An event has one line, and JSON may have several.
            let one_line: Bytes =
                whole.iter().map(|b| if matches!(b, b'\n' | b'\r') { b' ' } else { *b }).collect();
            drop(to.send(event(&one_line)).await);
        }
    }

    /// Sends a permitted call to its server; what the client is told if that fails.
    async fn go(&self, go: &Go) -> Result<Response<Incoming>, Bytes> {
        let sent = self.remote.send(Method::POST, go.headers.clone(), go.bytes.clone());
        let why = match timeout(self.judge.call_time(), sent).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the server did not answer in time".to_owned(),
        };
        if let Some(action) = go.action {
            self.judge.conclude(action, Outcome::Failed, &why).await;
        }
        let text = format!("{why}; whether the call took effect is not known");
        Err(reply::error(Some(&go.id), reply::INTERNAL_ERROR, &text))
    }

    /// Asks the server for its tools where nobody has since they changed.
    async fn know_tools(&self, headers: &HeaderMap, meta: &Value) {
        if lock(&self.book).is_current() {
            return;
        }
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut params = json!({ "_meta": introduction(meta) });
            if let (Some(cursor), Some(fields)) = (&cursor, params.as_object_mut()) {
                fields.insert("cursor".to_owned(), cursor.as_str().into());
            }
            let asked = self.ask(headers, "tools/list", &params);
            let Ok(Some(answer)) = timeout(LIST, asked).await else { return };
            let Some(page) = answer.result().and_then(Page::read) else { return };
            cursor.clone_from(&page.next);
            self.learn(page.tools);
            if cursor.is_none() {
                return lock(&self.book).is_complete();
            }
        }
    }

    /// Asks the server something for the gateway, on the session of a client.
    async fn ask(
        &self,
        headers: &HeaderMap,
        method: &'static str,
        params: &Value,
    ) -> Option<Message> {
        let id = fresh_id();
        let body = reply::request(&id, method, params);
        let headers = headers::for_question(headers, method);
        let answer = self.remote.send(Method::POST, headers, body).await.ok()?;
        let mut events = Events::new(MAX_SERVER_BYTES);
        let is_stream = answer
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let mut body = Body::new(answer.into_body());
        if !is_stream {
            let whole = axum::body::to_bytes(body, MAX_SERVER_BYTES).await.ok()?;
            return Message::read(whole).ok();
        }
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(part) = frame.into_data() else { continue };
            for data in events.push(&part).ok()? {
                match Message::read(data) {
                    Ok(message) if matches!(message.kind(), Kind::Response(of) if of.is_ours()) => {
                        return Some(message);
                    }
                    _ => {}
                }
            }
        }
        None
    }
}

/// What is listened for in an answer.
enum Heard {
    /// The session that a client opens.
    Session(Client),
    /// A list of tools.
    Tools,
    /// What came of a call.
    Call(Option<ActionId>),
    /// Nothing.
    Nothing,
}

/// A call that may go on.
struct Go {
    id: Id,
    headers: HeaderMap,
    bytes: Bytes,
    action: Option<ActionId>,
}

/// How a judged call goes on.
enum Passage {
    /// To the server.
    Go(Box<Go>),
    /// Nowhere: this is its answer.
    Answer(Bytes),
}

/// A call that is being judged. Dropped before that is over, it is taken back by its judge.
struct Judged {
    gateway: Arc<Gateway>,
    _wanted: Wanted,
    passage: mpsc::Receiver<Option<Passage>>,
    /// Notified when it begins to wait for people; only then its answer has to be a stream.
    waits: Arc<Notify>,
}

impl Judged {
    fn begin(
        gateway: &Arc<Gateway>,
        headers: HeaderMap,
        id: Id,
        message: Message,
        call: ToolCall,
        to_client: mpsc::Sender<Bytes>,
    ) -> Self {
        let (ruled, passage) = mpsc::channel(1);
        let judging = Arc::clone(gateway);
        let client = gateway.client(&headers, &meta(&message));
        let token = progress_token(&message);
        let (ask, wanted) = Ask::new(to_client, client, token);
        let waits = ask.waits();
        tokio::spawn(async move {
            let passage = judging.judge(headers, id, &message, &call, ask).await;
            if let Err(mpsc::error::SendError(Some(passage))) = ruled.send(passage).await {
                judging.too_late(passage).await;
            }
        });
        Self { gateway: Arc::clone(gateway), _wanted: wanted, passage, waits }
    }
}

impl Drop for Judged {
    fn drop(&mut self) {
        if let Ok(Some(passage)) = self.passage.try_recv() {
            let gateway = Arc::clone(&self.gateway);
            tokio::spawn(async move { gateway.too_late(passage).await });
        }
    }
}

impl Gateway {
    /// What was permitted in the moment in which nobody wanted it any more did not run.
    async fn too_late(&self, passage: Passage) {
        if let Passage::Go(go) = passage
            && let Some(action) = go.action
        {
            let detail = "the client went away before it ran";
            self.judge.conclude(action, Outcome::Failed, detail).await;
        }
    }

    async fn judge(
        &self,
        headers: HeaderMap,
        id: Id,
        message: &Message,
        call: &ToolCall,
        mut ask: Ask,
    ) -> Option<Passage> {
        let is_modern = ask.client().is_modern;
        self.know_tools(&headers, &meta(message)).await;
        let known = Known::of(&lock(&self.book), &call.name);
        let mut ruling = self.judge.judge(call, &known, &mut ask).await;
        if let Ruling::Forward(Forward { action, binds: true, .. }) = ruling
            && !known.is_still(&lock(&self.book), &call.name)
        {
            ruling = self.judge.refuse_changed(action).await;
        }
        let answer = match ruling {
            Ruling::Forward(Forward { action, edited, .. }) => {
                match forwarded(message, call, edited) {
                    Some(bytes) => {
                        return Some(Passage::Go(Box::new(Go { id, headers, bytes, action })));
                    }
                    None => {
                        let text = "This call was not run: it cannot be rebuilt.";
                        reply::refused(&id, text, is_modern)
                    }
                }
            }
            Ruling::Refuse(text) => reply::refused(&id, &text, is_modern),
            Ruling::Cancelled => return None,
            Ruling::Page(requests, state) => reply::input_required(&id, &requests, &state),
        };
        Some(Passage::Answer(answer))
    }
}

fn mismatch(id: &Id) -> Answer {
    let text = "the headers Mcp-Method and Mcp-Name say something else than the message";
    json_answer(StatusCode::BAD_REQUEST, reply::error(Some(id), HEADER_MISMATCH, text))
}
