//! Servers of the npm registry behind the gateway, a client of the npm registry before it, and a person.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::browser::PASSWORD;
use crate::chromium::{Chromium, Tab};
use crate::packages;
use crate::support::World;
use crate::support::daemon::{Daemon, key};

/// A daemon, and a client that asks it through a gateway.
struct Scene {
    world: World,
    modules: PathBuf,
    daemon: Daemon,
    invitation: String,
}

const POLICY: &str = r#"
version = 1
unclassified = "inspect"
[actions."mcp__files__write_file"]
risk = "reversible_write"
approval = { fields = ["verbatim_response"], least_length = 10 }
[actions."mcp__memory__delete_*"]
risk = "consequential"
approval = { fields = ["verbatim_response"], least_length = 10 }
"#;

const STATEMENT: &str = "Dana asked for it on the phone, word for word.";

/// The page that says what became of an answer is there as a whole.
const ANSWERED: &str = "location.search.includes('answered') && document.readyState === 'complete'";

/// What the memory server remembers: a file with a line for each thing.
const GRAPH: &str = concat!(
    r#"{"type":"entity","name":"milk","entityType":"thing","observations":["is white"]}"#,
    "\n",
    r#"{"type":"entity","name":"bread","entityType":"thing","observations":["is stale"]}"#,
    "\n",
);

impl Scene {
    fn new() -> Option<Self> {
        let modules = packages()?;
        let world = World::new();
        world.write("policy.toml", POLICY);
        std::fs::create_dir(world.path("files")).unwrap();
        world.write("files/note.txt", "remember the milk");
        world.write("memory.jsonl", GRAPH);
        let dana = ["people", "invite", "dana", "--role", "approver", "--log", "placet.db"];
        let invitation = world.ok(&dana).trim().to_owned();
        let agent_key = key(&world, &["--scope", "agent", "--tenant", "default"]);
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
            "args": ["mcp", "--config", world.path("servers.toml"), "--lock", world.path("tools.lock"), "--hold", "60s"],
            "env": { "PLACET_URL": daemon.url(), "PLACET_KEY": agent_key },
        } } });
        world.write("client.json", gateway.to_string());
        Some(Self { world, modules, daemon, invitation })
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

    /// A call that goes on while somebody is asked about it.
    fn calls(&self, tool: &str, pairs: &[&str]) -> Child {
        self.inspector(&arguments(tool, pairs)).spawn().unwrap()
    }

    /// A window of somebody who has followed the link of their invitation.
    fn inbox(&self, chromium: &Chromium) -> Tab {
        let inbox = chromium.tab(1280, 900);
        inbox.open(&format!("{}/console/enrol#{}", self.daemon.url(), self.invitation));
        for name in ["password", "again"] {
            types(&inbox, &format!("[name={name}]"), PASSWORD);
        }
        inbox.click("main button");
        inbox.wait("document.body.innerText.includes('Nothing waits')");
        inbox
    }
}

/// Clicks on a field and types into it.
fn types(tab: &Tab, field: &str, text: &str) {
    tab.click(field);
    tab.types(text);
}

/// Waits until a tool is on the page, says something about it, and clicks.
fn answers(inbox: &Tab, tool: &str, (field, words): (&str, &str), choice: &str) {
    inbox.wait(&format!("document.querySelector('.action h2')?.innerText.includes({tool:?})"));
    types(inbox, &format!(".action textarea[name^={field}]"), words);
    inbox.click(&format!(".action [name=choice][value={choice}]"));
    inbox.wait(ANSWERED);
    inbox.wait("!document.querySelector('.action')");
}

/// What a call said when it had ended.
fn said(call: Child) -> String {
    String::from_utf8(call.wait_with_output().unwrap().stdout).unwrap()
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
    let Some(chromium) = Chromium::start() else { return };
    let Some(scene) = Scene::new() else { return };
    let tools = scene.asks(&["tools/list"]);
    for tool in ["files__read_text_file", "files__write_file", "memory__delete_entities"] {
        assert!(tools.contains(tool), "{tools}");
    }
    let note = format!("path={}", scene.world.path("files/note.txt").display());
    let read = scene.asks(&arguments("files__read_text_file", &[&note]));
    assert!(read.contains("remember the milk"), "{read}");

    let inbox = scene.inbox(&chromium);
    let new = scene.world.path("files/new.txt");
    let write = scene
        .calls("files__write_file", &[&format!("path={}", new.display()), "content=by an agent"]);
    inbox.wait("document.querySelector('.action')");
    assert!(!new.exists());
    answers(&inbox, "write_file", ("statement", STATEMENT), "approve");
    assert!(write.wait_with_output().unwrap().status.success());
    assert_eq!(scene.world.read("files/new.txt"), "by an agent");

    let delete = scene.calls("memory__delete_entities", &[r#"entityNames=["milk"]"#]);
    answers(&inbox, "delete_entities", ("reason", "we need the milk"), "deny");
    let heard = said(delete);
    assert!(heard.contains("we need the milk"), "{heard}");
    assert_eq!(scene.world.read("memory.jsonl"), GRAPH);

    // What was refused was no empty threat.
    let delete = scene.calls("memory__delete_entities", &[r#"entityNames=["bread"]"#]);
    answers(&inbox, "delete_entities", ("statement", STATEMENT), "approve");
    let heard = said(delete);
    let left = scene.world.read("memory.jsonl");
    assert!(left.contains("milk") && !left.contains("bread"), "{left} {heard}");
}
