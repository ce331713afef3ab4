//! GitHub Copilot CLI.
//!
//! Its own events do not say what they are called, but differ in shape: only after a call there is a
//! result or an error. It also has the events of Claude Code, which do. A hook that ends with anything
//! but zero stops the call; one that takes too long does not.

use std::path::PathBuf;
use std::time::Duration;

use placet::Json;
use serde_json::{Value, json};

use super::{OTHER_PARAMS, ended};
use crate::answer::Answer;
use crate::client::{Client, Entry};
use crate::event::{Event, EventError, Fields, ToolCall};
use crate::json::Tree;
use crate::line::Lines;
use crate::place::{Folders, Scope};

/// GitHub's Copilot CLI.
pub(crate) struct Copilot;

/// What the fields are called: by its own events, and by those of Claude Code.
struct Words {
    tool: &'static str,
    params: &'static str,
    session: &'static str,
    result: &'static str,
    kind: &'static str,
}

const OWN: Words = Words {
    tool: "toolName",
    params: "toolArgs",
    session: "sessionId",
    result: "toolResult",
    kind: "resultType",
};

const CLAUDE: Words = Words {
    tool: "tool_name",
    params: "tool_input",
    session: "session_id",
    result: "tool_result",
    kind: "result_type",
};

impl Client for Copilot {
    fn name(&self) -> &'static str {
        "copilot"
    }

    fn title(&self) -> &'static str {
        "Copilot CLI"
    }

    fn read_fields(&self, fields: Fields<'_>) -> Result<Event, EventError> {
        match fields.maybe_text("hook_event_name")? {
            None => by_shape(fields, &OWN),
            Some("PreToolUse" | "PostToolUse" | "PostToolUseFailure") => by_shape(fields, &CLAUDE),
            Some(other) => Err(EventError::Unknown(other.to_owned())),
        }
    }

    fn write(&self, answer: &Answer, is_approving: bool) -> Value {
        match answer {
            Answer::Go if is_approving => json!({ "permissionDecision": "allow" }),
            Answer::Go | Answer::Heard => json!({}),
            // It would go on with its own.
            Answer::GoWith(_) => self.write(&Answer::Stop(OTHER_PARAMS.to_owned()), false),
            Answer::Stop(reason) | Answer::Park(reason) => {
                json!({ "permissionDecision": "deny", "permissionDecisionReason": reason })
            }
        }
    }

    fn settings(&self, folders: &Folders, scope: Scope) -> PathBuf {
        match scope {
            Scope::User => folders.of_client("COPILOT_HOME", ".copilot").join("hooks/placet.json"),
            Scope::Project => folders.project.join(".github/hooks/placet.json"),
        }
    }

    fn entries(&self, lines: &Lines, time: Duration) -> Vec<Entry> {
        let entry = |command: String| json!({ "type": "command", "bash": command, "timeoutSec": time.as_secs() });
        vec![
            Entry { event: "preToolUse", value: entry(lines.before()), is_before: true },
            Entry { event: "postToolUse", value: entry(lines.after()), is_before: false },
            Entry { event: "postToolUseFailure", value: entry(lines.after()), is_before: false },
        ]
    }

    fn head(&self) -> &'static [(&'static str, u64)] {
        &[("version", 1)]
    }

    fn turned_off(&self, settings: &Tree) -> Option<&'static str> {
        let is_off = settings.get("disableAllHooks").and_then(Tree::as_bool) == Some(true);
        is_off.then_some("\"disableAllHooks\" is true")
    }

    fn other_settings(&self, folders: &Folders) -> Vec<PathBuf> {
        let own = folders.of_client("COPILOT_HOME", ".copilot");
        vec![
            own.join("settings.json"),
            own.join("config.json"),
            folders.project.join(".github/copilot/settings.json"),
            folders.project.join(".github/copilot/settings.local.json"),
        ]
    }

    fn ways_round(&self) -> &'static [&'static str] {
        &[
            "\"disableAllHooks\" in its settings turns hooks off, except those of an administrator in \
             /etc/github-copilot/policy.d",
            "hooks of a project run only in a folder that the user trusts, and in -p only if that is \
             asked for",
            "a hook that is killed by its time-out does not stop the call; ours answers well before",
            "the agent in the cloud does not have the user's hooks, nor this machine's log",
        ]
    }

    fn sample(&self, session: &str) -> Value {
        json!({
            "sessionId": session, "timestamp": 0, "cwd": "/", "toolName": "view",
            "toolArgs": { "path": "/etc/hostname" },
        })
    }
}

fn by_shape(fields: Fields<'_>, words: &Words) -> Result<Event, EventError> {
    let call = ToolCall {
        tool: fields.tool(words.tool)?,
        params: fields.params(words.params)?,
        session: fields.session(words.session)?,
        use_id: None,
        context: fields.context(&["cwd"]),
    };
    if let Some(result) = fields.get(words.result).and_then(Json::as_object) {
        let kind = result.get(words.kind).and_then(Json::as_str);
        let failure = kind.filter(|kind| *kind != "success").map(str::to_owned);
        return Ok(ended(call, failure));
    }
    if fields.has("error") {
        let error = fields.get("error").and_then(Json::as_str).unwrap_or_default();
        return Ok(ended(call, Some(error.to_owned())));
    }
    Ok(Event::Call(call))
}
