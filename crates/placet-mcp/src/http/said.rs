//! What a server says in answer to one request, message by message, wherever it goes on.
//!
//! A server may end the stream of its answer after an event with an id, to be asked now and then how it
//! goes on (2025-11-25). Then the stream is taken up again after that event.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body::Frame;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Instant, sleep};

use super::events::Events;
use super::headers::is_event_stream;
use super::remote::Remote;
use crate::judge::clip;
use crate::limits::{CALL, GO_ON, LISTEN_AGAIN, MAX_SERVER_BYTES};
use crate::message::Message;

/// Says after which event a stream is taken up again.
pub(super) const LAST_EVENT: &str = "last-event-id";

/// Why there is no answer where the server has said all that it says.
pub(super) const NO_ANSWER: &str = "the server did not answer";

/// What a server says in answer to one request.
pub(super) struct Said<'a> {
    remote: &'a Remote,
    /// With what its stream is taken up again; none where that is not done.
    again: Option<HeaderMap>,
    status: StatusCode,
    from: Reading,
    ready: VecDeque<Bytes>,
    /// What was said last.
    last: Bytes,
    /// How often the stream was taken up again since the server last said anything, and when that was.
    tries: u32,
    heard: Instant,
}

/// Where it is read from.
enum Reading {
    /// One message, and what has come of it.
    One(Body, BytesMut),
    /// A stream of them.
    Stream(Body, Events),
    Nothing,
}

impl<'a> Said<'a> {
    /// What is said in an answer, and from there on, if these headers can be sent to take it up again.
    pub(super) fn of(
        remote: &'a Remote,
        answer: Response<Incoming>,
        again: Option<HeaderMap>,
    ) -> Self {
        let is_stream = is_event_stream(answer.headers());
        let (status, body) = (answer.status(), Body::new(answer.into_body()));
        let from = match is_stream {
            true => Reading::Stream(body, Events::new(MAX_SERVER_BYTES)),
            false => Reading::One(body, BytesMut::new()),
        };
        let (ready, last, heard) = (VecDeque::new(), Bytes::new(), Instant::now());
        Self { remote, again, status, from, ready, last, tries: 0, heard }
    }

    /// The next message, on one line; none where there are no more. Asked again after it was not waited
    /// for, it goes on where it was.
    ///
    /// # Errors
    /// Why it did not come whole.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, String> {
        loop {
            if let Some(said) = self.ready.pop_front() {
                self.last = one_line(&said);
                return Ok(Some(self.last.clone()));
            }
            let cut = match &mut self.from {
                Reading::Nothing => return Ok(None),
                Reading::One(body, whole) => {
                    match body.frame().await {
                        Some(frame) => take_in(whole, frame)?,
                        None => {
                            self.ready.push_back(std::mem::take(whole).freeze());
                            self.from = Reading::Nothing;
                        }
                    }
                    continue;
                }
                Reading::Stream(body, events) => match body.frame().await {
                    Some(Ok(frame)) => {
                        let part = frame.into_data().unwrap_or_default();
                        let before = events.last_id().cloned();
                        let whole = events.push(&part).map_err(|_| too_large())?;
                        if !whole.is_empty() || events.last_id() != before.as_ref() {
                            (self.tries, self.heard) = (0, Instant::now());
                        }
                        let is_said = |data: &Bytes| !data.iter().all(u8::is_ascii_whitespace);
                        self.ready.extend(whole.into_iter().filter(is_said));
                        continue;
                    }
                    Some(Err(error)) => Some(not_whole(&error)),
                    None => None,
                },
            };
            if !self.go_on().await? {
                return cut.map_or(Ok(None), Err);
            }
        }
    }

    /// Notes that nothing more is waited for than what comes by itself.
    pub(super) fn is_answered(&mut self) {
        self.again = None;
    }

    /// Why there is no answer in what was said.
    pub(super) fn why(&self) -> String {
        refusal(self.status, &self.last)
    }

    /// Takes the stream up again where it ended; whether it can be.
    async fn go_on(&mut self) -> Result<bool, String> {
        let Reading::Stream(body, events) = &mut self.from else { return Ok(false) };
        let last = events.last_id().and_then(|id| HeaderValue::from_bytes(id).ok());
        let (Some(again), Some(last)) = (&self.again, last) else { return Ok(false) };
        let mut headers = again.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        headers.insert(LAST_EVENT, last);
        let first = events.retry().unwrap_or(LISTEN_AGAIN.0).max(Duration::from_millis(1));
        while self.heard.elapsed() < CALL {
            let pause = first.saturating_mul(2_u32.saturating_pow(self.tries));
            sleep(pause.min(LISTEN_AGAIN.1).max(first)).await;
            self.tries += 1;
            let status = match self.remote.send(Method::GET, headers.clone(), Bytes::new()).await {
                Ok(answer) if answer.status().is_success() && is_event_stream(answer.headers()) => {
                    *body = Body::new(answer.into_body());
                    events.begin_again();
                    return Ok(true);
                }
                Ok(answer) => Some(answer.status()),
                Err(_) => None,
            };
            let is_away = status.is_none_or(|status| status.is_server_error());
            if !is_away || self.tries > GO_ON {
                let how =
                    status.map_or_else(String::new, |it| format!(", with status {}", it.as_u16()));
                return Err(format!(
                    "the server ended its answer in the middle and does not go on{how}"
                ));
            }
        }
        Err("the server did not go on with its answer in time".to_owned())
    }
}

/// A body as a whole.
///
/// # Errors
/// Why it did not come so.
pub(super) async fn whole(mut body: Body) -> Result<Bytes, String> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        take_in(&mut whole, frame)?;
    }
    Ok(whole.freeze())
}

/// Takes in a part of a body.
fn take_in(whole: &mut BytesMut, frame: Result<Frame<Bytes>, axum::Error>) -> Result<(), String> {
    let part = frame.map_err(|error| not_whole(&error))?.into_data().unwrap_or_default();
    if whole.len() + part.len() > MAX_SERVER_BYTES {
        return Err(too_large());
    }
    whole.extend_from_slice(&part);
    Ok(())
}

/// Why an answer did not come whole.
pub(super) fn not_whole(error: &axum::Error) -> String {
    let mut text = "the server's answer did not come whole".to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    clip(&text)
}

/// Why an answer is not read on.
pub(super) fn too_large() -> String {
    format!("the server's answer has more than {MAX_SERVER_BYTES} bytes")
}

/// Why there is no answer in an answer with this status, in which this was said last.
pub(super) fn refusal(status: StatusCode, said: &Bytes) -> String {
    #[derive(serde::Deserialize)]
    struct Error {
        message: String,
    }
    if status.is_success() {
        return NO_ANSWER.to_owned();
    }
    let message = Message::read(said.clone()).ok();
    let error = message.as_ref().and_then(Message::error);
    let error = error.and_then(|error| serde_json::from_str::<Error>(error).ok());
    let text = error.map_or_else(|| String::from_utf8_lossy(said).into_owned(), |it| it.message);
    let colon = if text.trim().is_empty() { "" } else { ": " };
    format!("the server refuses, with status {}{colon}{}", status.as_u16(), clip(text.trim()))
}

/// A message without the ends of lines in it.
pub(super) fn one_line(message: &Bytes) -> Bytes {
    if !message.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        return message.clone();
    }
    message.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect()
}
