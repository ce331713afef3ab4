//! `placet mcp`: an agent that nobody can edit, and what stands between it and its servers.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "mcp/beside.rs"]
mod beside;
#[path = "support/mcp.rs"]
mod mcp;
mod support;

use std::process::Command;

use mcp::{Client, approval, server, text};
use serde_json::{Value, json};
use support::World;
use support::daemon::{Daemon, agent, call, key};

const POLICY: &str = r#"
version = 1
[actions.read_note]
risk = "read"
[actions.delete_note]
risk = "consequential"
approval = { fields = [] }
"#;

/// A gateway in front of the server that misbehaves like this.
fn gateway(world: &World, arguments: &[&str], mode: &str) -> Command {
    let server = server();
    let ran = world.path("ran.txt");
    let tail = ["--", "python3", server.to_str().unwrap(), mode, ran.to_str().unwrap()];
    let mut command = world.command(&[&["mcp"], arguments, &tail[..]].concat());
    command.env("XDG_STATE_HOME", world.path("state"));
    command
}

const OWN: [&str; 8] = [
    "--policy",
    "policy.toml",
    "--log",
    "placet.db",
    "--lock",
    "tools.lock",
    "--console",
    "127.0.0.1:0",
];

fn world() -> World {
    let world = World::new();
    world.write("policy.toml", POLICY);
    world
}

#[test]
fn what_a_server_that_does_not_read_was_not_told_is_said() {
    let world = world();
    let arguments = [&OWN[..], &["--call-timeout", "200ms"]].concat();
    let mut client = Client::start(gateway(&world, &arguments, "deaf"));
    client.call(1, "read_note", &json!({ "note": 1 }));
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/x", "params": "x".repeat(4096) });
    for _ in 0..200 {
        client.send(&note);
    }
    let line = client.line("not passed on");
    assert!(line.contains("notifications/x") && line.contains("does not read"), "{line}");
}

/// What somebody vetted was another description of both tools than what the server lists now.
fn with_changed_tools() -> World {
    let world = world();
    let mut client = Client::start(gateway(&world, &OWN, "good"));
    client.call(1, "read_note", &json!({ "note": 1 }));
    assert!(client.end().success());
    let mut lock: Value = serde_json::from_str(&lock(&world)).unwrap();
    for tool in ["read_note", "delete_note"] {
        let vetted = &mut lock["servers"]["server"][tool];
        vetted["definition"]["description"] = json!("Does it,\nand\u{200b} no more.");
        vetted["digest"] = json!(format!("sha256:{}", "0".repeat(64)));
    }
    world.write("tools.lock", lock.to_string());
    world
}

fn lock(world: &World) -> String {
    std::fs::read_to_string(world.path("tools.lock")).unwrap()
}

#[test]
fn a_changed_tool_is_accepted_by_whoever_has_seen_what_changed() {
    let world = with_changed_tools();
    let run = |arguments: &[&str]| {
        let arguments = [&["--lock", "tools.lock"], arguments].concat();
        let ended = gateway(&world, &arguments, "good").output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (ended.status.code().unwrap(), text(&ended.stdout), text(&ended.stderr))
    };
    let described = |tool: &str| {
        let lock: Value = serde_json::from_str(&lock(&world)).unwrap();
        lock["servers"]["server"][tool]["definition"]["description"] == "Does it."
    };
    let (status, out, err) = run(&["--accept", "read_note"]);
    assert!(status == 2 && err.contains("no terminal"), "{status} {err}");
    assert!(out.contains("- Does it,") && out.contains("- and<U+200B> no more."), "{out}");
    assert!(out.contains("+ Does it.") && !out.contains("delete_note"), "{out}");
    assert!(!described("read_note"), "nobody said so");
    let (status, _, err) = run(&["--accept", "read_note", "--yes"]);
    assert_eq!(status, 0, "{err}");
    assert!(described("read_note") && !described("delete_note"));
    let (status, _, err) = run(&["--accept", "no_note", "--yes"]);
    assert!(status != 0 && err.contains("no_note"), "{err}");
    let (status, out, err) = run(&["--accept-all", "--yes", "--json"]);
    assert_eq!(status, 0, "{err}");
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told[0]["changes"]["description"]["is"], "Does it.", "{told}");
    assert!(described("delete_note"));
    let (status, _, err) = run(&["--accept-all"]);
    assert!(status == 0 && err.contains("as it was vetted"), "{status} {err}");
    assert_eq!(ran(&world), 1, "the gateway itself calls nothing");
    let mut client = Client::start(gateway(&world, &OWN, "good"));
    assert_eq!(text(&client.call(1, "read_note", &json!({ "note": 2 }))), "done");
    assert!(client.end().success());
}

/// The calls that reached the server.
fn ran(world: &World) -> usize {
    std::fs::read_to_string(world.path("ran.txt")).unwrap_or_default().lines().count()
}

#[test]
fn nothing_has_to_be_configured() {
    let world = World::new();
    let mut client =
        Client::start(gateway(&world, &["--console", "127.0.0.1:0", "--hold", "100ms"], "good"));
    assert!(client.line("/enrol#").contains("http://127.0.0.1:"));
    assert_eq!(text(&client.call(1, "read_note", &json!({ "note": 1 }))), "done");
    let refused = client.call(2, "delete_note", &json!({ "note": 1 }));
    assert!(text(&refused).contains("waits for a person's approval (apr_"), "{refused}");
    assert!(client.end().success());
    assert_eq!(ran(&world), 1);
    // The log goes on where it ended, and verifies.
    let mut client =
        Client::start(gateway(&world, &["--console", "127.0.0.1:0", "--hold", "100ms"], "good"));
    client.call(1, "read_note", &json!({ "note": 2 }));
    assert!(client.end().success());
    let folders = std::fs::read_dir(world.path("state/placet/mcp")).unwrap();
    let folders: Vec<_> = folders.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(folders.len(), 1);
    let log = folders[0].join("placet.db");
    world.ok(&["log", "verify", "--log", log.to_str().unwrap()]);
}

#[test]
fn at_a_daemon_people_answer_in_its_inbox() {
    let world = world();
    let agent_key = key(&world, &["--scope", "agent", "--tenant", "default"]);
    world.ok(&["people", "invite", "dana", "--role", "approver", "--log", "placet.db"]);
    let approver = key(&world, &["--scope", "approver", "--person", "dana"]);
    let daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    let mut command = gateway(&world, &["--hold", "200ms", "--lock", "tools.lock"], "good");
    command.env("PLACET_URL", daemon.url()).env("PLACET_KEY", &agent_key);
    let mut client = Client::start(command);
    let answer = |approval: &str, body: &Value| {
        let path = format!("/v1/approvals/{approval}/resolve");
        call(&agent(), &daemon.url(), "POST", &path, &approver, Some(body)).unwrap()
    };
    let waits = client.call(1, "delete_note", &json!({ "note": 1 }));
    assert!(text(&waits).contains(&format!("{}/console/actions/", daemon.url())), "{waits}");
    assert_eq!(answer(&approval(text(&waits)), &json!({ "approved": true })).0, 200);
    assert_eq!(text(&client.call(2, "delete_note", &json!({ "note": 1 }))), "done");
    assert_eq!(ran(&world), 1);
    let denied = client.call(3, "delete_note", &json!({ "note": 2 }));
    answer(&approval(text(&denied)), &json!({ "approved": false, "reason": "keep it" }));
    let told = client.call(4, "delete_note", &json!({ "note": 2 }));
    assert!(text(&told).contains("keep it"), "{told}");
    assert_eq!(ran(&world), 1);
}

#[test]
fn a_daemon_that_is_gone_permits_nothing() {
    let world = world();
    let agent_key = key(&world, &["--scope", "agent", "--tenant", "default"]);
    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    let mut command = gateway(&world, &["--lock", "tools.lock"], "good");
    command.env("PLACET_URL", daemon.url()).env("PLACET_KEY", &agent_key);
    let mut client = Client::start(command);
    assert_eq!(text(&client.call(1, "read_note", &json!({}))), "done");
    daemon.kill();
    let refused = client.call(2, "read_note", &json!({}));
    assert!(text(&refused).contains("does not answer"), "{refused}");
    assert!(!text(&refused).contains(&agent_key));
    assert_eq!(ran(&world), 1);
}

#[test]
fn what_is_approved_after_the_daemon_was_away_runs_once() {
    let world = world();
    let agent_key = key(&world, &["--scope", "agent", "--tenant", "default"]);
    world.ok(&["people", "invite", "dana", "--role", "approver", "--log", "placet.db"]);
    let approver = key(&world, &["--scope", "approver", "--person", "dana"]);
    let mut daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
    let mut command = gateway(&world, &["--hold", "600s", "--lock", "tools.lock"], "good");
    command.env("PLACET_URL", daemon.url()).env("PLACET_KEY", &agent_key);
    let mut client = Client::start(command);
    let params = json!({ "name": "delete_note", "arguments": { "note": 1 } });
    let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    client.send(&asked);
    let held = loop {
        let (_, waiting) = daemon.call("GET", "/v1/approvals", &approver, None);
        if waiting.contains("apr_") {
            break approval(&waiting);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    daemon.kill();
    let told = client.hear();
    assert!(text(&told).contains(&held), "{told}");
    let arguments = ["serve", "--listen", &daemon.address, "--policy", "policy.toml"];
    let daemon = Daemon::run(world.command(&arguments));
    let path = format!("/v1/approvals/{held}/resolve");
    let yes = json!({ "approved": true });
    assert_eq!(daemon.call("POST", &path, &approver, Some(&yes)).0, 200);
    assert_eq!(text(&client.call(2, "delete_note", &json!({ "note": 1 }))), "done");
    assert_eq!(ran(&world), 1);
}

#[test]
fn in_shadow_a_daemon_that_is_gone_stops_nobody() {
    let world = world();
    let mut command = gateway(&world, &["--shadow", "--lock", "tools.lock"], "good");
    command.env("PLACET_URL", "http://127.0.0.1:9").env("PLACET_KEY", "plc_nobody");
    let mut client = Client::start(command);
    assert_eq!(text(&client.call(1, "delete_note", &json!({}))), "done");
}

#[test]
fn in_shadow_nothing_is_stopped_without_a_policy_either() {
    let world = World::new();
    let mut client =
        Client::start(gateway(&world, &["--shadow", "--console", "127.0.0.1:0"], "good"));
    assert_eq!(text(&client.call(1, "delete_note", &json!({ "note": 1 }))), "done");
    assert!(client.end().success());
    assert_eq!(ran(&world), 1);
}

#[test]
fn in_shadow_a_call_too_large_to_be_judged_runs_and_is_noted() {
    for (mode, runs) in [("shadow", true), ("enforce", false)] {
        let world = World::new();
        world.write("policy.toml", format!("mode = {mode:?}\n{POLICY}"));
        let mut client = Client::start(gateway(&world, &OWN, "good"));
        let answer = client.call(1, "read_note", &json!({ "text": "x".repeat(20 << 20) }));
        if runs {
            assert_eq!(text(&answer), "done");
        } else {
            let why = answer["error"]["message"].as_str().unwrap();
            assert!(why.contains("cannot be judged"), "{why}");
        }
        assert!(client.end().success());
        assert_eq!(ran(&world), usize::from(runs));
        let log = world.ok(&["log", "show", "--log", "placet.db"]);
        assert_eq!(log.contains("unjudged_call"), runs, "{log}");
    }
}

#[test]
fn a_server_that_misbehaves_gets_a_clear_answer() {
    for (mode, expected) in [("twice", "once"), ("garbage", "after the garbage"), ("good", "done")]
    {
        let world = world();
        let mut client = Client::start(gateway(&world, &OWN, mode));
        assert_eq!(text(&client.call(1, "read_note", &json!({}))), expected);
        assert_eq!(client.ask(2, "ping", &json!({}))["result"], json!({}));
        assert!(client.end().success());
    }
}

#[test]
fn a_message_of_a_hundred_megabytes_is_said_to_be_too_large() {
    let world = world();
    let mut client = Client::start(gateway(&world, &OWN, "big"));
    let answer = client.call(1, "read_note", &json!({}));
    let why = answer["error"]["message"].as_str().unwrap();
    assert!(why.contains("bytes was skipped"), "{why}");
    assert_eq!(client.ask(2, "ping", &json!({}))["result"], json!({}));
}

#[test]
fn a_server_that_dies_ends_the_gateway_with_an_answer() {
    let world = world();
    let mut client = Client::start(gateway(&world, &OWN, "die"));
    let answer = client.call(1, "read_note", &json!({}));
    assert!(answer["error"]["message"].as_str().unwrap().contains("ended"), "{answer}");
    assert!(client.line("ended by itself").contains('7'));
    assert_eq!(client.end().code(), Some(3));
}

#[test]
fn a_server_that_is_silent_is_given_up() {
    let world = world();
    let arguments = [&OWN[..], &["--call-timeout", "200ms"]].concat();
    let mut client = Client::start(gateway(&world, &arguments, "silent"));
    let answer = client.call(1, "read_note", &json!({}));
    assert!(answer["error"]["message"].as_str().unwrap().contains("in time"), "{answer}");
}

#[test]
fn a_server_never_sees_the_key_of_the_gateway_nor_the_agent_those_of_the_server() {
    let world = world();
    world.write("secret.env", "# for the server\nTOKEN=s3cret\n");
    let server = server();
    world.write(
        "servers.toml",
        format!(
            "[servers.notes]\ncommand = [\"python3\", {:?}, \"environment\"]\n\
             env = {{ PLAIN = \"yes\" }}\nsecrets = \"secret.env\"\n",
            server.to_str().unwrap()
        ),
    );
    let mut arguments = vec!["mcp", "--config", "servers.toml", "--shadow"];
    arguments.extend(&OWN[2..]);
    let mut command = world.command(&arguments);
    command.env("PLACET_KEY", "plc_secret").env("XDG_STATE_HOME", world.path("state"));
    let mut client = Client::start(command);
    let answer = client.call(1, "notes__read_note", &json!({}));
    let seen: Value = serde_json::from_str(text(&answer)).unwrap();
    assert_eq!((&seen["TOKEN"], &seen["PLAIN"]), (&json!("s3cret"), &json!("yes")));
    assert_eq!(seen["PLACET_KEY"], Value::Null);
}

#[test]
fn of_several_servers_one_that_cannot_be_started_is_named_and_left_out() {
    let world = world();
    let typo = "[servers.typo]\ncommand = [\"/nowhere/at/all\"]\n";
    let good = format!("[servers.notes]\ncommand = [\"python3\", {:?}]\n", server());
    for (servers, status) in
        [(format!("{typo}{good}"), 0), (typo.to_owned() + &typo.replace("typo", "too"), 3)]
    {
        world.write("servers.toml", &servers);
        let mut command = world.command(&[&["mcp", "--config", "servers.toml"], &OWN[..]].concat());
        command.env("XDG_STATE_HOME", world.path("state"));
        let mut client = Client::start(command);
        assert!(client.line("left out").contains("cannot start /nowhere/at/all"));
        if status == 0 {
            let tools = client.ask(1, "tools/list", &json!({}));
            assert_eq!(tools["result"]["tools"][0]["name"], "notes__read_note");
        }
        assert_eq!(client.end().code(), Some(status));
    }
}

#[test]
fn what_makes_no_sense_is_said_so() {
    let world = world();
    for (arguments, expected) in [
        (&["mcp", "--server-url", "nonsense"][..], "is no URL of a server"),
        (&["mcp", "--config", "missing.toml"], "missing.toml"),
        (&["mcp", "--listen", "0.0.0.0:0", "--log", "x.db", "--", "true"], "plain text"),
        (&["mcp", "--name", "a__b", "--", "true"], "a__b"),
        (&["mcp", "--name", "a_", "--", "true"], "a_"),
        (&["mcp"], "COMMAND"),
    ] {
        let mut command = world.command(arguments);
        command.env("XDG_STATE_HOME", world.path("state"));
        let ended = support::Ended::from(command.output().unwrap());
        assert_ne!(ended.status, 0);
        assert!(ended.err.contains(expected), "{arguments:?}: {}", ended.err);
    }
    for name in ["a__b", "a_", "_a"] {
        world.write("lonely.toml", format!("[servers.\"{name}\"]\ncommand = [\"true\"]\n"));
        let ended = world.run(&["mcp", "--config", "lonely.toml"]);
        assert!(ended.err.contains(&format!("{name:?}")), "{}", ended.err);
    }
}

/// A client over HTTP: status, session and the data of the last event of the answer.
fn post(url: &str, session: Option<&str>, message: &Value) -> (u16, Option<String>, Value) {
    let session = session.map(|session| ("mcp-session-id", session));
    post_with(url, session.as_slice(), message)
}

fn post_with(url: &str, headers: &[(&str, &str)], message: &Value) -> (u16, Option<String>, Value) {
    let mut request = agent()
        .post(url)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut answer = request.send(message.to_string()).unwrap();
    let begun = answer.headers().get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned());
    let text = answer.body_mut().read_to_string().unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
    let message = serde_json::from_str(data.unwrap_or(&text)).unwrap_or_default();
    (answer.status().as_u16(), begun, message)
}

#[test]
fn clients_over_http_each_get_a_server_of_their_own() {
    let world = world();
    let arguments = [&OWN[..], &["--listen", "127.0.0.1:0", "--hold", "100ms"]].concat();
    let gateway = Daemon::run(gateway(&world, &arguments, "good"));
    let url = format!("{}/mcp", gateway.url());
    let ask = |id: u64, method: &str, params: &Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    let introduction =
        ask(0, "initialize", &json!({ "protocolVersion": "2025-11-25", "capabilities": {} }));
    let (status, first, answer) = post(&url, None, &introduction);
    assert_eq!((status, &answer["result"]["serverInfo"]["name"]), (200, &json!("test")));
    let (_, second, _) = post(&url, None, &introduction);
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first, second);
    let told = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(post(&url, Some(&first), &told).0, 202);
    for session in [&first, &second] {
        let read = ask(1, "tools/call", &json!({ "name": "read_note", "arguments": {} }));
        let (_, _, answer) = post(&url, Some(session), &read);
        assert_eq!((text(&answer), &answer["id"]), ("done", &json!(1)));
    }
    let delete = ask(2, "tools/call", &json!({ "name": "delete_note", "arguments": {} }));
    let (_, _, held) = post(&url, Some(&first), &delete);
    assert!(text(&held).contains("apr_"), "{held}");
    assert_eq!(ran(&world), 2);
    // Without a session, or with one that is over, there is nothing; nor for pages of the web.
    assert_eq!(post(&url, None, &delete).0, 400);
    let ended = agent().delete(&url).header("mcp-session-id", &first).call().unwrap();
    assert_eq!(ended.status(), 200);
    assert_eq!(post(&url, Some(&first), &delete).0, 404);
    let foreign = agent().post(&url).header("origin", "https://evil.example").send("{}").unwrap();
    assert_eq!(foreign.status(), 403);
}

#[test]
fn several_servers_are_one_over_http_in_sessions_and_without() {
    let world = world();
    let notes = |name: &str, mode: &str| {
        let (server, ran) = (server(), world.path("ran.txt"));
        format!("[servers.{name}]\ncommand = [\"python3\", {server:?}, {mode:?}, {ran:?}]\n")
    };
    let policy = POLICY.replace("actions.", "actions.mcp__b__");
    world.write("policy.toml", policy);
    for mode in ["good", "modern"] {
        let file = format!("{mode}.toml");
        world.write(&file, notes("a", mode) + &notes("b", mode));
        let mut command = world
            .command(&[&["mcp", "--config", &file, "--listen", "127.0.0.1:0"], &OWN[..]].concat());
        command.env("XDG_STATE_HOME", world.path("state"));
        let gateway = Daemon::run(command);
        let url = format!("{}/mcp", gateway.url());
        let ask = |method: &str, params: &Value| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut read = json!({ "name": "b__read_note", "arguments": {} });
        let answer = if mode == "good" {
            let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {} });
            let (_, session, answer) = post(&url, None, &ask("initialize", &params));
            assert_eq!(answer["result"]["serverInfo"]["name"], "placet");
            post(&url, session.as_deref(), &ask("tools/call", &read)).2
        } else {
            let version = "2026-07-28";
            read["_meta"] = json!({ "io.modelcontextprotocol/protocolVersion": version });
            let headers = [
                ("mcp-protocol-version", version),
                ("mcp-method", "tools/call"),
                ("mcp-name", "b__read_note"),
            ];
            post_with(&url, &headers, &ask("tools/call", &read)).2
        };
        assert_eq!(text(&answer), "done");
    }
    assert_eq!(ran(&world), 2);
}
