//! What is no shell command: files that an agent writes with a tool of its own, and calls of an MCP server.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::agents::model::{Model, Seen, Step};
use super::agents::tools::Use;
use super::support::hook::{User, approval};
use super::{Agent, outcomes};

/// The classes of the tools that write a file, and of one that deletes: held, and only a reason is asked
/// for.
const CLASSES: &str = "[actions.Write]\nrisk = \"reversible_write\"\n\
    aliases = [\"write_file\", \"create\", \"apply_patch\"]\n\
    approval = { fields = [\"why\"], least_length = 5 }\n\
    [actions.\"*delete_note\"]\nrisk = \"reversible_write\"\n\
    approval = { fields = [\"why\"], least_length = 5 }\n";

/// A server whose tools leave a file of the name that they are called with.
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mcp_server.py");

impl Agent {
    /// Puts the server into this client's own settings.
    fn add_server(self, user: &User, left: &Path) {
        let arguments = json!([SERVER, "leave", left]);
        let (settings, server) = match self {
            Self::Claude => (".claude.json", json!({ "command": "python3", "args": arguments })),
            Self::Gemini => (
                ".gemini/settings.json",
                json!({ "command": "python3", "args": arguments, "trust": true }),
            ),
            Self::Copilot => (
                ".copilot/mcp-config.json",
                json!({ "type": "local", "command": "python3", "args": arguments, "tools": ["*"] }),
            ),
            Self::Codex => {
                let text =
                    format!("[mcp_servers.notes]\ncommand = \"python3\"\nargs = {arguments}\n");
                return user.world.write("servers.toml", text);
            }
        };
        let path = user.home(settings);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|_| "{}".to_owned());
        let mut settings: Value = serde_json::from_str(&text).unwrap();
        settings["mcpServers"]["notes"] = server;
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, settings.to_string()).unwrap();
    }
}

/// One session that writes files and calls a server: each is held and approved, and held and denied, and
/// what only reads is not held.
fn files_and_servers(agent: Agent) {
    if agent.program().is_none() {
        return;
    }
    let user = Arc::new(agent.user());
    let left = user.project("left");
    std::fs::create_dir(&left).unwrap();
    agent.add_server(&user, &left);
    let policy = user.world.path("policy/policy.toml");
    let classes = user.world.read("policy/policy.toml") + CLASSES;
    user.world.write("policy/policy.toml", classes);
    user.ok(&["hook", "install", agent.client(), "--policy", policy.to_str().unwrap()]);
    let last = |seen: &[Seen]| approval(&seen[seen.len() - 1].result);
    let (approver, denier) = (Arc::clone(&user), Arc::clone(&user));
    let (second_approver, second_denier) = (Arc::clone(&user), Arc::clone(&user));
    let write = |name: &str, line| Use::Write(left.join(name), line);
    let delete = |name| Use::Mcp("delete_note", name);
    let steps = vec![
        Step::run(write("one", "first")),
        Step::after(move |seen| approver.approve(&last(seen)), write("one", "first")),
        Step::run(write("two", "second")),
        Step::after(move |seen| denier.deny(&last(seen)), write("two", "second")),
        Step::run(Use::Mcp("read_note", "three")),
        Step::run(delete("four")),
        Step::after(move |seen| second_approver.approve(&last(seen)), delete("four")),
        Step::run(delete("other")),
        Step::after(move |seen| second_denier.deny(&last(seen)), delete("other")),
    ];
    let model = Model::play(agent.api(), &left, steps);
    agent.run(&user, &model);

    let seen = model.seen();
    let expected = [
        ("holds this call for a person", ""),
        ("", "first\n"),
        ("holds this call for a person", "first\n"),
        ("not this one", "first\n"),
        ("done", "first\nread_note\n"),
        ("holds this call for a person", "first\nread_note\n"),
        ("done", "delete_note\nfirst\nread_note\n"),
        ("holds this call for a person", "delete_note\nfirst\nread_note\n"),
        ("not this one", "delete_note\nfirst\nread_note\n"),
    ];
    assert_eq!(seen.len(), expected.len(), "{seen:#?}");
    for (at, (seen, (said, there))) in seen.iter().zip(expected).enumerate() {
        assert!(seen.result.contains(said), "step {at}: {seen:#?}");
        assert_eq!(seen.ran, there, "step {at}: {seen:#?}");
    }
    assert_eq!(outcomes(&user), 3, "a file and two notes, as the agent reported");
    let shown = user.ok(&["log", "show", "--json", "--log", user.log().to_str().unwrap()]);
    // Copilot CLI says nothing of the server, and has names with dashes of its own.
    let server = if matches!(agent, Agent::Copilot) { "notes-" } else { "mcp__notes__" };
    assert!(shown.contains(&format!("\"{server}read_note\"")), "{shown}");
}

#[test]
fn claude_code_writes_files_and_calls_servers() {
    files_and_servers(Agent::Claude);
}

#[test]
fn codex_writes_files_and_calls_servers() {
    files_and_servers(Agent::Codex);
}

#[test]
fn gemini_writes_files_and_calls_servers() {
    files_and_servers(Agent::Gemini);
}

#[test]
fn copilot_writes_files_and_calls_servers() {
    files_and_servers(Agent::Copilot);
}
