//! Errors as RFC 9457 problem details: what was wrong, where, and what to do.

#![expect(
    clippy::needless_pass_by_value,
    reason = "whoever reports a problem is done with its cause"
)]

use std::error::Error;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use placet::core::action::ActionError;
use placet::core::warrant::WarrantError;
use placet::store::{StoreError, SubmitError};
use placet::{Diagnostics, GuardError, RedeemError, Rejection, ReplyError, Trouble};
use serde::Serialize;
use tokio::task::JoinError;
use utoipa::ToSchema;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Which kind of problem: `urn:placet:problem:` and a word that does not change.
    #[serde(rename = "type")]
    #[schema(example = "urn:placet:problem:invalid")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened this time, and what to do about it.
    detail: String,
    /// The places in the request that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Place>,
    /// When to try again.
    #[serde(skip)]
    retry_after: Option<Duration>,
    /// What is for the operator to know.
    #[serde(skip)]
    cause: Option<Box<Cause>>,
}

/// Why a request could not be answered, in the words of what failed. It is for the operator, and goes
/// with the answer as far as the line about the request; who asks is told what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause(pub(crate) String);

impl Cause {
    /// An error with all that led to it.
    fn of(error: &(dyn Error + 'static)) -> Box<Self> {
        let (mut texts, mut next) = (Vec::new(), Some(error));
        while let Some(error) = next {
            texts.push(error.to_string());
            next = error.source();
        }
        Box::new(Self(texts.join(": ")))
    }
}

/// One place in a request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Place {
    /// JSON pointer to it.
    pub(crate) pointer: String,
    /// What is wrong there.
    pub(crate) detail: String,
}

impl Problem {
    fn new(status: StatusCode, word: &str, title: &'static str, detail: impl ToString) -> Self {
        Self {
            kind: format!("urn:placet:problem:{word}"),
            title,
            status: status.as_u16(),
            detail: detail.to_string(),
            errors: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// The request cannot be read at all.
    pub(crate) fn malformed(detail: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "the request cannot be read", detail)
    }

    /// The request can be read, and asks for something that makes no sense.
    pub(crate) fn invalid(detail: impl ToString) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "the request makes no sense", detail)
    }

    /// The same, at one place.
    pub(crate) fn invalid_at(pointer: impl Into<String>, detail: impl ToString) -> Self {
        let (pointer, detail) = (pointer.into(), detail.to_string());
        let whole = if pointer.is_empty() { "the body" } else { &pointer };
        let mut problem = Self::invalid(format!("{whole}: {detail}"));
        problem.errors = vec![Place { pointer, detail }];
        problem
    }

    /// There is no key, or it is not one.
    pub(crate) fn unauthorized(detail: impl ToString) -> Self {
        let title = "the request needs an API key";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", title, detail)
    }

    /// The key may not do this.
    pub(crate) fn forbidden(detail: impl ToString) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "the key may not do this", detail)
    }

    /// The request comes from where none is taken.
    pub(crate) fn misdirected(detail: impl ToString) -> Self {
        let title = "the request was sent to another name";
        Self::new(StatusCode::MISDIRECTED_REQUEST, "misdirected", title, detail)
    }

    /// The request was sent by a page of another site.
    pub(crate) fn cross_site(detail: impl ToString) -> Self {
        let title = "the request comes from another site";
        Self::new(StatusCode::FORBIDDEN, "cross_site", title, detail)
    }

    /// What was asked for is not there.
    pub(crate) fn missing(detail: impl ToString) -> Self {
        Self::new(StatusCode::NOT_FOUND, "missing", "there is no such thing", detail)
    }

    /// The path knows other methods.
    pub(crate) fn method() -> Self {
        let (title, detail) = ("the path has no such method", "see /openapi.json for those it has");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", title, detail)
    }

    /// It was there and is no more.
    pub(crate) fn gone(detail: impl ToString) -> Self {
        Self::new(StatusCode::GONE, "gone", "it is there no more", detail)
    }

    /// It does not fit what is so by now.
    pub(crate) fn conflict(detail: impl ToString) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "it does not fit what is so by now", detail)
    }

    /// The body is too large.
    pub(crate) fn too_large(limit: usize) -> Self {
        let detail = format!("a body of at most {limit} bytes is taken here");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the request is too large", detail)
    }

    /// The client took too long to send its request.
    pub(crate) fn too_slow(limit: Duration) -> Self {
        let detail = format!("the whole body must arrive within {} s", limit.as_secs());
        Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "the request came too slowly", detail)
    }

    /// The body has no length.
    pub(crate) fn no_length() -> Self {
        let detail = "send the body with Content-Length and without Transfer-Encoding";
        Self::new(StatusCode::LENGTH_REQUIRED, "no_length", "the body needs a length", detail)
    }

    /// The body is not JSON.
    pub(crate) fn media_type() -> Self {
        let (title, detail) =
            ("the body must be JSON", "send it with Content-Type: application/json");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", title, detail)
    }

    /// Too much at once.
    pub(crate) fn too_many(detail: impl ToString, retry_after: Duration) -> Self {
        let title = "too many requests";
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", title, detail);
        Self { retry_after: Some(retry_after), ..problem }
    }

    /// It cannot be done now, so nothing was.
    pub(crate) fn unavailable(detail: impl ToString) -> Self {
        let title = "this cannot be done now";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, detail)
    }

    /// The log cannot be read.
    pub(crate) fn unreadable(why: impl Error + 'static) -> Self {
        let detail = "the log cannot be read at this moment; try again later, or ask whoever runs \
                      the daemon: the reason is in what it writes";
        Self { cause: Some(Cause::of(&why)), ..Self::unavailable(detail) }
    }

    /// Something could not be recorded, and so it did not happen.
    fn unrecorded(why: &StoreError) -> Self {
        let detail = "nothing was recorded, so nothing was done; try again later, or ask whoever runs \
                      the daemon: the reason is in what it writes";
        Self { cause: Some(Cause::of(why)), ..Self::unavailable(detail) }
    }

    /// Something failed while it was recorded, and may have been all the same.
    fn unknown(why: &StoreError) -> Self {
        let title = "it is not known whether this was done";
        let detail = "it may have been recorded; where the request had an Idempotency-Key, send it \
                      again under the same one and the answer says what came of it, else look it up \
                      in the log";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unknown", title, detail);
        Self { cause: Some(Cause::of(why)), ..problem }
    }

    /// The log is written no more, because whoever did it has panicked.
    pub(crate) fn log_stopped() -> Self {
        let detail = "the log is written no more after a fault of the daemon, so nothing is decided; \
                      whoever runs the daemon has to start it again";
        let cause = Cause("whoever writes the log has panicked".to_owned());
        Self { cause: Some(Box::new(cause)), ..Self::unavailable(detail) }
    }

    /// Work that was not finished: the daemon stops, or is at fault itself.
    pub(crate) fn unfinished(why: &JoinError) -> Self {
        if why.is_panic() { Self::fault() } else { Self::unavailable("the daemon is stopping") }
    }

    /// Whoever worked on it has panicked.
    pub(crate) fn fault() -> Self {
        let title = "this is a fault of the daemon";
        let detail = "it may be the same the next time; tell whoever runs the daemon: what happened \
                      is in what it writes";
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", title, detail);
        // What a panic says may repeat what was asked, and is written where it happens.
        Self { cause: Some(Box::new(Cause("the work for it panicked".to_owned()))), ..problem }
    }

    /// What the engine refused.
    fn of(trouble: Trouble, detail: impl ToString) -> Self {
        match trouble {
            Trouble::Invalid => Self::invalid(detail),
            Trouble::Unauthorized => Self::unauthorized(detail),
            Trouble::Forbidden => Self::forbidden(detail),
            Trouble::Missing => Self::missing(detail),
            Trouble::Gone => Self::gone(detail),
            Trouble::Conflict => Self::conflict(detail),
            Trouble::TooMany => Self::too_many(detail, Duration::from_secs(60)),
            Trouble::Unavailable => Self::unavailable(detail),
        }
    }

    /// What happened this time, and what to do about it.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// An answer that tells of it, with the headers that belong to it, and with its cause for the
    /// line about the request.
    pub(crate) fn told_by(&self, mut response: Response) -> Response {
        if let Some(after) = self.retry_after {
            let seconds = HeaderValue::from(after.as_secs().max(1));
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        if let Some(cause) = &self.cause {
            response.extensions_mut().insert(Cause::clone(cause));
        }
        response
    }

    /// The HTTP status that says so.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        self.told_by(response)
    }
}

impl From<ActionError> for Problem {
    fn from(error: ActionError) -> Self {
        Self::invalid_at(error.pointer, error.kind)
    }
}

impl From<Diagnostics> for Problem {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::invalid(diagnostics)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::unreadable(error)
    }
}

impl From<ReplyError> for Problem {
    fn from(error: ReplyError) -> Self {
        Self::invalid_at(error.pointer, error.detail)
    }
}

impl From<GuardError> for Problem {
    fn from(error: GuardError) -> Self {
        if let Some(pointer) = error.pointer() {
            return Self::invalid_at(pointer, error);
        }
        match error {
            GuardError::Unrecorded(why) => why.into(),
            unread @ (GuardError::Log(_) | GuardError::PolicyUnreadable(_)) => {
                Self::unreadable(unread)
            }
            GuardError::Busy => Self::too_many(error, Duration::from_secs(2)),
            error => Self::of(error.trouble(), error),
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Rejected(rejection) => rejection.into(),
            SubmitError::TooLarge { .. } => {
                let title = "the request is too large";
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", title, error)
            }
            SubmitError::Unwritable(_) => Self::invalid(error),
            SubmitError::NotErasable(_) => Self::conflict(error),
            SubmitError::NotRecorded(why) => Self::unrecorded(&why),
            SubmitError::Unknown(why) => Self::unknown(&why),
            SubmitError::Closed => Self::unavailable(
                "the daemon is stopping; send the request again to the next one, under the same \
                 Idempotency-Key",
            ),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        GuardError::Rejected(rejection).into()
    }
}

impl From<RedeemError> for Problem {
    fn from(error: RedeemError) -> Self {
        match error {
            RedeemError::Guard(error) => error.into(),
            RedeemError::Warrant(WarrantError::Form | WarrantError::Algorithm) => {
                Self::invalid_at("/warrant", error)
            }
            error => Self::of(error.trouble(), error),
        }
    }
}

#[cfg(test)]
mod tests;
