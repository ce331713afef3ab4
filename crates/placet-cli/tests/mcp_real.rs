//! Real servers and real clients of MCP, with the gateway between them.
//!
//! They come from the npm registry. Where they cannot be installed this says so and is skipped, except
//! in continuous integration, where they must be there.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/npm.rs"]
mod npm;
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::World;
use support::daemon::{Daemon, agent, call, key};

/// In versions that were seen to work as these tests say.
const PACKAGES: [&str; 6] = [
    "@modelcontextprotocol/conformance@0.2.0-alpha.12",
    "@modelcontextprotocol/inspector@2.12.0",
    "@modelcontextprotocol/server-everything@2026.8.31",
    "@modelcontextprotocol/server-filesystem@2026.8.31",
    "@modelcontextprotocol/server-memory@2026.8.31",
    "node@24",
];

/// The folder of the packages; none where they cannot be had.
fn packages() -> Option<PathBuf> {
    match npm::packages("mcp", &PACKAGES) {
        Ok(folder) => Some(folder.join("node_modules")),
        Err(why) if std::env::var_os("CI").is_none() => {
            println!("skipped: {why}");
            None
        }
        Err(why) => panic!("{why}"),
    }
}

/// A daemon, a client that asks it through a gateway, and a person.
struct Scene {
    world: World,
    modules: PathBuf,
    daemon: Daemon,
    approver: String,
}

const POLICY: &str = r#"
version = 1
unclassified = "inspect"
[actions."mcp__files__write_file"]
risk = "reversible_write"
approval = { fields = [] }
[actions."mcp__memory__delete_*"]
risk = "consequential"
approval = { fields = [] }
"#;

impl Scene {
    fn new() -> Option<Self> {
        let modules = packages()?;
        let world = World::new();
        world.write("policy.toml", POLICY);
        std::fs::create_dir(world.path("files")).unwrap();
        world.write("files/note.txt", "remember the milk");
        world.ok(&["people", "invite", "dana", "--role", "approver", "--log", "placet.db"]);
        let agent_key = key(&world, &["--scope", "agent", "--tenant", "default"]);
        let approver = key(&world, &["--scope", "approver", "--person", "dana"]);
        let daemon = Daemon::start(&world, &["--policy", "policy.toml"]);
        let node = modules.join("node/bin/node");
        let at = |package: &str| {
            modules.join("@modelcontextprotocol").join(package).join("dist/index.js")
        };
        world.write(
            "servers.toml",
            format!(
                "[servers.files]\ncommand = [{node:?}, {:?}, {:?}]\n[servers.memory]\n\
                 command = [{node:?}, {:?}]\nenv = {{ MEMORY_FILE_PATH = {:?} }}\n",
                at("server-filesystem"),
                world.path("files"),
                at("server-memory"),
                world.path("memory.jsonl"),
            ),
        );
        let gateway = json!({ "mcpServers": { "gateway": {
            "command": env!("CARGO_BIN_EXE_placet"),
            "args": ["mcp", "--config", world.path("servers.toml"), "--lock", world.path("tools.lock"), "--hold", "30s"],
            "env": { "PLACET_URL": daemon.url(), "PLACET_KEY": agent_key },
        } } });
        world.write("client.json", gateway.to_string());
        Some(Self { world, modules, daemon, approver })
    }

    /// The inspector's command line, with one method.
    fn inspector(&self, arguments: &[&str]) -> Command {
        let node = self.modules.join("node/bin");
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(node.join("node"));
        command
            .arg(
                self.modules
                    .join("@modelcontextprotocol/inspector/clients/launcher/build/index.js"),
            )
            .args(["--cli", "--config"])
            .arg(self.world.path("client.json"))
            .args(["--server", "gateway", "--method"])
            .args(arguments)
            .env("PATH", format!("{}:{path}", node.display()))
            .env("MCP_INSPECTOR_SECRET_STORE", "memory")
            .env("HOME", self.world.path("."))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    }

    fn asks(&self, arguments: &[&str]) -> String {
        let output = self.inspector(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Answers what waits, as soon as something does.
    fn answer(&self, body: &Value) {
        let people = agent();
        let request = |method: &str, path: &str, body: Option<&Value>| {
            call(&people, &self.daemon.url(), method, path, &self.approver, body).unwrap()
        };
        for _ in 0..6_000 {
            let (_, open) = request("GET", "/v1/approvals", None);
            if let Some(start) = open.find("apr_") {
                let id: String = open[start..].chars().take("apr_".len() + 36).collect();
                let path = format!("/v1/approvals/{id}/resolve");
                assert_eq!(request("POST", &path, Some(body)).0, 200);
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("nothing waits for anybody");
    }
}

fn arguments<'a>(tool: &'a str, pairs: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["tools/call", "--tool-name", tool];
    for pair in pairs {
        all.extend(["--tool-arg", pair]);
    }
    all
}

#[test]
fn reads_pass_writes_wait_and_what_is_refused_does_not_happen() {
    let Some(scene) = Scene::new() else { return };
    let tools = scene.asks(&["tools/list"]);
    for tool in ["files__read_text_file", "files__write_file", "memory__delete_entities"] {
        assert!(tools.contains(tool), "{tools}");
    }
    let note = format!("path={}", scene.world.path("files/note.txt").display());
    let read = scene.asks(&arguments("files__read_text_file", &[&note]));
    assert!(read.contains("remember the milk"), "{read}");

    let written = format!("path={}", scene.world.path("files/new.txt").display());
    let write = arguments("files__write_file", &[&written, "content=by an agent"]);
    let waiting = scene.inspector(&write).spawn().unwrap();
    scene.answer(&json!({ "approved": true }));
    assert!(waiting.wait_with_output().unwrap().status.success());
    assert_eq!(scene.world.read("files/new.txt"), "by an agent");

    let graph =
        r#"{"type":"entity","name":"milk","entityType":"thing","observations":["is white"]}"#;
    scene.world.write("memory.jsonl", format!("{graph}\n"));
    let delete = arguments("memory__delete_entities", &[r#"entityNames=["milk"]"#]);
    let waiting = scene.inspector(&delete).spawn().unwrap();
    scene.answer(&json!({ "approved": false, "reason": "we need the milk" }));
    let output = waiting.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("we need the milk"), "{said}");
    assert!(scene.world.read("memory.jsonl").contains("milk"));
}

/// What the conformance suite says of a server: each check of each scenario, in order.
fn conformance(
    modules: &Path,
    world: &World,
    url: &str,
    version: &str,
    name: &str,
) -> BTreeMap<String, String> {
    let ended = Command::new(modules.join("node/bin/node"))
        .arg(modules.join("@modelcontextprotocol/conformance/dist/index.js"))
        .args([
            "server",
            "--suite",
            "all",
            "--url",
            url,
            "--spec-version",
            version,
            "--timeout",
            "20000",
        ])
        .arg("--output-dir")
        .arg(world.path(name))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut checks = BTreeMap::new();
    let folders = std::fs::read_dir(world.path(name))
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ended.stderr)));
    for folder in folders.map(|entry| entry.unwrap().path()) {
        let scenario = folder.file_name().unwrap().to_string_lossy().into_owned();
        let scenario = scenario.split("-20").next().unwrap_or_default().to_owned();
        let text = std::fs::read_to_string(folder.join("checks.json")).unwrap();
        let found: Value = serde_json::from_str(&text).unwrap();
        for (number, check) in found.as_array().unwrap().iter().enumerate() {
            let place = format!("{scenario} {number} {}", check["id"].as_str().unwrap_or_default());
            checks.insert(place, check["status"].as_str().unwrap_or_default().to_owned());
        }
    }
    checks
}

/// A server that listens at a port of its own, killed when it is dropped.
struct Listening(std::process::Child);

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for(port: u16) {
    for _ in 0..3_000 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("nobody listens at {port}");
}

#[test]
fn the_conformance_suite_sees_no_difference() {
    let Some(modules) = packages() else { return };
    let world = World::new();
    world.write("policy.toml", "version = 1\nmode = \"shadow\"\n");
    let port = free_port();
    let server = Command::new(modules.join("node/bin/node"))
        .arg(modules.join("@modelcontextprotocol/server-everything/dist/index.js"))
        .arg("streamableHttp")
        .env("PORT", port.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _server = Listening(server);
    wait_for(port);
    let url = format!("http://127.0.0.1:{port}/mcp");
    let own = free_port();
    let listen = format!("127.0.0.1:{own}");
    let gateway = world
        .command(&[
            "mcp",
            "--server-url",
            &url,
            "--listen",
            &listen,
            "--policy",
            "policy.toml",
            "--log",
            "placet.db",
            "--lock",
            "tools.lock",
            "--console",
            "127.0.0.1:0",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _gateway = Listening(gateway);
    wait_for(own);
    for version in ["2025-11-25", "2026-07-28"] {
        let through = format!("http://{listen}/mcp");
        let direct = conformance(&modules, &world, &url, version, &format!("direct-{version}"));
        let passed = conformance(&modules, &world, &through, version, &format!("passed-{version}"));
        let successes = direct.values().filter(|status| *status == "SUCCESS").count();
        assert!(successes > 10, "{version}: the suite itself does not work here: {direct:?}");
        assert_eq!(
            direct.keys().collect::<Vec<_>>(),
            passed.keys().collect::<Vec<_>>(),
            "{version}"
        );
        let differs = |(check, status): &(&String, &String)| direct.get(*check) != Some(*status);
        // This server takes requests of any host, and the gateway does not.
        let is_refused = |check: &str| check.ends_with("localhost-host-rebinding-rejected");
        let others = passed.iter().filter(differs).filter(|(check, _)| !is_refused(check));
        assert_eq!(others.collect::<Vec<_>>(), [], "{version}");
    }
}
