//! `placet init --mcp`: the servers of a client, a policy for their tools, and the gateway in their
//! place.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "init_mcp/looking.rs"]
mod looking;
#[path = "support/mcp.rs"]
mod mcp;
mod support;

use std::process::Command;

use mcp::{Client, server, text};
use serde_json::{Value, json};
use support::{Ended, World};

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
    assert!(said.contains("  read_note  read"), "{said}");
    assert!(said.contains("  delete_note  consequential"), "{said}");
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
fn what_is_there_already_is_kept_or_replaced_as_a_whole() {
    let world = world();
    let vetted = json!({ "x": { "digest": "sha256:00", "definition": { "name": "x" } } });
    let lock = json!({ "version": 1, "servers": { "other": vetted, "gone": vetted } });
    world.write("tools.lock", lock.to_string());
    world.write("notes.env", "TOKEN=old\n");
    let ended = world.run(&["init", "--mcp", "mcp.json"]);
    assert!(ended.err.contains("notes.env is there already"), "{}", ended.err);
    std::fs::rename(world.path("notes.env"), world.path("away")).unwrap();
    let ended = world.run(&["init", "--mcp", "mcp.json"]);
    assert!(ended.err.contains("tools.lock is there already"), "{}", ended.err);
    assert_eq!(world.read("tools.lock"), lock.to_string());
    for file in ["policy.toml", "servers.toml", "notes.env"] {
        assert!(!world.path(file).exists(), "{file}");
    }
    std::fs::rename(world.path("away"), world.path("notes.env")).unwrap();
    let told = world.ok(&["init", "--mcp", "mcp.json", "--force", "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let (notes, gone) = (&told["servers"][0], &told["servers"][1]);
    assert_eq!((&notes["name"], &notes["error"]), (&json!("notes"), &Value::Null), "{told}");
    assert_eq!(notes["tools"][0]["name"], "read_note");
    assert_eq!((&notes["tools"][0]["risk"], &told["read"]), (&json!("read"), &json!(1)));
    assert_eq!(notes["tools"][0]["suspicions"], json!([]));
    assert!(gone["error"].as_str().unwrap().contains("/nowhere/at/all"), "{told}");
    let now: Value = serde_json::from_str(&world.read("tools.lock")).unwrap();
    for server in ["other", "gone"] {
        assert_eq!(now["servers"][server], vetted, "nobody looked at {server} anew");
    }
    assert!(now["servers"]["notes"]["read_note"]["digest"].is_string());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = world.path("notes.env").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
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
         [mcp_servers.notes.env]\nTOKEN = \"s3cret\"\n# OLD = \"s3cret\"\n\n# mine, too\n\n# and its\n[profiles.x] # yes\nmodel = \"o2\"\n"
    );
    world.write("config.toml", &before);
    world.ok(&["init", "--mcp", "config.toml", "--rewrite"]);
    let now = world.read("config.toml");
    assert!(now.starts_with("# mine\nmodel = \"o1\"\n"), "{now}");
    assert!(
        now.contains("\n# mine, too\n\n# and its\n[profiles.x] # yes\nmodel = \"o2\"\n"),
        "{now}"
    );
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
        let ended = run(&world, &["init", "--mcp", file]);
        assert_ne!(ended.status, 0);
        assert!(ended.err.contains(expected), "{file}: {}", ended.err);
    }
}

/// The environment of a server behind the gateway that a client is configured with now.
fn environment(world: &World, entry: &Value, tool: &str) -> Value {
    let mut command = Command::new(entry["command"].as_str().unwrap());
    command.args(entry["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()));
    command.args(["--console", "127.0.0.1:0"]).env("XDG_STATE_HOME", world.path("state"));
    let mut client = Client::start(command);
    let answer = client.call(1, tool, &json!({}));
    serde_json::from_str(text(&answer)).unwrap()
}

fn run(world: &World, arguments: &[&str]) -> Ended {
    let mut command = world.command(arguments);
    command.env("HOME", world.path("home")).env("OWN_TOKEN", "s3cret");
    for unset in ["NOT_SET", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"] {
        command.env_remove(unset);
    }
    Ended::from(command.output().unwrap())
}

#[test]
fn what_an_entry_says_of_its_server_is_carried_over() {
    let world = World::new();
    for folder in ["there", ".cursor", "home"] {
        std::fs::create_dir(world.path(folder)).unwrap();
    }
    world.write("more.env", "# mine\nFROM_FILE='a b'\nBOTH=file\n\n");
    let there = std::fs::canonicalize(world.path("there")).unwrap();
    let settings = json!({ "mcpServers": {
        "notes": {
            "type": "stdio", "command": "python3", "args": [server(), "${env:MODE}"], "cwd": there,
            "envFile": "${workspaceFolder}/more.env", "timeout": 5,
            "env": { "TOKEN": "x-${env:OWN_TOKEN}", "BOTH": "entry", "HERE": "${userHome}$HOME" },
        },
        "off": { "command": "/nowhere", "disabled": true, "cwd": 5 },
    } });
    world.write(".cursor/mcp.json", settings.to_string());
    let line = ["init", "--mcp", ".cursor/mcp.json", "--rewrite"];
    let unset = run(&world, &line);
    assert!(unset.err.contains("the server notes uses the variable MODE"), "{}", unset.err);
    assert!(unset.err.contains("set MODE and run this again"), "{}", unset.err);
    assert!(!world.path("servers.toml").exists() && !world.path("policy.toml").exists());
    let mut command = world.command(&line);
    command.env("HOME", world.path("home")).env("OWN_TOKEN", "s3cret").env("MODE", "environment");
    let ended = Ended::from(command.output().unwrap());
    assert_eq!(ended.status, 0, "{}", ended.err);
    for copied in ["the variable OWN_TOKEN as it is now", "more.env as they are now"] {
        assert!(ended.out.contains(copied), "{}", ended.out);
    }
    assert!(ended.err.contains("the server off is turned off, and stays"), "{}", ended.err);
    let now: Value = serde_json::from_str(&world.read(".cursor/mcp.json")).unwrap();
    assert_eq!(now["mcpServers"]["off"], settings["mcpServers"]["off"]);
    assert!(!world.read("servers.toml").contains("s3cret"));
    let seen = environment(&world, &now["mcpServers"]["placet"], "notes__read_note");
    assert_eq!(seen["PWD"], json!(there));
    let home = format!("{}$HOME", world.path("home").display());
    for (name, value) in
        [("TOKEN", "x-s3cret"), ("BOTH", "entry"), ("FROM_FILE", "a b"), ("HERE", &home)]
    {
        assert_eq!(seen[name], json!(value), "{name}");
    }
}

#[test]
fn what_codex_says_of_its_servers_is_carried_over() {
    let world = World::new();
    world.write(
        "config.toml",
        "[mcp_servers.far]\nurl = \"http://127.0.0.1:1/mcp\"\nbearer_token_env_var = \"OWN_TOKEN\"\n\
         http_headers = { \"X-One\" = \"${1}\" }\nenv_http_headers = { \"X-Two\" = \"OWN_TOKEN\" }\n\n\
         [mcp_servers.near]\ncommand = \"/nowhere\"\nargs = [\"${HOME}\"]\nenv_vars = [\"OWN_TOKEN\"]\n\
         startup_timeout_sec = 3\n\n[mcp_servers.off]\ncommand = \"/off\"\nenabled = false\n",
    );
    let ended = run(&world, &["init", "--mcp", "config.toml", "--rewrite"]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    let headers = "X-One: ${1}\nX-Two: s3cret\nAuthorization: Bearer s3cret\n";
    assert_eq!(world.read("far.headers"), headers);
    assert_eq!(world.read("near.env"), "OWN_TOKEN=s3cret\n");
    assert!(world.read("servers.toml").contains("\"${HOME}\""), "Codex fills in nothing");
    let now = world.read("config.toml");
    assert!(now.contains("[mcp_servers.off]\ncommand = \"/off\"\nenabled = false\n"), "{now}");
    assert!(!now.contains("[mcp_servers.far]") && !now.contains("near"), "{now}");
}

#[test]
fn what_cannot_be_carried_over_is_refused_by_name_and_with_what_to_do() {
    let rows = [
        (json!({ "type": "sse", "url": "http://x" }), "speaks the older transport", "streamable"),
        (json!({ "type": "ws", "url": "http://x" }), "\"type\" that is not known", "stdio"),
        (
            json!({ "command": "a", "args": ["${input:key}"] }),
            "uses ${input:key}",
            "write the value",
        ),
        (
            json!({ "command": "a", "env": { "A": "${NOT_SET}" } }),
            "variable NOT_SET",
            "set NOT_SET",
        ),
        (json!({ "command": "a", "cwd": "here" }), "\"cwd\"", "the whole path"),
        (json!({ "command": "a", "envFile": ".env" }), "\"envFile\"", "the whole path"),
        (json!({ "url": "http://x", "headersHelper": "a" }), "\"headersHelper\"", "take that out"),
        (json!({ "command": "a", "url": "http://x" }), "both a command and a URL", "leave one"),
        (json!({ "command": "a", "headers": { "A": "b" } }), "\"headers\"", "take that out"),
        (json!({ "command": "a", "env": { "A": 1 } }), "\"env\"", "a text for each"),
        (json!({ "command": "a", "env": { "A": "b\nB=c" } }), "\"env\"", "on one line"),
        (json!({ "command": "a", "args": "b" }), "\"args\"", "a list of texts"),
        (json!({}), "neither a command nor a URL", "complete"),
        (json!("a"), "is no object", "write it"),
    ];
    for (entry, why, remedy) in rows {
        let world = World::new();
        let text = json!({ "mcpServers": { "good": { "command": "true" }, "odd one": entry } });
        world.write("mcp.json", text.to_string());
        let ended = run(&world, &["init", "--mcp", "mcp.json", "--rewrite"]);
        assert_eq!(ended.status, 3, "{entry}: {} {}", ended.out, ended.err);
        let said = format!("the server odd one {}", if entry == json!({}) { "has" } else { "" });
        assert!(ended.err.contains(said.trim_end()), "{entry}: {}", ended.err);
        assert!(ended.err.contains(why) && ended.err.contains(remedy), "{entry}: {}", ended.err);
        assert_eq!(world.read("mcp.json"), text.to_string());
        assert!(!world.path("servers.toml").exists(), "{entry}");
    }
}

#[test]
fn comments_stay_and_so_does_what_is_edited_before_it_is_undone() {
    let world = World::new();
    std::fs::create_dir(world.path(".vscode")).unwrap();
    let before = format!(
        "// mine\n{{\n  /* the servers */\n  \"servers\": {{\n    // one\n    \"notes\": {{\n      \
         \"command\": \"python3\", \"args\": [{:?},],\n    }},\n  }}, // end\n  \"inputs\": [],\n}}\n",
        server()
    );
    let file = ".vscode/mcp.json";
    world.write(file, &before);
    world.ok(&["init", "--mcp", file, "--rewrite"]);
    let now = world.read(file);
    assert!(
        now.starts_with("// mine\n{\n  /* the servers */\n  \"servers\": {\n    \"placet\": {")
    );
    assert!(now.ends_with("\n  }, // end\n  \"inputs\": [],\n}\n"), "{now}");
    world.ok(&["init", "--mcp", file, "--undo"]);
    assert_eq!(world.read(file), before);
    assert!(!world.path(".vscode/mcp.json.before-undo").exists());

    // Edited beside the servers.
    world.ok(&["init", "--mcp", file, "--rewrite", "--force"]);
    world.write(file, world.read(file).replace("\"inputs\": []", "\"inputs\": [1] // later"));
    let edited = world.read(file);
    let ended = world.run(&["init", "--mcp", file, "--undo"]);
    assert!(ended.err.contains("edited meanwhile"), "{}", ended.err);
    assert_eq!(world.read(file), before.replace("\"inputs\": []", "\"inputs\": [1] // later"));
    assert_eq!(world.read(".vscode/mcp.json.before-undo"), edited, "what it was is kept");

    // Another server beside the gateway.
    world.write(file, &before);
    world.ok(&["init", "--mcp", file, "--rewrite", "--force"]);
    let more =
        world.read(file).replace("\"servers\": {", "\"servers\": { \"b\": {\"command\": \"b\"},");
    world.write(file, more);
    world.ok(&["init", "--mcp", file, "--undo"]);
    let now = world.read(file);
    for kept in ["// mine", "\"notes\": {", "\"b\": {", "// end"] {
        assert!(now.contains(kept), "{kept}: {now}");
    }
    assert!(!now.contains("\"placet\""), "{now}");

    // The gateway was taken out by hand.
    world.write(file, &before);
    world.ok(&["init", "--mcp", file, "--rewrite", "--force"]);
    world.write(file, "{\"servers\": {}}");
    let ended = world.run(&["init", "--mcp", file, "--undo"]);
    assert_ne!(ended.status, 0);
    assert!(ended.err.contains("before-placet is still there"), "{}", ended.err);
    assert_eq!(world.read(file), "{\"servers\": {}}");
}

#[test]
fn later_edits_of_the_configuration_of_codex_stay_as_well() {
    let world = World::new();
    let before = format!(
        "model = \"o1\"\n\n[mcp_servers.notes]\ncommand = \"python3\"\nargs = [{:?}]\n\n[tui]\na = 1\n",
        server()
    );
    world.write("config.toml", &before);
    world.ok(&["init", "--mcp", "config.toml", "--rewrite"]);
    let now = world.read("config.toml").replace("o1", "o2");
    world.write("config.toml", format!("{now}\n[mcp_servers.b]\ncommand = \"b\"\n"));
    let ended = world.run(&["init", "--mcp", "config.toml", "--undo"]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    let now: toml::Table = toml::from_str(&world.read("config.toml")).unwrap();
    let mut expected: toml::Table = toml::from_str(&before.replace("o1", "o2")).unwrap();
    let servers = expected["mcp_servers"].as_table_mut().unwrap();
    servers.insert("b".to_owned(), toml::from_str("command = \"b\"").unwrap());
    assert_eq!(now, expected);
    assert!(world.path("config.toml.before-undo").exists());
}

#[test]
fn servers_that_claude_code_keeps_for_a_project_are_found_there() {
    let world = World::new();
    let here = std::fs::canonicalize(world.path(".")).unwrap();
    let here = here.to_str().unwrap();
    let notes = json!({ "command": "python3", "args": [server()] });
    let mut settings = json!({
        "numStartups": 7,
        "projects": {
            "/elsewhere": { "mcpServers": { "far": notes } },
            here: { "mcpServers": { "notes": notes }, "allowedTools": [] },
        },
    });
    let before = serde_json::to_string_pretty(&settings).unwrap();
    world.write("claude.json", &before);
    let ended = world.run(&["init", "--mcp", "claude.json", "--rewrite"]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(ended.err.contains("the servers of /elsewhere pass no gateway"), "{}", ended.err);
    let now: Value = serde_json::from_str(&world.read("claude.json")).unwrap();
    let servers = now["projects"][here]["mcpServers"].as_object().unwrap();
    assert_eq!(servers.keys().collect::<Vec<_>>(), ["placet"]);
    assert_eq!(now["projects"]["/elsewhere"], settings["projects"]["/elsewhere"]);
    assert!(now.get("mcpServers").is_none());
    let again = world.run(&["init", "--mcp", "claude.json", "--force"]);
    assert!(again.err.contains("points to the gateway already"), "{}", again.err);
    world.ok(&["init", "--mcp", "claude.json", "--undo"]);
    assert_eq!(world.read("claude.json"), before);

    settings["mcpServers"] = json!({ "mine": notes });
    world.write("claude.json", settings.to_string());
    let both = world.run(&["init", "--mcp", "claude.json", "--rewrite", "--force"]);
    assert!(both.err.contains("in two places of this file, mine and notes"), "{}", both.err);
    assert!(both.err.contains("claude mcp add --scope project"), "{}", both.err);
    settings["projects"][here]["mcpServers"] = json!({});
    settings["mcpServers"] = json!({});
    world.write("claude.json", settings.to_string());
    let none = world.run(&["init", "--mcp", "claude.json"]);
    assert!(
        none.err.contains("names no server") && none.err.contains("/elsewhere"),
        "{}",
        none.err
    );
}

#[test]
fn servers_of_the_same_client_in_another_file_are_named() {
    let world = World::new();
    std::fs::create_dir(world.path("home")).unwrap();
    let servers =
        json!({ "mcpServers": { "notes": { "command": "python3", "args": [server()] } } });
    for file in [".mcp.json", "home/.claude.json"] {
        world.write(file, servers.to_string());
    }
    let ended = run(&world, &["init", "--mcp", "claude-code"]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(ended.err.contains("home/.claude.json pass no gateway"), "{}", ended.err);
    world.write("home/.claude.json", "{}");
    let ended = run(&world, &["init", "--mcp", "claude-code", "--force"]);
    assert!(!ended.err.contains("pass no gateway"), "{}", ended.err);
}

#[test]
fn clients_that_keep_their_configuration_elsewhere_are_found_there() {
    let entry = json!({ "notes": { "command": "python3", "args": [server()] } });
    let table = format!("[mcp_servers.notes]\ncommand = \"python3\"\nargs = [{:?}]\n", server());
    for (client, variable, folder, file, text) in [
        (
            "claude-code",
            "CLAUDE_CONFIG_DIR",
            "own",
            "own/.claude.json",
            json!({ "mcpServers": entry }).to_string(),
        ),
        ("codex", "CODEX_HOME", "own", "own/config.toml", table.clone()),
        ("codex", "UNUSED", "own", ".codex/config.toml", table.clone()),
        (
            "vscode",
            "XDG_CONFIG_HOME",
            "own",
            "own/Code/User/mcp.json",
            json!({ "servers": entry }).to_string(),
        ),
    ] {
        let world = World::new();
        std::fs::create_dir_all(world.path(file).parent().unwrap()).unwrap();
        world.write(file, text);
        let mut command = world.command(&["init", "--mcp", client]);
        command.env("HOME", world.path("home")).env_remove("CODEX_HOME");
        command.env(variable, world.path(folder));
        let ended = Ended::from(command.output().unwrap());
        assert_eq!(ended.status, 0, "{client}: {}", ended.err);
        assert!(ended.out.contains("notes  2 tools"), "{client}: {}", ended.out);
    }
    // Of two files the one that names servers, and both are told of.
    let world = World::new();
    for (file, text) in
        [(".codex/config.toml", "model = \"o1\"\n"), ("home/.codex/config.toml", &table)]
    {
        std::fs::create_dir_all(world.path(file).parent().unwrap()).unwrap();
        world.write(file, text);
    }
    let ended = run(&world, &["init", "--mcp", "codex"]);
    assert!(ended.out.contains("notes  2 tools"), "{} {}", ended.out, ended.err);
    world.write(".codex/config.toml", &table);
    let ended = run(&world, &["init", "--mcp", "codex", "--force"]);
    assert!(ended.err.contains("home/.codex/config.toml pass no gateway"), "{}", ended.err);
}

#[test]
fn without_a_home_nothing_is_looked_for_in_this_folder_in_its_place() {
    let world = World::new();
    let servers =
        json!({ "mcpServers": { "notes": { "command": "python3", "args": [server()] } } });
    world.write(".claude.json", servers.to_string());
    for home in [None, Some(""), Some("here")] {
        let mut command = world.command(&["init", "--mcp", "claude-code"]);
        command.env_remove("HOME").env_remove("CLAUDE_CONFIG_DIR");
        command.envs(home.map(|home| ("HOME", home)));
        let ended = Ended::from(command.output().unwrap());
        assert_ne!(ended.status, 0, "{home:?}: {}", ended.out);
        assert!(ended.err.contains("HOME is not set"), "{home:?}: {}", ended.err);
    }
    assert!(!world.path("policy.toml").exists());
    let mut command = world.command(&["init", "--mcp", ".claude.json"]);
    command.env_remove("HOME");
    assert_eq!(Ended::from(command.output().unwrap()).status, 0, "a file needs no home");
}

#[test]
fn what_was_edited_after_the_first_step_is_what_the_second_puts_in_place() {
    let world = world();
    let said = world.run(&["init", "--mcp", "mcp.json"]);
    assert!(said.err.contains("init --mcp mcp.json --rewrite"), "{}", said.err);
    assert!(!said.err.contains("--force"), "{}", said.err);
    let edited = world.read("policy.toml").replace("mode = \"shadow\"", "mode = \"enforce\"");
    assert!(edited.contains("mode = \"enforce\""), "{edited}");
    world.write("policy.toml", &edited);
    let others = ["servers.toml", "tools.lock", "notes.env"];
    let before = others.map(|file| world.read(file));
    let ended = world.run(&["init", "--mcp", "mcp.json", "--rewrite"]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(ended.out.contains("as it is"), "{}", ended.out);
    assert_eq!(world.read("policy.toml"), edited);
    assert_eq!(others.map(|file| world.read(file)), before);
    let now: Value = serde_json::from_str(&world.read("mcp.json")).unwrap();
    assert!(now["mcpServers"].get("placet").is_some(), "{now}");
    world.ok(&["init", "--mcp", "mcp.json", "--undo"]);

    // By force a new one takes its place, and the old one is kept; another time as well.
    for copy in ["policy.toml.before-init", "policy.toml.before-init-2"] {
        world.write("policy.toml", format!("{edited}# {copy}\n"));
        let ended = world.run(&["init", "--mcp", "mcp.json", "--force"]);
        assert_eq!(ended.status, 0, "{}", ended.err);
        assert!(ended.err.contains(copy), "{}", ended.err);
        assert_eq!(world.read(copy), format!("{edited}# {copy}\n"));
        assert!(world.read("policy.toml").contains("mode = \"shadow\""));
    }
    // A server that is not among those of the first step would be lost.
    let more =
        world.read("mcp.json").replace("\"gone\":", "\"new\": {\"command\": \"a\"}, \"gone\":");
    world.write("mcp.json", &more);
    let ended = world.run(&["init", "--mcp", "mcp.json", "--rewrite"]);
    assert_eq!(ended.status, 3, "{}", ended.out);
    assert!(ended.err.contains("servers.toml") && ended.err.contains("new"), "{}", ended.err);
    assert_eq!(world.read("mcp.json"), more);
    // Nor does a policy that cannot be used get into the path.
    world.write("mcp.json", more.replace("\"new\": {\"command\": \"a\"}, ", ""));
    world.write("policy.toml", "version = 2\n");
    let ended = world.run(&["init", "--mcp", "mcp.json", "--rewrite"]);
    assert_eq!(ended.status, 3, "{}", ended.out);
    assert!(ended.err.contains("policy.toml"), "{}", ended.err);
}
