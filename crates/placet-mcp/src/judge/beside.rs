//! What a call says of itself beside its arguments (`_meta`), and how much of it is the call.
//!
//! A server may do whatever it likes with what stands there, so it is shown to whoever is asked, and a
//! call with something else there is another call. What only tells one request from another is not.

use placet::{Json, Object};

/// Where it stands.
const META: &str = "_meta";

/// What the protocol itself puts there, and what follows a request through several systems.
const OF_THE_PROTOCOL: [&str; 4] = ["progressToken", "traceparent", "tracestate", "baggage"];

/// What the protocol's own names begin with.
const RESERVED: &str = "io.modelcontextprotocol/";

/// Under which names clients number their requests and sessions: Claude Code, Visual Studio Code,
/// OpenCode and Codex.
const NUMBERS: [&str; 6] = [
    "claudecode/toolUseId",
    "vscode.conversationId",
    "vscode.requestId",
    "ai.opencode/sessionID",
    "callId",
    "threadId",
];

/// Under which name Codex tells of its turn: numbers, and what it works on.
const TURN: &str = "x-codex-turn-metadata";

/// Longest number of a request.
const MAX_NUMBER: usize = 128;

/// Takes out of the params what is no part of a call.
pub(super) fn reduce(params: &mut Object) {
    let Some(Json::Object(meta)) = params.get(META) else { return };
    let mut kept = Object::new();
    for (name, value) in meta.iter() {
        if OF_THE_PROTOCOL.contains(&name) || name.starts_with(RESERVED) {
            continue;
        }
        let value = match value {
            value if NUMBERS.contains(&name) && is_number(value) => continue,
            Json::Object(turn) if name == TURN => match what_counts(turn) {
                Some(turn) => Json::Object(turn),
                None => continue,
            },
            value => value.clone(),
        };
        kept.insert(name.to_owned(), value);
    }
    params.remove(META);
    if kept.iter().next().is_some() {
        params.insert(META.to_owned(), Json::Object(kept));
    }
}

/// What of a turn is not only a number.
fn what_counts(turn: &Object) -> Option<Object> {
    let mut kept = Object::new();
    for (name, value) in turn.iter().filter(|(_, value)| !is_number(value)) {
        kept.insert(name.to_owned(), value.clone());
    }
    let is_any = kept.iter().next().is_some();
    is_any.then_some(kept)
}

/// Whether a value can hardly be anything but what tells one from another: it names no place.
fn is_number(value: &Json) -> bool {
    match value {
        Json::String(text) => {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
            text.len() <= MAX_NUMBER && text.chars().all(is_plain)
        }
        Json::Number(_) | Json::Null | Json::Bool(_) => true,
        Json::Array(_) | Json::Object(_) => false,
    }
}
