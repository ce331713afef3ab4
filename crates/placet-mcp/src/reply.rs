//! What the gateway says itself, as messages.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use crate::id::Id;

/// JSON-RPC: what was sent is no JSON.
pub(crate) const PARSE_ERROR: i32 = -32700;
/// JSON-RPC: what was sent is no request.
pub(crate) const INVALID_REQUEST: i32 = -32600;
/// JSON-RPC: the params are not as they should be.
pub(crate) const INVALID_PARAMS: i32 = -32602;
/// JSON-RPC: something on this side went wrong.
pub(crate) const INTERNAL_ERROR: i32 = -32603;

/// A message with these members.
fn message(id: &str, name: &str, value: &Value) -> Bytes {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"{name}":{value}}}"#).into()
}

/// The answer to a call that did not run, for the model to read.
pub(crate) fn refused(id: &Id, text: &str, is_modern: bool) -> Bytes {
    message(id.as_json(), "result", &refusal(text, is_modern))
}

/// The result of a call that did not run.
pub(crate) fn refusal(text: &str, is_modern: bool) -> Value {
    let mut result = json!({ "content": [{ "type": "text", "text": text }], "isError": true });
    if let (true, Some(fields)) = (is_modern, result.as_object_mut()) {
        fields.insert("resultType".to_owned(), "complete".into());
    }
    result
}

/// The answer to a request that the gateway serves itself.
pub(crate) fn result(id: &Id, result: &impl Serialize) -> Bytes {
    match serde_json::to_string(result) {
        Ok(result) => {
            format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, id.as_json()).into()
        }
        Err(why) => error(Some(id), INTERNAL_ERROR, &why.to_string()),
    }
}

/// The answer that something else is needed before there can be one (2026-07-28).
pub(crate) fn input_required(id: &Id, requests: &Value, state: &str) -> Bytes {
    let result = json!({
        "resultType": "input_required", "inputRequests": requests, "requestState": state,
    });
    message(id.as_json(), "result", &result)
}

/// An error in answer to a request.
pub(crate) fn error(id: Option<&Id>, code: i32, text: &str) -> Bytes {
    let error = json!({ "code": code, "message": text });
    message(id.map_or("null", Id::as_json), "error", &error)
}

/// Something told.
pub(crate) fn notification(method: &str, params: &Value) -> Bytes {
    json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string().into()
}

/// A request of ours.
pub(crate) fn request(id: &Id, method: &str, params: &Value) -> Bytes {
    let id = id.as_json();
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#).into()
}
