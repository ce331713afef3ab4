//! A gateway that is reached over HTTP, in front of a server on pipes.
//!
//! Each client that introduces itself gets a server of its own, and a session that leads to it; so no
//! client sees what another asked. A client of the revision without sessions is told that there is none
//! here, and falls back to the one before.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::GatewayConfig;
use super::answer::{Answer, Parts, empty, json_answer, plain};
use super::events::event;
use super::headers::SESSION;
use super::source::Source;
use crate::child::{Child, Command};
use crate::id::Key;
use crate::judge::Judge;
use crate::limits::{MAX_CHILDREN, MAX_CLIENT_BYTES, QUEUE};
use crate::message::{Kind, Message};
use crate::relay::{Duplex, OnChange, Relay, queue};
use crate::reply;
use crate::stdio::Skipped;
use crate::tools::Book;

/// What a server is started with, and its calls are judged by.
pub type NewSession = Box<dyn Fn() -> (Judge, Book, OnChange) + Send + Sync>;

/// Servers on pipes, one for each client.
pub struct Sessions {
    command: Command,
    source: Source,
    new: NewSession,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    sessions: HashMap<String, Arc<Session>>,
    /// The oldest first.
    order: VecDeque<String>,
}

/// One client and its server.
struct Session {
    to: mpsc::Sender<Result<Bytes, Skipped>>,
    streams: Mutex<Streams>,
}

/// Where what the server says goes.
#[derive(Default)]
struct Streams {
    /// Requests, by their ids.
    waiting: HashMap<Key, mpsc::Sender<Bytes>>,
    /// What belongs to no request.
    unasked: Option<mpsc::Sender<Bytes>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sessions {
    /// Answers requests until the process ends.
    ///
    /// # Errors
    /// When the address is gone.
    pub async fn serve(
        listener: TcpListener,
        config: GatewayConfig,
        command: Command,
        new: NewSession,
    ) -> std::io::Result<()> {
        let source = Source::new(listener.local_addr()?, &config.hosts, config.token);
        let sessions = Arc::new(Self { command, source, new, open: Mutex::default() });
        axum::serve(listener, Router::new().fallback(answer).with_state(sessions)).await
    }

    fn find(&self, headers: &HeaderMap) -> Option<Arc<Session>> {
        let id = headers.get(SESSION)?.to_str().ok()?;
        lock(&self.open).sessions.get(id).cloned()
    }

    /// Starts a server for a client. Of too many the oldest is ended.
    fn begin(&self) -> Result<(String, Arc<Session>), String> {
        let (child, server) = Child::start(&self.command).map_err(|error| error.to_string())?;
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
        let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (to, from_client) = queue();
        let (to_client, from_relay) = mpsc::channel(QUEUE);
        let session = Arc::new(Session { to, streams: Mutex::default() });
        tokio::spawn(route(Arc::downgrade(&session), from_relay));
        let (judge, book, on_change) = (self.new)();
        tokio::spawn(async move {
            let client = Duplex { from: from_client, to: to_client };
            Relay::run(judge, book, on_change, client, server).await;
            child.end().await;
        });
        let mut open = lock(&self.open);
        if open.order.len() >= MAX_CHILDREN
            && let Some(oldest) = open.order.pop_front()
        {
            open.sessions.remove(&oldest);
        }
        open.order.push_back(id.clone());
        open.sessions.insert(id.clone(), Arc::clone(&session));
        Ok((id, session))
    }

    fn end(&self, headers: &HeaderMap) -> Answer {
        let id = headers.get(SESSION).and_then(|id| id.to_str().ok()).unwrap_or_default();
        let mut open = lock(&self.open);
        open.order.retain(|other| other != id);
        match open.sessions.remove(id) {
            Some(_) => empty(StatusCode::OK),
            None => plain(StatusCode::NOT_FOUND, "there is no such session"),
        }
    }
}

async fn answer(State(sessions): State<Arc<Sessions>>, request: Request) -> Answer {
    if let Err((status, why)) = sessions.source.check(request.headers()) {
        return plain(status, why);
    }
    let (parts, body) = request.into_parts();
    match parts.method {
        Method::GET => match sessions.find(&parts.headers) {
            Some(session) => stream(session.listen()),
            None => plain(StatusCode::NOT_FOUND, "there is no such session"),
        },
        Method::DELETE => sessions.end(&parts.headers),
        Method::POST => {
            let Ok(body) = axum::body::to_bytes(body, MAX_CLIENT_BYTES).await else {
                let why = "this message is larger than is passed on";
                return plain(StatusCode::PAYLOAD_TOO_LARGE, why);
            };
            // On pipes a message has one line.
            let line = body.iter().map(|b| if matches!(b, b'\n' | b'\r') { b' ' } else { *b });
            match Message::read(line.collect()) {
                Ok(message) => post(&sessions, &parts.headers, message).await,
                Err(why) => {
                    let error = reply::error(None, reply::PARSE_ERROR, &why.to_string());
                    json_answer(StatusCode::BAD_REQUEST, error)
                }
            }
        }
        _ => plain(StatusCode::METHOD_NOT_ALLOWED, "POST, GET and DELETE are understood"),
    }
}

async fn post(sessions: &Sessions, headers: &HeaderMap, message: Message) -> Answer {
    let begins = matches!(message.kind(), Kind::Request(_, method) if method == "initialize");
    let found = match (sessions.find(headers), begins) {
        (Some(session), false) => Ok((None, session)),
        (_, true) => sessions.begin().map(|(id, session)| (Some(id), session)),
        (None, false) if headers.contains_key(SESSION) => {
            return plain(
                StatusCode::NOT_FOUND,
                "there is no such session any more; begin another",
            );
        }
        (None, false) => {
            return plain(StatusCode::BAD_REQUEST, "there is no session; begin with initialize");
        }
    };
    let (id, session) = match found {
        Ok(found) => found,
        Err(why) => {
            tracing::warn!(why, "the server was not started");
            return plain(StatusCode::BAD_GATEWAY, "the server cannot be started");
        }
    };
    let asked = match message.kind() {
        Kind::Request(id, _) => Some(id.key().clone()),
        _ => None,
    };
    let mut answer = match asked.map(|key| session.wait_for(key)) {
        Some(parts) => stream(parts),
        None => empty(StatusCode::ACCEPTED),
    };
    drop(session.to.send(Ok(message.into_bytes())).await);
    if let Some(id) = id.and_then(|id| HeaderValue::from_str(&id).ok()) {
        answer.headers_mut().insert(SESSION, id);
    }
    answer
}

impl Session {
    /// A stream that ends with the answer to this request.
    fn wait_for(&self, key: Key) -> mpsc::Receiver<Bytes> {
        let (to, parts) = mpsc::channel(QUEUE);
        lock(&self.streams).waiting.insert(key, to);
        parts
    }

    /// A stream of what belongs to no request; the one before ends.
    fn listen(&self) -> mpsc::Receiver<Bytes> {
        let (to, parts) = mpsc::channel(QUEUE);
        lock(&self.streams).unasked = Some(to);
        parts
    }

    /// Where a message goes. What belongs to no request goes along with one where nobody listens.
    fn stream_for(&self, message: &Message) -> Option<mpsc::Sender<Bytes>> {
        let mut streams = lock(&self.streams);
        streams.waiting.retain(|_, to| !to.is_closed());
        if let Kind::Response(id) = message.kind() {
            return streams.waiting.remove(id.key());
        }
        let listens = streams.unasked.clone().filter(|to| !to.is_closed());
        listens.or_else(|| streams.waiting.values().next().cloned())
    }
}

/// Sends on what a server says, for as long as its session is open.
async fn route(session: std::sync::Weak<Session>, mut from: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = from.recv().await {
        let Some(session) = session.upgrade() else { return };
        let Ok(message) = Message::read(bytes) else { continue };
        if let Some(to) = session.stream_for(&message) {
            drop(to.send(event(message.bytes())).await);
        }
    }
}

fn stream(parts: mpsc::Receiver<Bytes>) -> Answer {
    let mut answer = Response::new(Body::from_stream(Parts(parts)));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}
