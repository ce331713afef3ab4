//! Actions: proposed, evaluated, followed.

pub(super) mod evaluate;
pub(super) mod history;
pub(super) mod outcome;
pub(super) mod propose;
pub(super) mod show;

use axum::Json;
use axum::response::{IntoResponse, Response};
use placet::Answer;
use serde::Serialize;
use serde_json::{Value, json};

use crate::telemetry::Noted;

/// An answer, and a note of its decision for the log; it counts when it `is_new`.
fn decided<T: Serialize>(
    answer: &Answer,
    shown: &T,
    warrant: Option<String>,
    is_new: bool,
) -> Response {
    let mut response = match url(answer, shown) {
        Some(shown) => Json(Permitted { shown: &shown, warrant }).into_response(),
        None => Json(Permitted { shown, warrant }).into_response(),
    };
    response.extensions_mut().insert(Noted::decision(answer, is_new));
    response
}

/// What is shown, with the warrant where there is one.
#[derive(Serialize)]
struct Permitted<'a, T> {
    #[serde(flatten)]
    shown: &'a T,
    #[serde(skip_serializing_if = "Option::is_none")]
    warrant: Option<String>,
}

/// What is shown of a held action, with the place in the console where people answer it.
fn url<T: Serialize>(answer: &Answer, shown: &T) -> Option<Value> {
    let (id, _) = (answer.id?, answer.approval.as_ref()?);
    let mut shown = serde_json::to_value(shown).ok()?;
    let approval = shown.get_mut("approval")?.as_object_mut()?;
    approval.insert("url".to_owned(), json!(format!("/console/actions/{id}")));
    Some(shown)
}
