//! Clients of the revision without sessions (2026-07-28), in front of servers that are spoken to message by
//! message.
//!
//! Each request stands for itself, so all clients share the servers. They see each request under an id of the
//! gateway's own, and its progress under the same; the stream of a request carries its answer and what the
//! servers say of it, and nothing else. Who closes the stream has cancelled the request.

mod era;
mod route;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub(super) use era::Era;

use super::answer::{Answer, json_answer, stream};
use super::bridge::about;
use super::events::event;
use super::gateway::mismatch;
use super::headers::{self, METHOD, NAME, VERSION};
use super::repeated::Repeated;
use crate::id::{Id, Key};
use crate::judge::ToolCall;
use crate::limits::{PROGRESS, QUEUE};
use crate::message::Message;
use crate::parts::progress_token;
use crate::relay::{Duplex, queue};
use crate::reply;
use crate::servers::Servers;
use crate::stdio::Skipped;
use crate::task::changed;

/// Where a request says under what it wants to hear of its progress.
const TOKEN: [&str; 3] = ["params", "_meta", "progressToken"];

/// The errors of requests that no server takes as they are (2026-07-28): other headers, more capabilities, or
/// another revision are wanted.
const UNFIT: [i64; 3] = [-32020, -32021, -32022];

/// What stands behind the clients of the revision without sessions.
pub(super) struct Stateless {
    to: mpsc::Sender<Result<Bytes, Skipped>>,
    waiting: Mutex<HashMap<Key, Waiting>>,
    /// What is repeated in headers of the calls of the tools that were listed.
    repeated: Mutex<HashMap<String, Repeated>>,
    next: AtomicU64,
}

/// A request that has no answer yet.
struct Waiting {
    /// As its client knows it.
    id: Id,
    /// Under what its client wants to hear of its progress, as it is written.
    token: Option<String>,
    /// Whether it is there to hear what the servers say unasked.
    listens: bool,
    /// Whether it asks which tools there are.
    lists: bool,
    told: mpsc::Sender<Bytes>,
    answer: oneshot::Sender<Bytes>,
}

/// A request, and what is said of it. Dropped before it has its answer, it is cancelled.
struct Asking {
    stateless: Arc<Stateless>,
    id: Id,
    /// As servers know it.
    outer: Id,
    listens: bool,
    told: mpsc::Receiver<Bytes>,
    answer: oneshot::Receiver<Bytes>,
}

/// What is said of a request.
enum Said {
    /// Something before its answer.
    Told(Bytes),
    /// Its answer.
    Answer(Bytes),
    /// Nothing any more.
    Over,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stateless {
    /// In front of these servers.
    fn begin(servers: &Servers) -> Arc<Self> {
        let (to, from_clients) = queue();
        let (to_clients, from) = mpsc::channel(QUEUE);
        let (waiting, repeated) = (Mutex::default(), Mutex::default());
        let stateless = Arc::new(Self { to, waiting, repeated, next: AtomicU64::new(1) });
        tokio::spawn(servers.for_all(Duplex { from: from_clients, to: to_clients }));
        tokio::spawn(route::route(Arc::downgrade(&stateless), from));
        stateless
    }

    /// The answer to a request: as soon as there is one, or a stream if something else is said before.
    pub(super) async fn answer(
        self: Arc<Self>,
        headers: &HeaderMap,
        (id, method, version): (Id, &str, &str),
        message: Message,
    ) -> Answer {
        if !self.agree(headers, method, version, &message) {
            return mismatch(&id);
        }
        let Some(mut asking) = self.ask(id.clone(), method, &message).await else {
            let why = "the params cannot be read, or the servers are gone";
            let error = reply::error(Some(&id), reply::INVALID_PARAMS, why);
            return json_answer(StatusCode::BAD_REQUEST, error);
        };
        let first = match timeout(PROGRESS, asking.next()).await {
            Ok(Said::Answer(answer)) => return json_answer(status(&answer), answer),
            Ok(Said::Over) => return json_answer(StatusCode::OK, over(&id)),
            Ok(Said::Told(told)) => Some(told),
            Err(_) => None,
        };
        let (to, parts) = mpsc::channel(QUEUE);
        tokio::spawn(asking.pour(first, to));
        stream(parts)
    }

    /// Whether the headers say what they have to say of a message, and nothing else.
    fn agree(&self, headers: &HeaderMap, method: &str, version: &str, message: &Message) -> bool {
        let mut versions = headers.get_all(VERSION).iter();
        let is_version =
            versions.next().is_some_and(|it| it == version) && versions.next().is_none();
        let is_named = matches!(method, "tools/call" | "prompts/get" | "resources/read");
        let name = about(message).filter(|_| is_named);
        if !is_version
            || !headers.contains_key(METHOD)
            || (is_named && !headers.contains_key(NAME))
            || !headers::agree(headers, method, name.as_deref())
        {
            return false;
        }
        let call = (method == "tools/call").then(|| ToolCall::read(message.params()));
        // What cannot be read is not judged, nor run.
        let Some(Ok(call)) = call else { return true };
        let known = lock(&self.repeated);
        let unknown = Repeated::of(None);
        let repeated = known.get(&call.name).unwrap_or(&unknown);
        repeated.agree(headers, &call.arguments) && repeated.is_complete(headers, &call.arguments)
    }

    /// Sends a request to the servers; none where that cannot be done.
    async fn ask(self: &Arc<Self>, id: Id, method: &str, message: &Message) -> Option<Asking> {
        let outer = Id::of_one_client(self.next.fetch_add(1, Ordering::Relaxed));
        let token = progress_token(message).map(|token| token.to_string());
        let whole: Box<RawValue> = serde_json::from_slice(message.bytes()).ok()?;
        let mut whole = changed(&whole, &["id"], Some(outer.as_json()))?;
        if token.is_some() {
            whole = changed(&whole, &TOKEN, Some(outer.as_json()))?;
        }
        let (told, from) = mpsc::channel(QUEUE);
        let (answer, answered) = oneshot::channel();
        let (listens, lists) = (method == "subscriptions/listen", method == "tools/list");
        let waiting = Waiting { id: id.clone(), token, listens, lists, told, answer };
        lock(&self.waiting).insert(outer.key().clone(), waiting);
        let stateless = Arc::clone(self);
        let asking = Asking { stateless, id, outer, listens, told: from, answer: answered };
        self.to.send(Ok(Bytes::from(whole.get().to_owned()))).await.ok()?;
        Some(asking)
    }
}

impl Asking {
    async fn next(&mut self) -> Said {
        tokio::select! {
            biased;
            Some(told) = self.told.recv() => Said::Told(told),
            answer = &mut self.answer => answer.map_or(Said::Over, Said::Answer),
        }
    }

    /// Pours what is said into a stream, until it is answered or its client has closed it.
    async fn pour(mut self, first: Option<Bytes>, to: mpsc::Sender<Bytes>) {
        if let Some(first) = first {
            drop(to.send(event(&first)).await);
        }
        loop {
            let said = tokio::select! {
                biased;
                () = to.closed() => return,
                said = timeout(PROGRESS, self.next()) => said,
            };
            let part = match said {
                Err(_) => Bytes::from_static(b": waiting\n\n"),
                Ok(Said::Told(told)) => event(&told),
                Ok(Said::Answer(answer)) => return drop(to.send(event(&answer)).await),
                // The servers say nothing more, and its stream ends with that.
                Ok(Said::Over) if self.listens => return,
                Ok(Said::Over) => return drop(to.send(event(&over(&self.id))).await),
            };
            drop(to.send(part).await);
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if lock(&self.stateless.waiting).remove(self.outer.key()).is_some() {
            let (id, to) = (self.outer.as_json(), self.stateless.to.clone());
            let told = format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#
            );
            tokio::spawn(async move { drop(to.send(Ok(Bytes::from(told))).await) });
        }
    }
}

/// What is said of a request that cannot be answered any more.
fn over(id: &Id) -> Bytes {
    reply::error(Some(id), reply::INTERNAL_ERROR, "nothing more is said of this request")
}

/// What HTTP says of an answer (2026-07-28).
fn status(answer: &Bytes) -> StatusCode {
    match code(answer) {
        Some(METHOD_NOT_FOUND) => StatusCode::NOT_FOUND,
        Some(code) if UNFIT.contains(&code) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}

/// JSON-RPC: there is no such method.
const METHOD_NOT_FOUND: i64 = -32601;

/// The code of an answer that is an error.
fn code(answer: &Bytes) -> Option<i64> {
    #[derive(serde::Deserialize)]
    struct Error {
        code: i64,
    }
    let message = Message::read(answer.clone()).ok()?;
    serde_json::from_str::<Error>(message.error()?).ok().map(|it| it.code)
}
