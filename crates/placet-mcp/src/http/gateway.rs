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
use super::repeated::{self, Repeated};
use super::source::Source;
use super::watched::Watched;
use crate::ask::{Ask, Wanted, fresh_id};
use crate::client::Client;
use crate::id::Id;
use crate::judge::{Forward, Judge, Known, Ruling, ToolCall, Waiting};
use crate::limits::{
    LIST, MAX_CLIENT_BYTES, MAX_PAGES, MAX_SERVER_BYTES, MAX_SESSIONS, PROGRESS, QUEUE,
};
use crate::message::{Kind, Message};
use crate::relay::{OnChange, forwarded, introduction, meta, outcome, progress_token};
use crate::reply;
use crate::task::{self, Errand, Tasks};
use crate::tools::{Book, Listed, Page, UNREADABLE_LIST};

/// The error of a request whose headers say something else than it does (2026-07-28).
const HEADER_MISMATCH: i32 = -32020;

/// What a client is told in place of an answer that it may read otherwise than the gateway.
const UNREADABLE: &str = "the server's answer cannot be read without doubt; it was not passed on";

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
    tasks: Mutex<Tasks>,
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
        let (book, clients, tasks) = (Mutex::new(book), Mutex::default(), Mutex::default());
        let gateway = Arc::new(Self { judge, remote, source, book, on_change, clients, tasks });
        let router = Router::new().fallback(answer).with_state(gateway);
        axum::serve(listener, router).await
    }
}

async fn answer(State(gateway): State<Arc<Gateway>>, request: Request) -> Answer {
    if let Err((status, why)) = gateway.source.check(request.headers()) {
        return plain(status, why);
    }
    let (parts, body) = request.into_parts();
    let mut headers = headers::passed_on(&parts.headers, gateway.source.has_token());
    if parts.method == Method::POST {
        if !headers::is_plain_json(&parts.headers) {
            let why = "a message is application/json in UTF-8, and not compressed";
            return plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
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
                let answered = lock(&self.tasks).answer(&id, &method, message.params());
                if let Some(answer) = answered {
                    return json_answer(StatusCode::OK, answer);
                }
                if matches!(method.as_str(), "server/discover" | "tools/list") {
                    return self.introduction(headers, id, message.into_bytes()).await;
                }
                let heard = match method.as_str() {
                    "initialize" => Heard::Session(Client::introduced(message.params())),
                    _ => Heard::Nothing,
                };
                self.pass(Method::POST, headers, message.into_bytes(), Some(heard)).await
            }
            _ => self.pass(Method::POST, headers, message.into_bytes(), None).await,
        }
    }

    /// Asks what the server can do, or which tools it has. The answer is read as a whole before it
    /// goes on: nobody else shall read it in another way. That tasks are known here is added.
    async fn introduction(self: Arc<Self>, headers: HeaderMap, id: Id, body: Bytes) -> Answer {
        let asked = async {
            let answer = self.remote.send(Method::POST, headers, body).await.ok()?;
            let (parts, body) = answer.into_parts();
            let whole = axum::body::to_bytes(Body::new(body), MAX_SERVER_BYTES).await.ok()?;
            Some((parts, whole))
        };
        let Ok(Some((mut parts, whole))) = timeout(self.judge.call_time(), asked).await else {
            return plain(StatusCode::BAD_GATEWAY, "the server did not answer");
        };
        parts.headers = headers::passed_on(&parts.headers, false);
        let Some(answer) = headers::answer_in(&parts.headers, &whole) else {
            // A refusal need not be a message.
            if !parts.status.is_success() {
                return Response::from_parts(parts, Body::from(whole));
            }
            let error = reply::error(Some(&id), reply::INTERNAL_ERROR, UNREADABLE);
            return json_answer(StatusCode::OK, error);
        };
        if let Some(tools) = answer.result().filter(|result| task::has_member(result, "tools")) {
            let Some(page) = Page::read(tools) else {
                let error = reply::error(Some(&id), reply::INTERNAL_ERROR, UNREADABLE_LIST);
                return json_answer(StatusCode::OK, error);
            };
            self.learn(page.tools, Listed::Shared);
        }
        let Some(declared) = task::declared(&answer) else {
            return Response::from_parts(parts, Body::from(whole));
        };
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Response::from_parts(parts, Body::from(declared))
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
        if !headers::can_be_heard(&parts.headers) {
            tracing::warn!("the server's answer was of another kind than is read here");
            return plain(StatusCode::BAD_GATEWAY, "the server's answer cannot be read here");
        }
        parts.headers = headers::passed_on(&parts.headers, false);
        if let Heard::Session(client) = &heard
            && let Some(session) = parts.headers.get(SESSION)
        {
            self.remember(session, client.clone());
        }
        // A stream that nobody asked anything on may be silent.
        let silence = matches!(heard, Heard::Call(_)).then(|| self.judge.call_time());
        let gateway = self;
        let is_answer = parts.status.is_success();
        let hear = move |bytes| gateway.hear(&heard, is_answer, bytes);
        let body = Watched::new(body, &parts.headers, silence, hear);
        Response::from_parts(parts, Body::new(body))
    }

    fn hear(self: &Arc<Self>, heard: &Heard, is_answer: bool, bytes: Bytes) {
        // An event without data only says where a stream begins.
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let Ok(message) = Message::read(bytes) else {
            // Whoever else can read it may know other tools from here on.
            if is_answer {
                lock(&self.book).is_in_doubt();
            }
            return;
        };
        if matches!(message.kind(), Kind::Notification(it) if it == "notifications/tools/list_changed")
        {
            lock(&self.book).is_stale();
        }
        if !matches!(message.kind(), Kind::Response(_)) {
            return;
        }
        // A list may also come on a stream that is resumed.
        if let Some(tools) = message.result().filter(|result| task::has_member(result, "tools")) {
            match Page::read(tools) {
                Some(page) => self.learn(page.tools, Listed::Shared),
                None => lock(&self.book).is_in_doubt(),
            }
        }
        match heard {
            Heard::Call(Some(action)) => {
                let (gateway, action) = (Arc::clone(self), *action);
                let (came, detail) = outcome(&message);
                tokio::spawn(async move { gateway.judge.conclude(action, came, &detail).await });
            }
            Heard::Call(None) | Heard::Session(_) | Heard::Nothing => {}
        }
    }

    fn learn(&self, tools: Vec<crate::tools::Definition>, listed: Listed) {
        let changes = lock(&self.book).learn(tools, listed);
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
        let client = Client::of_request(meta).or_else(known).unwrap_or_default();
        let session = headers.get(SESSION).map(HeaderValue::as_bytes).unwrap_or_default();
        Client { session: Bytes::copy_from_slice(session), ..client }
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
        if repeated::is_any(&headers) {
            self.know_tools(&headers, &meta(&message)).await;
            if !self.repeated(&call).agree(&headers, &call.arguments) {
                return mismatch(&id);
            }
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

    /// Which arguments of a call headers may repeat.
    fn repeated(&self, call: &ToolCall) -> Repeated {
        Repeated::of(lock(&self.book).definition(&call.name))
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
        // What came of it nobody knows, unless it never reached the server; the log says so.
        let (why, never_came) = match timeout(self.judge.call_time(), sent).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => (error.to_string(), error.never_came()),
            Err(_) => ("the server did not answer in time".to_owned(), false),
        };
        if let Some(action) = go.action.filter(|_| never_came) {
            self.judge.conclude(action, Outcome::Failed, &why).await;
        }
        let text = format!("{why}; whether the call took effect is not known");
        Err(reply::error(Some(&go.id), reply::INTERNAL_ERROR, &text))
    }

    /// Whether the tool of a call is still the one that was judged, as far as the server says.
    async fn is_still(&self, known: &Known, name: &str, headers: &HeaderMap, meta: &Value) -> bool {
        self.know_tools(headers, meta).await;
        known.is_still(&lock(&self.book), name)
    }

    /// Asks the server for its tools where nobody has since they changed. Of a server that does not
    /// say, no more is known then than before, and nothing is taken on trust from there on.
    async fn know_tools(&self, headers: &HeaderMap, meta: &Value) {
        if lock(&self.book).is_current() {
            return;
        }
        drop(timeout(LIST, self.list_tools(headers, meta)).await);
        lock(&self.book).is_complete();
    }

    async fn list_tools(&self, headers: &HeaderMap, meta: &Value) {
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut params = json!({ "_meta": introduction(meta) });
            if let (Some(cursor), Some(fields)) = (&cursor, params.as_object_mut()) {
                fields.insert("cursor".to_owned(), cursor.as_str().into());
            }
            let Some(answer) = self.ask(headers, "tools/list", &params).await else { return };
            let Some(page) = answer.result().and_then(Page::read) else { return };
            cursor.clone_from(&page.next);
            self.learn(page.tools, Listed::Asked);
            if cursor.is_none() {
                return;
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
        let body = reply::request(&fresh_id(), method, params);
        self.exchange(headers::for_question(headers, method), body).await
    }

    /// Sends the server a request of the gateway's own and hears its answer.
    async fn exchange(&self, headers: HeaderMap, body: Bytes) -> Option<Message> {
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
        self: &Arc<Self>,
        mut headers: HeaderMap,
        id: Id,
        message: &Message,
        call: &ToolCall,
        mut ask: Ask,
    ) -> Option<Passage> {
        let is_modern = ask.client().is_modern;
        self.know_tools(&headers, &meta(message)).await;
        let known = Known::of(&lock(&self.book), &call.name);
        let mut ruling = self.judge.judge(call, &known, &mut ask).await;
        if let Ruling::Permitted(permitted) = ruling {
            let is_still = self.is_still(&known, &call.name, &headers, &meta(message)).await;
            ruling = self.judge.spend(&permitted, call, is_still, &ask).await;
        }
        // It may have changed while that was written down.
        if let Ruling::Forward(Forward { action, binds: true, .. }) = ruling
            && !known.is_still(&lock(&self.book), &call.name)
        {
            ruling = self.judge.refuse_changed(action).await;
        }
        let answer = match ruling {
            Ruling::Forward(Forward { action, edited, .. }) => {
                if let Some(edited) = &edited {
                    self.repeated(call).rewrite(&mut headers, edited);
                }
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
            Ruling::Cancelled | Ruling::Permitted(_) => return None,
            Ruling::Page(requests, state) => reply::input_required(&id, &requests, &state),
            Ruling::Task(waiting) => {
                let begun = self.begin_task(&id, &waiting, headers, (call, &known, message), &ask);
                let later = || self.judge.come_back(&waiting, (call, &known), &ask);
                begun.unwrap_or_else(|| reply::refused(&id, &later(), is_modern))
            }
        };
        Some(Passage::Answer(answer))
    }

    /// Waits for people in the place of the client; the answer to the call meanwhile.
    fn begin_task(
        self: &Arc<Self>,
        id: &Id,
        waiting: &Waiting,
        headers: HeaderMap,
        of: (&ToolCall, &Known, &Message),
        ask: &Ask,
    ) -> Option<Bytes> {
        let task = lock(&self.tasks).begin(waiting, self.judge.call_time())?;
        let (errand, wanted) = Errand::new(waiting, of, ask);
        let (gateway, name) = (Arc::clone(self), task.clone());
        let running = tokio::spawn(async move {
            let (meta, of_list) = (meta(&errand.message), headers.clone());
            let is_still = async |known: Known, name: String| {
                gateway.is_still(&known, &name, &of_list, &meta).await
            };
            let send = |_, bytes| gateway.run_task(headers, bytes);
            let ended = errand.run(&gateway.judge, is_still, send).await;
            lock(&gateway.tasks).end(&name, ended);
        });
        let mut tasks = lock(&self.tasks);
        tasks.keeps(&task, wanted, running);
        tasks.created(id, &task)
    }

    async fn run_task(&self, mut headers: HeaderMap, bytes: Bytes) -> Result<Message, String> {
        if repeated::is_any(&headers) {
            let message = Message::read(bytes.clone()).map_err(|_| "it cannot be rebuilt")?;
            let call = ToolCall::read(message.params())?;
            self.repeated(&call).rewrite(&mut headers, &call.arguments);
        }
        let answered = timeout(self.judge.call_time(), self.exchange(headers, bytes)).await;
        let answer = answered.map_err(|_| "the server did not answer in time")?;
        Ok(answer.ok_or("the server did not answer")?)
    }
}

fn mismatch(id: &Id) -> Answer {
    let text =
        "the headers Mcp-Method, Mcp-Name and Mcp-Param-… say something else than the message";
    json_answer(StatusCode::BAD_REQUEST, reply::error(Some(id), HEADER_MISMATCH, text))
}
