//! `placet init --mcp`: the servers of a client, a policy for their tools, and the gateway in their
//! place.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/mcp.rs"]
mod mcp;
mod support;

use std::process::Command;

use mcp::{Client, server, text};
use serde_json::{Value, json};
use support::World;

fn world() -> World {
    let world = World::new();
    let server = server();
    world.write(
        "mcp.json",
        format!(
            "{{\n\t\"zoom\": 1.50,\n\t\"mcpServers\": {{\n\t\t\"notes\": {{\"command\": \"python3\", \
             \"args\": [{server:?}, \"environment\"], \"env\": {{\"TOKEN\": \"s3cret\"}}}},\n\t\t\
             \"gone\": {{\"command\": \"/nowhere/at/all\"}}\n\t}},\n\t\"about\": []\n}}\n",
        ),
    );
    world
}

#[test]
fn each_server_is_asked_and_its_secrets_stay_out_of_the_way() {
    let world = world();
    let before = world.read("mcp.json");
    let said = world.ok(&["init", "--mcp", "mcp.json"]);
    assert!(said.contains("notes  2 tools"), "{said}");
    assert!(said.contains("gone  not asked: cannot start /nowhere/at/all"), "{said}");
    let policy = world.read("policy.toml");
    assert!(policy.contains("[actions.mcp__notes__read_note]"), "{policy}");
    world.ok(&["policy", "lint", "policy.toml"]);
    let lock: Value = serde_json::from_str(&world.read("tools.lock")).unwrap();
    assert!(lock["servers"]["notes"]["delete_note"]["digest"].is_string());
    assert!(!world.read("servers.toml").contains("s3cret"));
    assert_eq!(world.read("notes.env"), "TOKEN=s3cret\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = world.path("notes.env").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(world.read("mcp.json"), before, "nothing was asked to be rewritten");
    // A second time, nothing is overwritten.
    let ended = world.run(&["init", "--mcp", "mcp.json"]);
    assert_ne!(ended.status, 0);
    assert!(ended.err.contains("--force"), "{}", ended.err);
}

#[test]
fn the_gateway_takes_their_place_and_gives_it_back() {
    let world = world();
    let before = world.read("mcp.json");
    world.ok(&["init", "--mcp", "mcp.json", "--rewrite"]);
    let text_now = world.read("mcp.json");
    let settings: Value = serde_json::from_str(&text_now).unwrap();
    let servers = settings["mcpServers"].as_object().unwrap();
    assert_eq!(servers.keys().collect::<Vec<_>>(), ["placet"]);
    assert!(!text_now.contains("s3cret"));
    assert!(text_now.find("zoom") < text_now.find("about"), "what else is in it keeps its order");

    // What the client starts now works, and the server sees its secret.
    let entry = &servers["placet"];
    let mut command = Command::new(entry["command"].as_str().unwrap());
    command.args(entry["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()));
    command.args(["--console", "127.0.0.1:0"]).env("XDG_STATE_HOME", world.path("state"));
    let mut client = Client::start(command);
    let answer = client.call(1, "notes__read_note", &json!({}));
    assert!(text(&answer).contains("s3cret"), "{answer}");
    drop(client);

    let again = world.run(&["init", "--mcp", "mcp.json", "--rewrite", "--force"]);
    assert_ne!(again.status, 0, "the copy of what it was is not overwritten");
    world.ok(&["init", "--mcp", "mcp.json", "--undo"]);
    assert_eq!(world.read("mcp.json"), before);
}

#[test]
fn the_configuration_of_codex_keeps_what_else_is_in_it() {
    let world = World::new();
    let server = server();
    let before = format!(
        "# mine\nmodel = \"o1\"\n\n[mcp_servers.notes]\ncommand = \"python3\"\nargs = [{server:?}]\n\n\
         [mcp_servers.notes.env]\nTOKEN = \"s3cret\"\n\n[profiles.x] # yes\nmodel = \"o2\"\n"
    );
    world.write("config.toml", &before);
    world.ok(&["init", "--mcp", "config.toml", "--rewrite"]);
    let now = world.read("config.toml");
    assert!(now.starts_with("# mine\nmodel = \"o1\"\n"), "{now}");
    assert!(now.contains("[profiles.x] # yes\nmodel = \"o2\"\n"), "{now}");
    assert!(now.contains("[mcp_servers.placet]") && !now.contains("s3cret"), "{now}");
    world.ok(&["init", "--mcp", "config.toml", "--undo"]);
    assert_eq!(world.read("config.toml"), before);
    // Written in another way, they cannot be found without doubt.
    world.write("inline.toml", "mcp_servers = { notes = { command = \"true\" } }\n");
    let ended = world.run(&["init", "--mcp", "inline.toml", "--rewrite", "--force"]);
    assert!(ended.err.contains("[mcp_servers.NAME]"), "{}", ended.err);
}

#[test]
fn what_makes_no_sense_is_said_so() {
    let world = World::new();
    world.write("empty.json", "{}");
    world.write("broken.json", "{");
    for (file, expected) in [
        ("empty.json", "names no server"),
        ("broken.json", "cannot be read"),
        ("missing.json", "missing.json"),
        ("vscode", ".vscode/mcp.json"),
    ] {
        let ended = world.run(&["init", "--mcp", file]);
        assert_ne!(ended.status, 0);
        assert!(ended.err.contains(expected), "{file}: {}", ended.err);
    }
}
