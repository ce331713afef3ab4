//! Calls on their way: judged, held, and sent on.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use placet::{ActionId, Outcome};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use super::{Gateway, Heard, MISMATCH, lock, mismatch};
use crate::ask::{Ask, Wanted};
use crate::http::answer::{Answer, Parts, json_answer, plain};
use crate::http::events::event;
use crate::http::headers;
use crate::http::repeated::{self, Repeated};
use crate::id::Id;
use crate::judge::{Forward, Known, Ruling, ToolCall, Waiting};
use crate::limits::{MAX_SERVER_BYTES, PROGRESS, QUEUE};
use crate::message::Message;
use crate::parts::{forwarded, meta, progress_token};
use crate::reply;
use crate::task::Errand;

impl Gateway {
    /// Judges a call, and answers as soon as it is known how.
    pub(super) async fn call(
        self: Arc<Self>,
        headers: HeaderMap,
        id: Id,
        message: Message,
    ) -> Answer {
        let call = match ToolCall::read(message.params()) {
            Ok(call) => call,
            Err(why) => {
                let text = format!("this call cannot be judged, and was not run: {why}");
                let error = reply::error(Some(&id), reply::INVALID_PARAMS, &text);
                let refusal = json_answer(StatusCode::BAD_REQUEST, error);
                return self.unjudged(headers, message.into_bytes(), &why, refusal).await;
            }
        };
        let mut is_so = headers::agree(&headers, "tools/call", Some(&call.name));
        if is_so && repeated::is_any(&headers) {
            self.know_tools(&headers, &meta(&message)).await;
            is_so = self.repeated(&call).agree(&headers, &call.arguments);
        }
        if !is_so {
            let (refusal, body) = (mismatch(&id), message.into_bytes());
            return self.unjudged(headers, body, MISMATCH, refusal).await;
        }
        let takes_streams = headers
            .get_all(ACCEPT)
            .iter()
            .any(|value| value.to_str().is_ok_and(|value| value.contains("text/event-stream")));
        let (to_client, mut told) = mpsc::channel(QUEUE);
        let mut judged = Judged::begin(&self, headers, id, message, call, to_client);
        let first = tokio::select! {
            biased;
            // A call that waited is answered on a stream, however soon somebody answered.
            () = judged.waits.notified(), if takes_streams => None,
            passage = judged.passage.recv() => return self.end(passage.flatten()).await,
            told = told.recv(), if takes_streams => told,
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
            let send = |_, bytes| gateway.run_task(&name, headers, bytes);
            let ended = errand.run(&gateway.judge, is_still, send).await;
            lock(&gateway.tasks).end(&name, ended);
        });
        let mut tasks = lock(&self.tasks);
        tasks.keeps(&task, wanted, running);
        tasks.created(id, &task)
    }

    async fn run_task(
        &self,
        task: &str,
        mut headers: HeaderMap,
        bytes: Bytes,
    ) -> Result<Message, String> {
        if repeated::is_any(&headers) {
            let message = Message::read(bytes.clone()).map_err(|_| "it cannot be rebuilt")?;
            let call = ToolCall::read(message.params())?;
            self.repeated(&call).rewrite(&mut headers, &call.arguments);
        }
        // The call was answered with the task, and its stream has ended: what the server says while it
        // runs the call its client finds in the task.
        let told = |message: &Message| lock(&self.tasks).tell(task, message);
        let asked = self.exchange(headers, bytes, told);
        let answered = timeout(self.judge.call_time(), asked).await;
        let answer = answered.map_err(|_| "the server did not answer in time")?;
        Ok(answer.ok_or("the server did not answer")?)
    }
}
