//! Calls on their way: judged, held, and sent on.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use placet::{ActionId, Outcome};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use super::{Gateway, Heard, MISMATCH, lock, mismatch};
use crate::ask::{Ask, Wanted};
use crate::http::answer::{Answer, json_answer, plain, stream};
use crate::http::events::{Cut, event};
use crate::http::headers;
use crate::http::repeated::{self, Repeated};
use crate::http::said::{NO_ANSWER, not_whole, one_line, refusal, too_large, whole};
use crate::id::Id;
use crate::judge::{Forward, Known, Ruling, ToolCall};
use crate::limits::{MAX_SERVER_BYTES, PROGRESS, QUEUE};
use crate::message::{Message, answers};
use crate::parts::{IN_DOUBT, forwarded, meta, progress_token};
use crate::reply;

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
        stream(body)
    }

    /// Which arguments of a call headers may repeat.
    pub(super) fn repeated(&self, call: &ToolCall) -> Repeated {
        Repeated::of(lock(&self.book).definition(&call.name))
    }

    /// The answer to a call that was judged at once.
    async fn end(self: Arc<Self>, passage: Option<Passage>) -> Answer {
        match passage {
            Some(Passage::Answer(bytes)) => json_answer(StatusCode::OK, bytes),
            Some(Passage::Go(go)) => match self.go(&go).await {
                Ok(answer) => self.watch(answer, Heard::Call(Some(go.id.clone()), go.action)),
                Err(refusal) => json_answer(StatusCode::OK, refusal),
            },
            None => plain(StatusCode::INTERNAL_SERVER_ERROR, NOT_JUDGED),
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
                Ok(answer) => self.pour(answer, &go, &to).await,
                Err(refusal) => drop(to.send(event(&refusal)).await),
            },
            None => {
                let error = reply::error(Some(&judged.id), reply::INTERNAL_ERROR, NOT_JUDGED);
                drop(to.send(event(&error)).await);
            }
        }
    }

    /// Pours an answer of the server into a stream that has begun already. Where it is none, the stream
    /// says so.
    async fn pour(self: Arc<Self>, answer: Response<Incoming>, go: &Go, to: &mpsc::Sender<Bytes>) {
        let (status, is_stream) = (answer.status(), headers::is_event_stream(answer.headers()));
        let poured = if headers::can_be_heard(answer.headers()) {
            let body = self.watch(answer, Heard::Call(Some(go.id.clone()), go.action)).into_body();
            match is_stream {
                true => pour_events(body, &go.id, to).await,
                false => pour_one(body, status, &go.id, to).await,
            }
        } else {
            Err("the server's answer cannot be read here".to_owned())
        };
        if let Err(why) = poured {
            drop(to.send(event(&in_doubt(&go.id, &why))).await);
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
        match never_came {
            true => Err(reply::error(Some(&go.id), reply::INTERNAL_ERROR, &why)),
            false => Err(in_doubt(&go.id, &why)),
        }
    }

    /// Whether the tool of a call is still the one that was judged, as far as the server says.
    pub(super) async fn is_still(
        &self,
        known: &Known,
        name: &str,
        headers: &HeaderMap,
        meta: &Value,
    ) -> bool {
        self.know_tools(headers, meta).await;
        known.is_still(&lock(&self.book), name)
    }
}

/// What is said of a call whose judgement broke off.
const NOT_JUDGED: &str = "this call was not judged, nor run";

/// The answer to a call of which the server did not say what came of it.
fn in_doubt(id: &Id, why: &str) -> Bytes {
    let text = format!("{why}; {IN_DOUBT}");
    reply::error(Some(id), reply::INTERNAL_ERROR, &text)
}

/// Pours a stream of the server into another up to the answer, event by event. Where it ends before, and
/// says how it can be taken up again, its client does that.
async fn pour_events(mut body: Body, id: &Id, to: &mpsc::Sender<Bytes>) -> Result<(), String> {
    let mut cut = Cut::new(MAX_SERVER_BYTES);
    let broken = loop {
        let part = match body.frame().await {
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(error)) => break not_whole(&error),
            None => break NO_ANSWER.to_owned(),
        };
        for (whole, data) in cut.push(&part).map_err(|_| too_large())? {
            let message = data.and_then(|data| Message::read(data).ok());
            let is_answer = message.is_some_and(|message| answers(&message, id));
            if to.send(whole).await.is_err() || is_answer {
                return Ok(());
            }
        }
    };
    if cut.can_go_on() { Ok(()) } else { Err(broken) }
}

/// Pours what is one answer of the server into a stream, if it is.
async fn pour_one(
    body: Body,
    status: StatusCode,
    id: &Id,
    to: &mpsc::Sender<Bytes>,
) -> Result<(), String> {
    let said = one_line(&whole(body).await?);
    let message = Message::read(said.clone()).ok();
    if !message.is_some_and(|message| answers(&message, id)) {
        return Err(refusal(status, &said));
    }
    drop(to.send(event(&said)).await);
    Ok(())
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
    id: Id,
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
        let mut client = gateway.client(&headers, &meta(&message));
        if !client.is_modern && client.may_ask_for_tasks {
            client.takes_tasks = call.wants_task();
        }
        let token = progress_token(&message);
        let (ask, wanted) = Ask::new(to_client, client, token);
        let waits = ask.waits();
        let of = id.clone();
        tokio::spawn(async move {
            let passage = judging.judge(headers, id, &message, &call, ask).await;
            if let Err(mpsc::error::SendError(Some(passage))) = ruled.send(passage).await {
                judging.too_late(passage).await;
            }
        });
        Self { gateway: Arc::clone(gateway), id: of, _wanted: wanted, passage, waits }
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
            Ruling::Refuse(text) => self.refuse(&id, &text, ask.client()),
            Ruling::Cancelled | Ruling::Permitted(_) => return None,
            Ruling::Page(requests, state) => reply::input_required(&id, &requests, &state),
            Ruling::Task(waiting) => {
                let begun = self.begin_task(&id, &waiting, headers, (call, &known, message), &ask);
                let later = || self.judge.come_back(&waiting, (call, &known), &ask);
                begun.unwrap_or_else(|| self.refuse(&id, &later(), ask.client()))
            }
        };
        Some(Passage::Answer(answer))
    }
}
