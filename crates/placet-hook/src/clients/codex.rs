//! Codex CLI.
//!
//! It took over the format of Claude Code, and is strict about it: an `allow` without `updatedInput`,
//! an `ask` or a field that it does not know make the answer invalid, and after an invalid answer the
//! tool runs. So what may go on is answered with nothing at all, and whether it asks its user is left
//! to its own settings.

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

/// OpenAI's Codex CLI.
pub(crate) struct Codex;

const CONTEXT: [&str; 5] = ["cwd", "permission_mode", "model", "agent_id", "agent_type"];

/// What a result says of itself, where it is one of an MCP server.
const IS_ERROR: [&str; 2] = ["isError", "is_error"];

impl Client for Codex {
    fn name(&self) -> &'static str {
        "codex"
    }

    fn title(&self) -> &'static str {
        "Codex"
    }

    fn read_fields(&self, fields: Fields<'_>) -> Result<Event, EventError> {
        match fields.text("hook_event_name")? {
            "PreToolUse" => Ok(Event::Call(call(fields, &CONTEXT)?)),
            "PostToolUse" => Ok(ended(call(fields, &CONTEXT)?, failure(fields))),
            other => Err(EventError::Unknown(other.to_owned())),
        }
    }

    fn write(&self, answer: &Answer, _is_approving: bool) -> Value {
        match answer {
            Answer::Go | Answer::Heard => json!({}),
            Answer::GoWith(params) => json!({ "hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": "allow",
                "updatedInput": Json::Object(params.clone()),
            }}),
            Answer::Stop(reason) | Answer::Park(reason) => denial(reason),
        }
    }

    fn can_edit(&self) -> bool {
        true
    }

    fn settings(&self, folders: &Folders, scope: Scope) -> PathBuf {
        match scope {
            Scope::User => folders.of_client("CODEX_HOME", ".codex").join("hooks.json"),
            Scope::Project => folders.project.join(".codex/hooks.json"),
        }
    }

    fn entries(&self, lines: &Lines, time: Duration) -> Vec<Entry> {
        let entry = |command: String| {
            group(&json!({ "type": "command", "command": command, "timeout": time.as_secs() }))
        };
        vec![
            Entry { event: "PreToolUse", value: entry(lines.before()), is_before: true },
            Entry { event: "PostToolUse", value: entry(lines.after()), is_before: false },
        ]
    }

    fn turned_off(&self, settings: &Tree) -> Option<&'static str> {
        let feature = settings.get("features")?.get("hooks")?;
        (feature.as_bool() == Some(false)).then_some("\"features.hooks\" is false")
    }

    fn other_settings(&self, folders: &Folders) -> Vec<PathBuf> {
        vec![
            folders.of_client("CODEX_HOME", ".codex").join("config.toml"),
            folders.project.join(".codex/config.toml"),
            PathBuf::from("/etc/codex/config.toml"),
        ]
    }

    fn next_step(&self) -> Option<&'static str> {
        Some("start `codex`, open /hooks and trust these hooks: until then Codex does not run them")
    }

    fn ways_round(&self) -> &'static [&'static str] {
        &[
            "hooks run only once the user has trusted them with /hooks, and again after each change; \
             until then every call runs unasked",
            "`codex -c features.hooks=false`, and a \"hooks = false\" under [features] in config.toml, \
             turn them off",
            "a hook that is killed from outside, or takes longer than its time-out, does not stop the \
             call; ours answers well before",
            "web search and other tools that run at the provider are not asked about",
        ]
    }

    fn sample(&self, session: &str) -> Value {
        json!({
            "session_id": session, "hook_event_name": "PreToolUse", "cwd": "/", "model": "none",
            "permission_mode": "default", "transcript_path": null, "turn_id": session,
            "tool_name": "Bash", "tool_input": { "command": "true" }, "tool_use_id": session,
        })
    }
}

fn failure(fields: Fields<'_>) -> Option<String> {
    let result = fields.get("tool_response").and_then(Json::as_object)?;
    let is_error = IS_ERROR.iter().any(|key| result.get(key).and_then(Json::as_bool) == Some(true));
    is_error.then(String::new)
}
