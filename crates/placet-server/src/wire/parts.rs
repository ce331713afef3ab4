//! The variable parts of a target: what stands in its path, and its query.
//!
//! They are axum's, except that what cannot be read is told as a problem like any other.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::Problem;

/// What stands in the path, decoded.
pub(crate) struct Path<T>(pub(crate) T);

/// The query.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| Problem::malformed("the path is not percent-encoded UTF-8"))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        read.map(|axum::extract::Query(value)| Self(value)).map_err(|error| {
            let text = error.body_text();
            let reason = text.rsplit_once("query string: ").map_or(&*text, |(_, reason)| reason);
            Problem::malformed(format!("the query: {reason}"))
        })
    }
}
