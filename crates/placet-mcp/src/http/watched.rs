//! Answers that are read on their way through.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

use super::events::Events;
use super::headers::{is_event_stream, is_json};
use crate::limits::MAX_SERVER_BYTES;

/// A body that passes as it is, while each message in it is heard.
pub(super) struct Watched<F> {
    inner: Incoming,
    reader: Reader,
    heard: F,
    /// How long there may be silence, where somebody waits for an answer, and when it began.
    silence: Option<(Duration, Pin<Box<Sleep>>)>,
}

/// The server said nothing for too long.
#[derive(Debug, thiserror::Error)]
#[error("the server did not go on with its answer in time")]
struct Silent;

enum Reader {
    /// One message.
    Json(BytesMut),
    /// A stream of them.
    Events(Events),
    /// Something else, or too much.
    Nothing,
}

impl Reader {
    fn of(headers: &HeaderMap) -> Self {
        if is_event_stream(headers) {
            return Self::Events(Events::new(MAX_SERVER_BYTES));
        }
        match headers.get(CONTENT_TYPE).is_some_and(is_json) {
            true => Self::Json(BytesMut::new()),
            false => Self::Nothing,
        }
    }
}

impl<F: FnMut(Bytes)> Watched<F> {
    /// Hears the messages of an answer with these headers.
    pub(super) fn new(
        inner: Incoming,
        headers: &HeaderMap,
        silence: Option<Duration>,
        heard: F,
    ) -> Self {
        let silence = silence.map(|time| (time, Box::pin(sleep(time))));
        Self { inner, reader: Reader::of(headers), heard, silence }
    }

    /// Whether there was silence for too long; what was said just now breaks it.
    fn is_silent(&mut self, is_said: bool, context: &mut Context<'_>) -> bool {
        let Some((time, silence)) = &mut self.silence else { return false };
        if is_said {
            silence.as_mut().reset(Instant::now() + *time);
        }
        silence.as_mut().poll(context).is_ready()
    }

    fn hear(&mut self, part: &[u8]) {
        match &mut self.reader {
            Reader::Json(whole) if whole.len() + part.len() <= MAX_SERVER_BYTES => {
                whole.extend_from_slice(part);
            }
            Reader::Events(events) => match events.push(part) {
                Ok(whole) => whole.into_iter().for_each(&mut self.heard),
                Err(_) => self.reader = Reader::Nothing,
            },
            Reader::Json(_) | Reader::Nothing => self.reader = Reader::Nothing,
        }
    }

    fn end(&mut self) {
        if let Reader::Json(whole) = std::mem::replace(&mut self.reader, Reader::Nothing)
            && !whole.is_empty()
        {
            (self.heard)(whole.freeze());
        }
    }
}

impl<F: FnMut(Bytes) + Unpin> Body for Watched<F> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if self.is_silent(polled.is_ready(), context) {
            return Poll::Ready(Some(Err(Silent.into())));
        }
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(part) = frame.data_ref() {
                    self.hear(&part.clone());
                }
                // A client may close as soon as it has all that it was promised.
                if self.inner.is_end_stream() {
                    self.end();
                }
            }
            Poll::Ready(None) => self.end(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
