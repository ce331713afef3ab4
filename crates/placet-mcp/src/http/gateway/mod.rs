//! A gateway that is reached over HTTP, in front of a server that is reached over HTTP.
//!
//! Each request goes on as it came, with its headers, and each answer comes back as it is, so that
//! sessions, streams and their resumption are a matter between the client and the server. Only a call
//! is looked at before it goes on; while it waits for people its answer is a stream.

mod calls;
mod questions;
mod resumed;
mod tasks;
mod unjudged;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use resumed::{Running, Unheard};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::answer::{Answer, empty, json_answer, plain};
use super::events::Cut;
use super::headers::{self, SESSION};
use super::remote::Remote;
use super::said::{not_whole, too_large, whole};
use super::source::Source;
use super::watched::Watched;
use crate::client::Client;
use crate::id::Id;
use crate::judge::Judge;
use crate::limits::{MAX_CLIENT_BYTES, MAX_SERVER_BYTES, MAX_SESSIONS};
use crate::message::{Kind, Message, answers};
use crate::parts::outcome;
use crate::relay::OnChange;
use crate::reply;
use crate::task::{self, Tasks};
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
    running: Mutex<Running>,
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
        let running = Mutex::default();
        let gateway =
            Arc::new(Self { judge, remote, source, book, on_change, clients, tasks, running });
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
    if parts.method != Method::POST {
        let heard = Heard::of_stream(&parts.method, &headers);
        return gateway.pass(parts.method, headers, Bytes::new(), Some(heard)).await;
    }
    let Ok(body) = axum::body::to_bytes(body, MAX_CLIENT_BYTES).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "this message is larger than is passed on");
    };
    if !headers::is_plain_json(&parts.headers) {
        let why = "a message is application/json in UTF-8, and not compressed";
        let refusal = plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
        return gateway.unjudged(headers, body, why, refusal).await;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match Message::read(body.clone()) {
        Ok(message) => gateway.post(headers, message).await,
        Err(why) => {
            let why = why.to_string();
            let error = reply::error(None, reply::PARSE_ERROR, &why);
            let refusal = json_answer(StatusCode::BAD_REQUEST, error);
            gateway.unjudged(headers, body, &why, refusal).await
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
                let why = "a call that wants no answer is not passed on";
                let refusal = plain(StatusCode::BAD_REQUEST, why);
                self.unjudged(headers, message.into_bytes(), why, refusal).await
            }
            Kind::Response(id) if id.is_ours() => empty(StatusCode::ACCEPTED),
            Kind::Request(id, method) => {
                if !headers::agree(&headers, &method, None) {
                    let (refusal, body) = (mismatch(Some(&id)), message.into_bytes());
                    return self.unjudged(headers, body, MISMATCH, refusal).await;
                }
                if let Some(answer) = self.answer_of_task(&id, &method, &message) {
                    return answer;
                }
                if matches!(method.as_str(), "server/discover" | "tools/list") {
                    let listed = Listed::shared(message.params());
                    let body = message.into_bytes();
                    return self.introduction(headers, id, body, listed).await;
                }
                let heard = match method.as_str() {
                    "initialize" => Heard::Session(Client::introduced(message.params()), None),
                    _ => Heard::Nothing,
                };
                self.pass(Method::POST, headers, message.into_bytes(), Some(heard)).await
            }
            Kind::Notification(method) => self.told(headers, Some(&method), message).await,
            Kind::Response(_) | Kind::Complaint => self.told(headers, None, message).await,
        }
    }

    /// Passes on what asks for nothing, unless its headers say that it does.
    async fn told(
        self: Arc<Self>,
        headers: HeaderMap,
        method: Option<&str>,
        message: Message,
    ) -> Answer {
        let body = message.into_bytes();
        if headers::are_of_no_call(&headers, method) {
            return self.pass(Method::POST, headers, body, None).await;
        }
        self.unjudged(headers, body, MISMATCH, mismatch(None)).await
    }

    /// Asks what the server can do, or which tools it has. The answer is read as a whole before it
    /// goes on: nobody else shall read it in another way. That tasks are known here is added.
    async fn introduction(
        self: Arc<Self>,
        headers: HeaderMap,
        id: Id,
        body: Bytes,
        listed: Listed,
    ) -> Answer {
        let of = headers.clone();
        let asked = async {
            let answer = self.remote.send(Method::POST, headers, body).await.ok()?;
            let (parts, body) = answer.into_parts();
            let whole = match headers::is_event_stream(&parts.headers) {
                true => until_answered(Body::new(body), &id).await.ok()?,
                false => whole(Body::new(body)).await.ok()?,
            };
            Some((parts, whole))
        };
        let Ok(Some((mut parts, whole))) = timeout(self.judge.call_time(), asked).await else {
            return plain(StatusCode::BAD_GATEWAY, "the server did not answer");
        };
        parts.headers = headers::passed_on(&parts.headers, false);
        let Some(answer) = headers::answer_in(&parts.headers, &whole) else {
            // A refusal need not be a message.
            if !parts.status.is_success() || self.shows_unreadable(&of).await {
                return Response::from_parts(parts, Body::from(whole));
            }
            let error = reply::error(Some(&id), reply::INTERNAL_ERROR, UNREADABLE);
            return json_answer(StatusCode::OK, error);
        };
        if let Some(tools) = answer.result().filter(|result| task::has_member(result, "tools")) {
            let Some(page) = Page::read(tools) else {
                if self.shows_unreadable(&of).await {
                    return Response::from_parts(parts, Body::from(whole));
                }
                let error = reply::error(Some(&id), reply::INTERNAL_ERROR, UNREADABLE_LIST);
                return json_answer(StatusCode::OK, error);
            };
            self.learn(page, &listed);
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
        let mut heard = heard;
        if let Heard::Session(client, of) = &mut heard
            && let Some(session) = parts.headers.get(SESSION)
        {
            self.remember(session, client.clone());
            *of = Some(Bytes::copy_from_slice(session.as_bytes()));
        }
        // A stream that nobody asked anything on may be silent.
        let silence = matches!(heard, Heard::Call(..)).then(|| self.judge.call_time());
        let gateway = self;
        let is_answer = parts.status.is_success();
        let hear = move |bytes| gateway.hear(&mut heard, is_answer, bytes);
        let body = Watched::new(body, &parts.headers, silence, hear);
        Response::from_parts(parts, Body::new(body))
    }

    fn hear(self: &Arc<Self>, heard: &mut Heard, is_answer: bool, bytes: Bytes) {
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
        self.overhear(&message);
        let Kind::Response(id) = message.kind() else { return };
        // A list may also come on a stream that is resumed.
        if let Some(tools) = message.result().filter(|result| task::has_member(result, "tools")) {
            match Page::read(tools) {
                Some(page) => self.learn(page, &Listed::Shared(None)),
                None => lock(&self.book).is_in_doubt(),
            }
        }
        if let Heard::Session(_, Some(session)) = heard
            && let Some(client) = lock(&self.clients).get_mut(session)
        {
            client.may_ask_for_tasks = task::runs_tasks(&message);
        }
        // A second answer, or one to something else, says nothing of the call.
        let action = match heard {
            Heard::Call(of, action) if of.as_ref().is_none_or(|of| of.key() == id.key()) => {
                lock(action).take()
            }
            Heard::Resumed(session) => self.resumed(session, id),
            _ => None,
        };
        if let Some(action) = action {
            let gateway = Arc::clone(self);
            let (came, detail) = outcome(&message);
            tokio::spawn(async move { gateway.judge.conclude(action, came, &detail).await });
        }
    }

    /// Notes that the server's tools are others, where it says so.
    fn overhear(&self, message: &Message) {
        if matches!(message.kind(), Kind::Notification(it) if it == "notifications/tools/list_changed")
        {
            lock(&self.book).is_stale();
        }
    }

    fn learn(&self, page: Page, listed: &Listed) {
        let changes = lock(&self.book).learn(page, listed);
        changes.iter().for_each(|change| (self.on_change)(change));
    }

    /// Of too many sessions some are forgotten: their clients are then shown no pages. A session keeps
    /// the name under which it began.
    fn remember(&self, session: &HeaderValue, mut client: Client) {
        let mut clients = lock(&self.clients);
        if let Some(known) = clients.get(session.as_bytes()) {
            client.name.clone_from(&known.name);
        }
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
        let known = known();
        let named = known.as_ref().map(|known| known.name.clone());
        let mut client = Client::of_request(meta).or(known).unwrap_or_default();
        if let Some(name) = named {
            client.name = name;
        }
        let session = headers.get(SESSION).map(HeaderValue::as_bytes).unwrap_or_default();
        Client { session: Bytes::copy_from_slice(session), ..client }
    }
}

/// What is listened for in an answer.
enum Heard {
    /// The session that a client opens, once it is known which that is.
    Session(Client, Option<Bytes>),
    /// What came of a call, where its id is known in the answer to it.
    Call(Option<Id>, Unheard),
    /// What came of calls, on a stream that the client of a session takes up again.
    Resumed(Bytes),
    /// Nothing.
    Nothing,
}

/// What a stream says up to the answer to this request, as it came. A server may leave it open after that.
async fn until_answered(mut body: Body, id: &Id) -> Result<Bytes, String> {
    let (mut cut, mut said) = (Cut::new(MAX_SERVER_BYTES), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let part = frame.map_err(|error| not_whole(&error))?.into_data().unwrap_or_default();
        for (whole, data) in cut.push(&part).map_err(|_| too_large())? {
            if said.len() + whole.len() > MAX_SERVER_BYTES {
                return Err(too_large());
            }
            said.extend_from_slice(&whole);
            let message = data.and_then(|data| Message::read(data).ok());
            if message.is_some_and(|message| answers(&message, id)) {
                return Ok(said.freeze());
            }
        }
    }
    Ok(said.freeze())
}

/// What is said of a request whose headers are no match for it.
const MISMATCH: &str =
    "the headers Mcp-Method, Mcp-Name and Mcp-Param-… say something else than the message";

pub(super) fn mismatch(id: Option<&Id>) -> Answer {
    json_answer(StatusCode::BAD_REQUEST, reply::error(id, HEADER_MISMATCH, MISMATCH))
}
