//! One file for each client.

mod claude_code;
mod codex;
mod copilot;
mod cursor;
mod gemini;

use placet::core::limits::MAX_OUTCOME_BYTES;
use placet::policy::redact::Redactor;
use serde_json::{Value, json};

pub(crate) use claude_code::ClaudeCode;
pub(crate) use codex::Codex;
pub(crate) use copilot::Copilot;
pub(crate) use cursor::Cursor;
pub(crate) use gemini::Gemini;

use crate::event::{Ended, Event, EventError, Fields, ToolCall};

/// Why a call with other params is stopped in a client that would not take them.
const OTHER_PARAMS: &str =
    "a person approved this call with other params, which cannot be given here";

/// A call as Claude Code writes it, and those who took over its format.
fn call(fields: Fields<'_>, context: &[&str]) -> Result<ToolCall, EventError> {
    Ok(ToolCall {
        tool: fields.tool("tool_name")?,
        params: fields.params("tool_input")?,
        session: fields.session("session_id")?,
        use_id: fields.maybe_text("tool_use_id")?.map(str::to_owned),
        context: fields.context(context),
    })
}

fn ended(call: ToolCall, error: Option<String>) -> Event {
    use placet::Outcome::{Failed, Succeeded};
    let (outcome, detail) = match error {
        Some(detail) => (Failed, clipped(detail)),
        None => (Succeeded, String::new()),
    };
    Event::Ended(Ended { call, outcome, detail })
}

/// No more of what a tool said than the log takes. The log replaces the secrets in it, but would not know
/// one by the part that a cut leaves; so they are replaced before.
fn clipped(detail: String) -> String {
    if detail.len() <= MAX_OUTCOME_BYTES {
        return detail;
    }
    let mut clean = Redactor::default().scan_text(&detail);
    clean.truncate(clean.floor_char_boundary(MAX_OUTCOME_BYTES));
    clean
}

/// Permission as it is denied in the format of Claude Code.
fn denial(reason: &str) -> Value {
    json!({ "hookSpecificOutput": {
        "hookEventName": "PreToolUse",
        "permissionDecision": "deny",
        "permissionDecisionReason": reason,
    }})
}

/// An entry in the format of Claude Code: a group for all tools with one command in it.
fn group(command: &Value) -> Value {
    json!({ "matcher": "*", "hooks": [command] })
}
