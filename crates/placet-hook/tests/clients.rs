//! Each client's events and answers, as they are on the wire.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use placet::{Json, Object, Outcome};
use placet_hook::{Answer, ClientName, Ended, Event, EventError, ToolCall};
use serde_json::{Value, json};

fn read(name: ClientName, event: &Value) -> Result<Event, EventError> {
    name.client().read(&Json::parse(event.to_string().as_bytes()).unwrap())
}

fn call(name: ClientName, event: &Value) -> ToolCall {
    match read(name, event).unwrap() {
        Event::Call(call) => call,
        Event::Ended(ended) => panic!("{ended:?}"),
    }
}

fn ended(name: ClientName, event: &Value) -> Ended {
    match read(name, event).unwrap() {
        Event::Ended(ended) => ended,
        Event::Call(call) => panic!("{call:?}"),
    }
}

fn object(value: &Value) -> Object {
    match Json::parse(value.to_string().as_bytes()).unwrap() {
        Json::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

/// An event before a call and one after it that failed, for each client: tool, params, session, the
/// client's id of the call, and what went wrong.
#[test]
fn calls_and_their_ends_are_read_as_they_are() {
    let command = json!({ "command": "ls" });
    let rows = [
        (
            ClientName::ClaudeCode,
            json!({
                "session_id": "s-1", "transcript_path": "/t", "cwd": "/w", "permission_mode": "default",
                "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": command,
                "tool_use_id": "toolu_1",
            }),
            json!({
                "session_id": "s-1", "cwd": "/w", "hook_event_name": "PostToolUseFailure",
                "tool_name": "Bash", "tool_input": command, "tool_use_id": "toolu_1",
                "error": "exit 1", "is_interrupt": false,
            }),
            ("Bash", Some("toolu_1"), "exit 1"),
        ),
        (
            ClientName::Codex,
            json!({
                "session_id": "s-1", "turn_id": "t-1", "transcript_path": null, "cwd": "/w",
                "hook_event_name": "PreToolUse", "model": "m", "permission_mode": "default",
                "tool_name": "Bash", "tool_input": command, "tool_use_id": "call_1",
            }),
            json!({
                "session_id": "s-1", "turn_id": "t-1", "transcript_path": null, "cwd": "/w",
                "hook_event_name": "PostToolUse", "model": "m", "permission_mode": "default",
                "tool_name": "Bash", "tool_input": command, "tool_use_id": "call_1",
                "tool_response": { "isError": true, "content": [] },
            }),
            ("Bash", Some("call_1"), ""),
        ),
        (
            ClientName::Gemini,
            json!({
                "session_id": "s-1", "transcript_path": "/t", "cwd": "/w", "timestamp": "2026-01-01",
                "hook_event_name": "BeforeTool", "tool_name": "run_shell_command",
                "tool_input": command,
            }),
            json!({
                "session_id": "s-1", "cwd": "/w", "hook_event_name": "AfterTool",
                "tool_name": "run_shell_command", "tool_input": command,
                "tool_response": { "llmContent": "x", "error": { "message": "exit 1" } },
            }),
            ("run_shell_command", None, "exit 1"),
        ),
        (
            ClientName::Cursor,
            json!({
                "conversation_id": "s-1", "generation_id": "g", "hook_event_name": "preToolUse",
                "cursor_version": "3", "workspace_roots": ["/w"], "tool_name": "Shell",
                "tool_input": command, "tool_use_id": "u-1",
            }),
            json!({
                "conversation_id": "s-1", "hook_event_name": "postToolUseFailure",
                "tool_name": "Shell", "tool_input": command, "tool_use_id": "u-1",
                "error_message": "exit 1", "failure_type": "error",
            }),
            ("Shell", Some("u-1"), "exit 1"),
        ),
        (
            ClientName::Copilot,
            json!({
                "sessionId": "s-1", "timestamp": 1, "cwd": "/w", "toolName": "bash",
                "toolArgs": command,
            }),
            json!({
                "sessionId": "s-1", "timestamp": 1, "cwd": "/w", "toolName": "bash",
                "toolArgs": command, "error": "exit 1",
            }),
            ("bash", None, "exit 1"),
        ),
    ];
    for (name, before, after, (tool, use_id, detail)) in rows {
        let before = call(name, &before);
        assert_eq!(before.tool.as_str(), tool);
        assert_eq!(before.params, object(&command));
        assert_eq!(before.session.as_ref().unwrap().as_str(), "s-1");
        assert_eq!(before.use_id.as_deref(), use_id);
        assert_eq!(before.context.get("cwd").is_some(), name != ClientName::Cursor);
        let after = ended(name, &after);
        assert_eq!((after.outcome, &*after.detail), (Outcome::Failed, detail), "{name:?}");
        assert_eq!((after.call.params, after.call.use_id), (before.params, before.use_id));
    }
}

/// Gemini CLI joins the server's name and the tool's by a single underscore, so that the one could pass
/// for a part of the other.
#[test]
fn a_server_of_gemini_is_no_part_of_its_tools_name() {
    let event = |event: &str, context: Value| {
        json!({
            "session_id": "s-1", "cwd": "/w", "hook_event_name": event, "timestamp": "2026-01-01",
            "tool_name": "mcp_read_it__all_wipe", "tool_input": { "name": "a" },
            "tool_response": {}, "mcp_context": context,
        })
    };
    let context = json!({ "server_name": "read_it__all", "tool_name": "wipe", "args": [] });
    let before = call(ClientName::Gemini, &event("BeforeTool", context.clone()));
    assert_eq!(before.tool.as_str(), "mcp__read_it_all__wipe");
    assert!(before.context.get("mcp_context").is_some());
    let after = ended(ClientName::Gemini, &event("AfterTool", context));
    assert_eq!(after.call.tool, before.tool);
    for context in [json!("x"), json!({ "server_name": "a" }), json!({ "tool_name": "b" })] {
        let event = event("BeforeTool", context);
        assert!(read(ClientName::Gemini, &event).is_err(), "{event}");
    }
}

/// What is left of a key that is cut through looks like no key any more.
#[test]
fn what_is_cut_off_an_error_leaves_no_part_of_a_secret() {
    let secret = format!("ghp_{}", "a1B2c3D4".repeat(5));
    let most = placet::core::limits::MAX_OUTCOME_BYTES;
    for before in [most - 20, most - 3] {
        let error = format!("{} {secret} and more", "é".repeat(before / 2));
        let event = json!({
            "session_id": "s-1", "cwd": "/w", "hook_event_name": "PostToolUseFailure",
            "tool_name": "Bash", "tool_input": {}, "tool_use_id": "u", "error": error,
        });
        let detail = ended(ClientName::ClaudeCode, &event).detail;
        assert!(detail.starts_with("éé") && detail.len() <= most);
        assert!(!detail.contains("gh"), "{}", detail.trim_start_matches('é'));
    }
}

#[test]
fn what_went_well_is_told_apart() {
    let well = [
        (
            ClientName::ClaudeCode,
            json!({ "hook_event_name": "PostToolUse", "tool_name": "Read", "tool_response": {} }),
        ),
        (
            ClientName::Codex,
            json!({ "hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_response": "x" }),
        ),
        (
            ClientName::Gemini,
            json!({ "hook_event_name": "AfterTool", "tool_name": "glob", "tool_response": { "error": null } }),
        ),
        (
            ClientName::Cursor,
            json!({ "hook_event_name": "postToolUse", "tool_name": "Read", "tool_output": "x" }),
        ),
        (
            ClientName::Copilot,
            json!({ "toolName": "view", "toolResult": { "resultType": "success" } }),
        ),
    ];
    for (name, event) in well {
        assert_eq!(ended(name, &event).outcome, Outcome::Succeeded, "{name:?}");
    }
    let denied = json!({ "toolName": "view", "toolResult": { "resultType": "denied" } });
    assert_eq!(ended(ClientName::Copilot, &denied).outcome, Outcome::Failed);
}

#[test]
fn older_and_other_spellings_are_understood() {
    let shell = json!({
        "hook_event_name": "beforeShellExecution", "conversation_id": "s", "command": "ls", "cwd": "/",
    });
    let shell = call(ClientName::Cursor, &shell);
    assert_eq!((shell.tool.as_str(), shell.params), ("Shell", object(&json!({ "command": "ls" }))));
    let mcp = json!({
        "hook_event_name": "beforeMCPExecution", "tool_name": "send", "tool_input": "{\"to\": \"a\"}",
        "url": "https://example.com/mcp",
    });
    let mcp = call(ClientName::Cursor, &mcp);
    assert_eq!((mcp.tool.as_str(), mcp.params), ("MCP:send", object(&json!({ "to": "a" }))));
    assert!(mcp.context.get("url").is_some());
    let text = json!({ "toolName": "bash", "toolArgs": "{\"command\": \"ls\"}" });
    assert_eq!(call(ClientName::Copilot, &text).params, object(&json!({ "command": "ls" })));
    let claude = json!({
        "hook_event_name": "PreToolUse", "session_id": "s", "tool_name": "Bash",
        "tool_input": { "command": "ls" },
    });
    assert_eq!(call(ClientName::Copilot, &claude).tool.as_str(), "Bash");
}

#[test]
fn what_is_not_an_event_about_tools_is_an_error() {
    for name in ClientName::ALL {
        let strange = [
            json!([]),
            json!("PreToolUse"),
            json!({}),
            json!({ "hook_event_name": "SessionStart" }),
            json!({ "hook_event_name": 7, "tool_name": "Bash", "toolName": 7 }),
            json!({ "hook_event_name": event(name), "tool_name": "", "toolName": "" }),
            json!({ "hook_event_name": event(name), "tool_name": "a\u{7}", "tool_input": {} }),
            json!({ "hook_event_name": event(name), "tool_name": "a", "tool_input": [] }),
            json!({ "hook_event_name": event(name), "tool_name": "a", "tool_input": "{" }),
            json!({ "hook_event_name": event(name), "tool_name": "a", "tool_use_id": 7, "session_id": 7, "conversation_id": 7 }),
        ];
        for event in strange {
            assert!(read(name, &event).is_err(), "{name:?} {event}");
        }
    }
}

/// The event before a call.
fn event(name: ClientName) -> &'static str {
    match name {
        ClientName::ClaudeCode | ClientName::Codex | ClientName::Copilot => "PreToolUse",
        ClientName::Gemini => "BeforeTool",
        ClientName::Cursor => "preToolUse",
    }
}

#[test]
fn answers_are_in_the_words_of_each_client() {
    let stop = |name: ClientName| name.client().write(&Answer::Stop("why".into()), false);
    let denial = json!({ "hookSpecificOutput": {
        "hookEventName": "PreToolUse", "permissionDecision": "deny",
        "permissionDecisionReason": "why",
    }});
    assert_eq!(stop(ClientName::ClaudeCode), denial);
    assert_eq!(stop(ClientName::Codex), denial);
    assert_eq!(stop(ClientName::Gemini), json!({ "decision": "deny", "reason": "why" }));
    assert_eq!(
        stop(ClientName::Cursor),
        json!({ "permission": "deny", "user_message": "why", "agent_message": "why" })
    );
    assert_eq!(
        stop(ClientName::Copilot),
        json!({ "permissionDecision": "deny", "permissionDecisionReason": "why" })
    );
}

#[test]
fn permission_is_no_more_than_was_asked_for() {
    for name in ClientName::ALL {
        let client = name.client();
        assert_eq!(client.write(&Answer::Go, false), json!({}), "the client asks as before");
        assert_eq!(client.write(&Answer::Heard, true), json!({}));
        let approving = client.write(&Answer::Go, true).to_string();
        assert_eq!(approving.contains("allow"), name != ClientName::Codex, "it refuses the word");
        if !client.can_park() {
            let parked = client.write(&Answer::Park("why".into()), true);
            assert_eq!(parked, client.write(&Answer::Stop("why".into()), true));
        }
    }
    let parked = ClientName::ClaudeCode.client().write(&Answer::Park("why".into()), false);
    assert_eq!(parked["hookSpecificOutput"]["permissionDecision"], "defer");
}

#[test]
fn other_params_are_only_given_to_who_takes_exactly_those() {
    let params = json!({ "command": "true" });
    let answer = Answer::GoWith(object(&params));
    for name in ClientName::ALL {
        let said = name.client().write(&answer, false);
        let given = &said["hookSpecificOutput"]["updatedInput"];
        assert_eq!(*given == params, name.client().can_edit(), "{name:?} {said}");
        assert_eq!(said.to_string().contains("deny"), !name.client().can_edit(), "{name:?} {said}");
    }
    let claude = ClientName::ClaudeCode.client();
    let quiet = claude.write(&answer, false);
    assert!(quiet["hookSpecificOutput"].get("permissionDecision").is_none(), "it still asks");
    let approving = claude.write(&answer, true);
    assert_eq!(approving["hookSpecificOutput"]["permissionDecision"], "allow");
    assert_eq!(approving["hookSpecificOutput"]["updatedInput"], params);
}

#[test]
fn samples_are_calls() {
    for name in ClientName::ALL {
        let sample = name.client().sample("a-session");
        assert_eq!(call(name, &sample).session.unwrap().as_str(), "a-session", "{name:?}");
        assert_eq!(name.as_str().parse(), Ok(name));
    }
    assert!("emacs".parse::<ClientName>().unwrap_err().contains("claude-code, codex"));
}
