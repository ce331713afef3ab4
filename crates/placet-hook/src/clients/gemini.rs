//! Gemini CLI.
//!
//! `BeforeTool` and `AfterTool` have no id of the call, so its end is matched by what was called. An
//! answer with other params is laid over the model's own, so a param that a person took out would
//! stay; such a call is stopped, and the model told which params were approved.

use std::path::PathBuf;
use std::time::Duration;

use placet::{Json, ToolName};
use serde_json::{Value, json};

use super::{OTHER_PARAMS, ended, group};
use crate::answer::Answer;
use crate::client::{Client, Entry};
use crate::event::{Event, EventError, Fields, ToolCall};
use crate::json::Tree;
use crate::line::Lines;
use crate::place::{Folders, Scope};

/// Google's Gemini CLI.
pub(crate) struct Gemini;

const CONTEXT: [&str; 3] = ["cwd", "mcp_context", "original_request_name"];

impl Client for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn title(&self) -> &'static str {
        "Gemini CLI"
    }

    fn read_fields(&self, fields: Fields<'_>) -> Result<Event, EventError> {
        match fields.text("hook_event_name")? {
            "BeforeTool" => Ok(Event::Call(call(fields)?)),
            "AfterTool" => Ok(ended(call(fields)?, failure(fields))),
            other => Err(EventError::Unknown(other.to_owned())),
        }
    }

    fn write(&self, answer: &Answer, is_approving: bool) -> Value {
        match answer {
            Answer::Go if is_approving => json!({ "decision": "allow" }),
            Answer::Go | Answer::Heard => json!({}),
            // It would go on with its own.
            Answer::GoWith(_) => self.write(&Answer::Stop(OTHER_PARAMS.to_owned()), false),
            Answer::Stop(reason) | Answer::Park(reason) => {
                json!({ "decision": "deny", "reason": reason })
            }
        }
    }

    fn settings(&self, folders: &Folders, scope: Scope) -> PathBuf {
        match scope {
            Scope::User => folders.home.join(".gemini/settings.json"),
            Scope::Project => folders.project.join(".gemini/settings.json"),
        }
    }

    fn entries(&self, lines: &Lines, time: Duration) -> Vec<Entry> {
        let milliseconds = time.as_secs().saturating_mul(1000);
        let entry = |command: String| {
            group(&json!({
                "type": "command", "name": "placet", "command": command, "timeout": milliseconds,
            }))
        };
        vec![
            Entry { event: "BeforeTool", value: entry(lines.before()), is_before: true },
            Entry { event: "AfterTool", value: entry(lines.after()), is_before: false },
        ]
    }

    fn turned_off(&self, settings: &Tree) -> Option<&'static str> {
        let config = settings.get("hooksConfig")?;
        let is_off = config.get("enabled").and_then(Tree::as_bool) == Some(false);
        let disabled = config.get("disabled").map(Tree::items).unwrap_or_default();
        if is_off {
            return Some("\"hooksConfig.enabled\" is false");
        }
        let is_ours = disabled.iter().any(|name| name.as_str() == Some("placet"));
        is_ours.then_some("\"hooksConfig.disabled\" has \"placet\"")
    }

    fn other_settings(&self, _folders: &Folders) -> Vec<PathBuf> {
        vec![PathBuf::from("/etc/gemini-cli/settings.json")]
    }

    fn ways_round(&self) -> &'static [&'static str] {
        &[
            "\"hooksConfig\" in any settings, and /hooks disable, turn hooks off",
            "hooks of a project run only in a folder that the user trusts",
            "a hook that is killed from outside, or takes longer than its time-out, does not stop the \
             call; ours answers well before",
            "commands that the user types after ! are the user's, not the agent's",
        ]
    }

    fn sample(&self, session: &str) -> Value {
        json!({
            "session_id": session, "hook_event_name": "BeforeTool", "cwd": "/",
            "transcript_path": "", "timestamp": "1970-01-01T00:00:00Z",
            "tool_name": "read_file", "tool_input": { "file_path": "/etc/hostname" },
        })
    }
}

/// A call. A tool of a server is named as the other clients name it, `mcp__server__tool`: with the single
/// underscores of this one, a server's name would pass for a word of the tool's.
fn call(fields: Fields<'_>) -> Result<ToolCall, EventError> {
    let call = super::call(fields, &CONTEXT)?;
    let Some(context) = fields.get("mcp_context").filter(|context| !context.is_null()) else {
        return Ok(call);
    };
    let context = Fields::of(context)?;
    let (mut server, tool) = (context.text("server_name")?.to_owned(), context.text("tool_name")?);
    while server.contains("__") {
        server = server.replace("__", "_");
    }
    Ok(ToolCall { tool: ToolName::new(format!("mcp__{server}__{tool}"))?, ..call })
}

fn failure(fields: Fields<'_>) -> Option<String> {
    let result = fields.get("tool_response").and_then(Json::as_object)?;
    let error = result.get("error").filter(|error| !error.is_null())?;
    let message = error.as_object().and_then(|error| error.get("message")).unwrap_or(error);
    Some(message.as_str().map_or_else(|| message.canonical(), str::to_owned))
}
