//! Answering also where the work panics.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use axum::response::{IntoResponse as _, Response};

use crate::wire::Problem;

/// The answer, or one that says that the daemon is at fault, where whoever works on it panics: else
/// the connection would end without a word, and nobody would count the request. What the panic says
/// is for the operator and is written where it happens.
///
/// What a panic leaves behind is not gone on with: locks over anything that could be half done are
/// poisoned, and the log says that it is written no more.
pub(super) async fn caught(answer: impl Future<Output = Response>) -> Response {
    let mut answer = pin!(answer);
    let polled =
        poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))) {
            Ok(polled) => polled.map(Some),
            Err(_panic) => Poll::Ready(None),
        });
    polled.await.unwrap_or_else(|| Problem::fault().into_response())
}
