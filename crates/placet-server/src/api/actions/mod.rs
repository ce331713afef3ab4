//! Actions: proposed, evaluated, followed.

pub(super) mod evaluate;
pub(super) mod propose;
pub(super) mod show;

use axum::Json;
use axum::response::{IntoResponse, Response};
use placet::Answer;
use serde::Serialize;

use crate::telemetry::Noted;

/// An answer, and a note of its decision for the log; it counts when it `is_new`.
fn decided<T: Serialize>(answer: &Answer, shown: &T, is_new: bool) -> Response {
    let mut response = Json(shown).into_response();
    response.extensions_mut().insert(Noted::decision(answer, is_new));
    response
}
