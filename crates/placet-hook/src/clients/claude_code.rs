//! Claude Code.
//!
//! `PreToolUse` asks before every tool, `PostToolUse` and `PostToolUseFailure` tell the end. An answer
//! without a decision leaves its own permissions as they are: whoever it would have asked, it still
//! asks. `updatedInput` takes the place of the params as a whole. `defer` ends a headless session at
//! the call; `--resume` asks again for it.

use std::path::PathBuf;
use std::time::Duration;

use placet::Json;
use serde_json::{Value, json};

use super::{call, denial, ended, group};
use crate::answer::Answer;
use crate::client::{Client, Entry};
use crate::event::{Event, EventError, Fields};
use crate::json::Tree;
use crate::line::Lines;
use crate::place::{Folders, Scope};

/// Anthropic's Claude Code.
pub(crate) struct ClaudeCode;

const CONTEXT: [&str; 4] = ["cwd", "permission_mode", "agent_id", "agent_type"];

impl Client for ClaudeCode {
    fn name(&self) -> &'static str {
        "claude-code"
    }

    fn title(&self) -> &'static str {
        "Claude Code"
    }

    fn read_fields(&self, fields: Fields<'_>) -> Result<Event, EventError> {
        match fields.text("hook_event_name")? {
            "PreToolUse" => Ok(Event::Call(call(fields, &CONTEXT)?)),
            "PostToolUse" => Ok(ended(call(fields, &CONTEXT)?, None)),
            "PostToolUseFailure" => {
                let error = fields.maybe_text("error")?.unwrap_or_default().to_owned();
                Ok(ended(call(fields, &CONTEXT)?, Some(error)))
            }
            other => Err(EventError::Unknown(other.to_owned())),
        }
    }

    fn write(&self, answer: &Answer, is_approving: bool) -> Value {
        let decided = |decision: &str, reason: &str| {
            json!({ "hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": decision,
                "permissionDecisionReason": reason,
            }})
        };
        match answer {
            Answer::Go if is_approving => decided("allow", "Placet allowed it"),
            Answer::Go | Answer::Heard => json!({}),
            Answer::GoWith(params) => {
                let mut said = json!({ "hookSpecificOutput": {
                    "hookEventName": "PreToolUse",
                    "updatedInput": Json::Object(params.clone()),
                }});
                if is_approving {
                    said = decided("allow", "a person approved it with these params");
                    if let Some(fields) = said.pointer_mut("/hookSpecificOutput") {
                        fields["updatedInput"] = json!(Json::Object(params.clone()));
                    }
                }
                said
            }
            Answer::Stop(reason) => denial(reason),
            Answer::Park(reason) => decided("defer", reason),
        }
    }

    fn can_edit(&self) -> bool {
        true
    }

    fn can_park(&self) -> bool {
        true
    }

    fn settings(&self, folders: &Folders, scope: Scope) -> PathBuf {
        match scope {
            Scope::User => folders.of_client("CLAUDE_CONFIG_DIR", ".claude").join("settings.json"),
            // Not the file beside it that is shared: our line names paths of this machine.
            Scope::Project => folders.project.join(".claude/settings.local.json"),
        }
    }

    fn entries(&self, lines: &Lines, time: Duration) -> Vec<Entry> {
        let after = group(&json!({
            "type": "command", "command": lines.after(), "timeout": time.as_secs(),
        }));
        let before = group(&json!({
            "type": "command", "command": lines.before(), "timeout": time.as_secs(),
            "onFailure": lines.on_failure(),
        }));
        vec![
            Entry { event: "PreToolUse", value: before, is_before: true },
            Entry { event: "PostToolUse", value: after.clone(), is_before: false },
            Entry { event: "PostToolUseFailure", value: after, is_before: false },
        ]
    }

    fn turned_off(&self, settings: &Tree) -> Option<&'static str> {
        let is_on = |key: &str| settings.get(key).and_then(Tree::as_bool) == Some(true);
        if is_on("disableAllHooks") {
            return Some("\"disableAllHooks\" is true");
        }
        is_on("allowManagedHooksOnly").then_some("\"allowManagedHooksOnly\" is true")
    }

    fn other_settings(&self, folders: &Folders) -> Vec<PathBuf> {
        vec![
            folders.project.join(".claude/settings.json"),
            PathBuf::from("/etc/claude-code/managed-settings.json"),
            PathBuf::from("/Library/Application Support/ClaudeCode/managed-settings.json"),
        ]
    }

    fn ways_round(&self) -> &'static [&'static str] {
        &[
            "`claude --bare`, `--safe-mode` and `--setting-sources` without this file start without \
             these hooks, and \"disableAllHooks\" in any settings turns them off",
            "files that the user names with @ are read without a tool, so without a hook",
            "commands that the user types after ! are the user's, not the agent's",
            "other hooks and MCP servers run as the same user, unasked; only managed settings with \
             \"allowManagedHooksOnly\" keep others' hooks out",
        ]
    }

    fn sample(&self, session: &str) -> Value {
        json!({
            "session_id": session, "hook_event_name": "PreToolUse", "cwd": "/",
            "permission_mode": "default", "tool_name": "Read",
            "tool_input": { "file_path": "/etc/hostname" }, "tool_use_id": session,
        })
    }
}
