//! Cursor.
//!
//! `preToolUse` asks before every tool of the agent; `failClosed` makes a hook that fails stop it.
//! The older `beforeShellExecution` and `beforeMCPExecution` are understood as well, for whoever
//! wires them by hand: installing both would ask people twice about one call.

use std::path::PathBuf;
use std::time::Duration;

use placet::{Json, Object, ToolName};
use serde_json::{Value, json};

use super::{OTHER_PARAMS, ended};
use crate::answer::Answer;
use crate::client::{Client, Entry};
use crate::event::{Event, EventError, Fields, ToolCall};
use crate::line::Lines;
use crate::place::{Folders, Scope};

/// Cursor.
pub(crate) struct Cursor;

const CONTEXT: [&str; 6] = ["cwd", "workspace_roots", "model", "url", "sandbox", "agent_message"];

impl Client for Cursor {
    fn name(&self) -> &'static str {
        "cursor"
    }

    fn title(&self) -> &'static str {
        "Cursor"
    }

    fn read_fields(&self, fields: Fields<'_>) -> Result<Event, EventError> {
        match fields.text("hook_event_name")? {
            "preToolUse" => Ok(Event::Call(any(fields)?)),
            "beforeShellExecution" => Ok(Event::Call(shell(fields)?)),
            "beforeMCPExecution" => Ok(Event::Call(mcp(fields)?)),
            "postToolUse" => Ok(ended(any(fields)?, None)),
            "postToolUseFailure" => {
                let error = fields.maybe_text("error_message")?.unwrap_or_default().to_owned();
                Ok(ended(any(fields)?, Some(error)))
            }
            "afterShellExecution" => Ok(ended(shell(fields)?, None)),
            "afterMCPExecution" => Ok(ended(mcp(fields)?, None)),
            other => Err(EventError::Unknown(other.to_owned())),
        }
    }

    fn write(&self, answer: &Answer, is_approving: bool) -> Value {
        match answer {
            Answer::Go if is_approving => json!({ "permission": "allow" }),
            Answer::Go | Answer::Heard => json!({}),
            // It would go on with its own.
            Answer::GoWith(_) => self.write(&Answer::Stop(OTHER_PARAMS.to_owned()), false),
            Answer::Stop(reason) | Answer::Park(reason) => {
                json!({ "permission": "deny", "user_message": reason, "agent_message": reason })
            }
        }
    }

    fn settings(&self, folders: &Folders, scope: Scope) -> PathBuf {
        match scope {
            Scope::User => folders.home.join(".cursor/hooks.json"),
            Scope::Project => folders.project.join(".cursor/hooks.json"),
        }
    }

    fn entries(&self, lines: &Lines, time: Duration) -> Vec<Entry> {
        let time = time.as_secs();
        let before = json!({
            "command": lines.before(), "timeout": time, "failClosed": lines.is_binding(),
        });
        let after = json!({ "command": lines.after(), "timeout": time });
        vec![
            Entry { event: "preToolUse", value: before, is_before: true },
            Entry { event: "postToolUse", value: after.clone(), is_before: false },
            Entry { event: "postToolUseFailure", value: after, is_before: false },
        ]
    }

    fn head(&self) -> &'static [(&'static str, u64)] {
        &[("version", 1)]
    }

    fn next_step(&self) -> Option<&'static str> {
        Some("restart Cursor, and look under Settings, Hooks, whether preToolUse is listed")
    }

    fn ways_round(&self) -> &'static [&'static str] {
        &[
            "a version that does not know preToolUse asks nothing; Settings, Hooks lists what it knows",
            "completions with Tab, and what the user types into the terminal, are not asked about",
            "agents that run in the cloud do not have the user's hooks",
            "hooks of a project run only in a workspace that the user trusts",
        ]
    }

    fn sample(&self, session: &str) -> Value {
        json!({
            "conversation_id": session, "generation_id": session, "hook_event_name": "preToolUse",
            "cursor_version": "", "workspace_roots": ["/"], "cwd": "/", "tool_name": "Read",
            "tool_input": { "file_path": "/etc/hostname" }, "tool_use_id": session,
        })
    }
}

fn any(fields: Fields<'_>) -> Result<ToolCall, EventError> {
    made(fields, fields.tool("tool_name")?, fields.params("tool_input")?)
}

fn shell(fields: Fields<'_>) -> Result<ToolCall, EventError> {
    let mut params = Object::new();
    params.insert("command".to_owned(), Json::String(fields.text("command")?.to_owned()));
    made(fields, ToolName::new("Shell")?, params)
}

fn mcp(fields: Fields<'_>) -> Result<ToolCall, EventError> {
    let tool = ToolName::new(format!("MCP:{}", fields.text("tool_name")?))?;
    made(fields, tool, fields.params("tool_input")?)
}

fn made(fields: Fields<'_>, tool: ToolName, params: Object) -> Result<ToolCall, EventError> {
    Ok(ToolCall {
        tool,
        params,
        session: fields.session("conversation_id")?,
        use_id: fields.maybe_text("tool_use_id")?.map(str::to_owned),
        context: fields.context(&CONTEXT),
    })
}
