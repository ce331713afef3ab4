//! A gateway that is reached over HTTP, in front of servers that are spoken to message by message: one on
//! pipes, or several as one.
//!
//! Each client that introduces itself gets servers of its own, and a session that leads to them; so no
//! client sees what another asked. Those of the revision without sessions share what stands behind
//! [`Stateless`]. Where the servers know no such revision, such a client is told that there is no session,
//! and falls back to the revision before.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::GatewayConfig;
use super::answer::{Answer, empty, json_answer, plain, stream};
use super::bridge::modern;
use super::events::event;
use super::headers::SESSION;
use super::said::one_line;
use super::source::Source;
use super::stateless::{Era, Stateless};
use crate::id::{Id, Key};
use crate::limits::{MAX_CHILDREN, MAX_CLIENT_BYTES, MIN_SESSIONS, QUEUE};
use crate::message::{Kind, Message};
use crate::relay::{Duplex, queue};
use crate::reply;
use crate::servers::Servers;
use crate::stdio::Skipped;

/// Servers for each client that opens a session, and for all those that need none.
pub struct Sessions {
    servers: Servers,
    source: Source,
    open: Mutex<Open>,
    era: tokio::sync::Mutex<Era>,
}

#[derive(Default)]
struct Open {
    sessions: HashMap<String, Arc<Session>>,
    /// The oldest first.
    order: VecDeque<String>,
}

/// One client and its servers.
struct Session {
    to: mpsc::Sender<Result<Bytes, Skipped>>,
    streams: Mutex<Streams>,
}

/// Where what the server says goes.
#[derive(Default)]
struct Streams {
    /// Requests, by their ids.
    waiting: HashMap<Key, (Id, mpsc::Sender<Bytes>)>,
    /// What belongs to no request.
    unasked: Option<mpsc::Sender<Bytes>>,
    /// Whether the server has ended, and says nothing any more.
    is_over: bool,
}

/// What is said of a session that is none.
const NO_SESSION: &str = "there is no such session any more; begin another";

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
        servers: Servers,
    ) -> std::io::Result<()> {
        let source = Source::new(listener.local_addr()?, &config.hosts, config.token);
        let (open, era) = (Mutex::default(), tokio::sync::Mutex::default());
        let sessions = Arc::new(Self { servers, source, open, era });
        axum::serve(listener, Router::new().fallback(answer).with_state(sessions)).await
    }

    fn find(&self, headers: &HeaderMap) -> Option<Arc<Session>> {
        let id = headers.get(SESSION)?.to_str().ok()?;
        lock(&self.open).sessions.get(id).cloned()
    }

    /// Starts servers for a client. Of too many sessions the oldest is ended.
    fn begin(self: &Arc<Self>) -> Result<(String, Arc<Session>), String> {
        let (to, from_client) = queue();
        let (to_client, from_relay) = mpsc::channel(QUEUE);
        let client = Duplex { from: from_client, to: to_client };
        let running = self.servers.start(client).map_err(|error| error.to_string())?;
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
        let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let session = Arc::new(Session { to, streams: Mutex::default() });
        let (sessions, of) = (Arc::downgrade(self), id.clone());
        let routed = route(Arc::downgrade(&session), from_relay);
        tokio::spawn(async move {
            routed.await;
            if let Some(sessions) = sessions.upgrade() {
                sessions.forget(&of);
            }
        });
        tokio::spawn(running);
        let most = (MAX_CHILDREN / self.servers.processes().max(1)).max(MIN_SESSIONS);
        let mut open = lock(&self.open);
        if open.order.len() >= most
            && let Some(oldest) = open.order.pop_front()
        {
            open.sessions.remove(&oldest);
        }
        open.order.push_back(id.clone());
        open.sessions.insert(id.clone(), Arc::clone(&session));
        Ok((id, session))
    }

    /// What stands behind the clients of the revision without sessions; none where the servers know no such
    /// revision. That is found out once, also if the client that wants to know it does not wait.
    async fn stateless(self: &Arc<Self>) -> Option<Arc<Stateless>> {
        let sessions = Arc::clone(self);
        let found = tokio::spawn(async move {
            let mut era = sessions.era.lock().await;
            era.find(&sessions.servers).await
        });
        found.await.ok().flatten()
    }

    fn end(&self, headers: &HeaderMap) -> Answer {
        let id = headers.get(SESSION).and_then(|id| id.to_str().ok()).unwrap_or_default();
        match self.forget(id) {
            true => empty(StatusCode::OK),
            false => plain(StatusCode::NOT_FOUND, NO_SESSION),
        }
    }

    /// Forgets a session; whether there was one.
    fn forget(&self, id: &str) -> bool {
        let mut open = lock(&self.open);
        open.order.retain(|other| other != id);
        open.sessions.remove(id).is_some()
    }
}

async fn answer(State(sessions): State<Arc<Sessions>>, request: Request) -> Answer {
    if let Err((status, why)) = sessions.source.check(request.headers()) {
        return plain(status, why);
    }
    let (parts, body) = request.into_parts();
    match parts.method {
        Method::GET => match sessions.find(&parts.headers).and_then(|it| it.listen()) {
            Some(parts) => stream(parts),
            None => plain(StatusCode::NOT_FOUND, NO_SESSION),
        },
        Method::DELETE => sessions.end(&parts.headers),
        Method::POST => {
            let Ok(body) = axum::body::to_bytes(body, MAX_CLIENT_BYTES).await else {
                let why = "this message is larger than is passed on";
                return plain(StatusCode::PAYLOAD_TOO_LARGE, why);
            };
            // On pipes a message has one line.
            match Message::read(one_line(&body)) {
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

async fn post(sessions: &Arc<Sessions>, headers: &HeaderMap, message: Message) -> Answer {
    let begins = matches!(message.kind(), Kind::Request(_, method) if method == "initialize");
    let found = match (sessions.find(headers), begins) {
        (Some(session), false) => Ok((None, session)),
        (_, true) => sessions.begin().map(|(id, session)| (Some(id), session)),
        (None, false) if headers.contains_key(SESSION) => {
            return plain(StatusCode::NOT_FOUND, NO_SESSION);
        }
        (None, false) => return without_session(sessions, headers, message).await,
    };
    let (id, session) = match found {
        Ok(found) => found,
        Err(why) => {
            tracing::warn!(why, "the server was not started");
            return plain(StatusCode::BAD_GATEWAY, "the server cannot be started");
        }
    };
    let mut answer = match message.kind() {
        Kind::Request(id, _) => match session.wait_for(id) {
            Some(parts) => stream(parts),
            None => return plain(StatusCode::NOT_FOUND, NO_SESSION),
        },
        _ => empty(StatusCode::ACCEPTED),
    };
    // Whoever waits for an answer that cannot come any more is told so when the session is over.
    drop(session.to.send(Ok(message.into_bytes())).await);
    if let Some(id) = id.and_then(|id| HeaderValue::from_str(&id).ok()) {
        answer.headers_mut().insert(SESSION, id);
    }
    answer
}

/// Answers a request that stands for itself, if the servers know such requests.
async fn without_session(
    sessions: &Arc<Sessions>,
    headers: &HeaderMap,
    message: Message,
) -> Answer {
    if let (Kind::Request(id, method), Some(version)) = (message.kind().clone(), modern(&message))
        && let Some(stateless) = sessions.stateless().await
    {
        return stateless.answer(headers, (id, &method, &version), message).await;
    }
    plain(StatusCode::BAD_REQUEST, "there is no session; begin with initialize")
}

impl Session {
    /// A stream that ends with the answer to this request; none where the session is over.
    fn wait_for(&self, id: &Id) -> Option<mpsc::Receiver<Bytes>> {
        let (to, parts) = mpsc::channel(QUEUE);
        let mut streams = lock(&self.streams);
        if streams.is_over {
            return None;
        }
        streams.waiting.insert(id.key().clone(), (id.clone(), to));
        Some(parts)
    }

    /// A stream of what belongs to no request; the one before ends. None where the session is over.
    fn listen(&self) -> Option<mpsc::Receiver<Bytes>> {
        let (to, parts) = mpsc::channel(QUEUE);
        let mut streams = lock(&self.streams);
        if streams.is_over {
            return None;
        }
        streams.unasked = Some(to);
        Some(parts)
    }

    /// Ends it, because its server has ended: nobody waits for what cannot come any more.
    fn is_over(&self) {
        let waiting = {
            let mut streams = lock(&self.streams);
            (streams.is_over, streams.unasked) = (true, None);
            std::mem::take(&mut streams.waiting)
        };
        for (id, to) in waiting.into_values() {
            let text = "the server ended before it answered";
            let error = reply::error(Some(&id), reply::INTERNAL_ERROR, text);
            // Whoever reads so slowly sees the stream end.
            drop(to.try_send(event(&error)));
        }
    }

    /// Where a message goes. What belongs to no request goes along with one where nobody listens.
    fn stream_for(&self, message: &Message) -> Option<mpsc::Sender<Bytes>> {
        let mut streams = lock(&self.streams);
        streams.waiting.retain(|_, (_, to)| !to.is_closed());
        if let Kind::Response(id) = message.kind() {
            return streams.waiting.remove(id.key()).map(|(_, to)| to);
        }
        let listens = streams.unasked.clone().filter(|to| !to.is_closed());
        listens.or_else(|| streams.waiting.values().next().map(|(_, to)| to.clone()))
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
    if let Some(session) = session.upgrade() {
        session.is_over();
    }
}
