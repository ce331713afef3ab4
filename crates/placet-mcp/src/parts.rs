//! What is read out of the parts of a message, and a call as it is written again.

use std::collections::BTreeMap;

use bytes::Bytes;
use placet::{Object, Outcome};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::judge::{ToolCall, clip};
use crate::message::{Kind, Message};

/// What is said of a call of which its server did not say what came of it.
pub(crate) const IN_DOUBT: &str = "whether the call took effect is not known";

/// What a request says about itself.
pub(crate) fn meta(message: &Message) -> Value {
    #[derive(serde::Deserialize)]
    struct Params {
        #[serde(rename = "_meta")]
        meta: Value,
    }
    let params = message.params().and_then(|it| serde_json::from_str::<Params>(it).ok());
    params.map_or(Value::Null, |it| it.meta)
}

/// Under what its client wants to hear of its progress.
pub(crate) fn progress_token(message: &Message) -> Option<Value> {
    let token = meta(message).get("progressToken").cloned();
    token.filter(|it| it.is_string() || it.is_number())
}

/// With what a request of the gateway introduces itself: as the client does.
pub(crate) fn introduction(meta: &Value) -> Value {
    let fields = meta.as_object().into_iter().flatten();
    let kept = fields.filter(|(name, _)| name.starts_with("io.modelcontextprotocol/"));
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// The call as it goes to the server: as it came, but for what is between the client and the
/// gateway, and for what a person changed.
pub(crate) fn forwarded(
    message: &Message,
    call: &ToolCall,
    edited: Option<Object>,
) -> Option<Bytes> {
    if edited.is_none() && call.comes_back_for.is_none() {
        return Some(message.bytes().clone());
    }
    let mut whole: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(message.bytes()).ok()?;
    let mut params: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(whole.get("params")?.get()).ok()?;
    if call.comes_back_for.is_some() {
        params.remove("requestState");
        params.remove("inputResponses");
    }
    if let Some(edited) = edited {
        params.insert("arguments".to_owned(), serde_json::value::to_raw_value(&edited).ok()?);
    }
    whole.insert("params".to_owned(), serde_json::value::to_raw_value(&params).ok()?);
    serde_json::to_vec(&whole).ok().map(Bytes::from)
}

/// What an answer says came of a call.
pub(crate) fn outcome(message: &Message) -> (Outcome, String) {
    #[derive(serde::Deserialize)]
    struct Result {
        #[serde(default, rename = "isError")]
        is_error: bool,
    }
    if let Some(error) = message.error() {
        return (Outcome::Failed, error.to_owned());
    }
    let read = message.result().and_then(|it| serde_json::from_str::<Result>(it).ok());
    match read {
        Some(Result { is_error: false }) => (Outcome::Succeeded, String::new()),
        _ => (Outcome::Failed, "the tool says that it failed".to_owned()),
    }
}

/// What a server says of a call that it runs, in words.
pub(crate) fn status(said: &Message) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Progress {
        progress: serde_json::Number,
        total: Option<serde_json::Number>,
        message: Option<String>,
    }
    let text = match said.kind() {
        Kind::Notification(method) if method == "notifications/progress" => {
            let told: Progress = serde_json::from_str(said.params()?).ok()?;
            let total = told.total.map(|total| format!(" of {total}")).unwrap_or_default();
            let message = told.message.map(|text| format!(": {text}")).unwrap_or_default();
            format!("{}{total}{message}", told.progress)
        }
        Kind::Request(_, method) => {
            format!("the server asks for {method}, which nobody can be asked for in a task")
        }
        _ => return None,
    };
    Some(clip(&text))
}
