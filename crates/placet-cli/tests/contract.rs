//! The API keeps what its description promises: to a tool that tries to prove the opposite, to a
//! client that another tool made from the description, and to whoever checks a warrant with a JWT
//! library by the published keys.
//!
//! The tools are Python programs from the package index, at pinned versions; they are installed
//! once, into the folder for build results.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread::{self, JoinHandle};

use regex::Regex;
use support::World;

/// Requests that are made at least.
const CASES: u32 = 5_000;

/// Requests for each endpoint that are made up at random, besides those that follow from its
/// description.
const CASES_PER_ENDPOINT: &str = "120";

/// What is tried by one tool while another tries all else: it takes about half of the time.
const ONE_HALF: [&str; 3] = ["actions", "approvals", "warrants"];

/// Makes a key in the log that the daemon opens by itself.
const KEY: [&str; 7] = ["key", "create", "--json", "--name", "test", "--log", "placet.db"];

/// Invites somebody who answers what waits.
const INVITE: [&str; 9] =
    ["people", "invite", "ann", "--role", "approver", "--tenant", "acme", "--log", "placet.db"];

/// The tools, installed.
static TOOLS: LazyLock<PathBuf> = LazyLock::new(install);

#[test]
fn thousands_of_requests_find_nothing_that_is_not_described() {
    LazyLock::force(&TOOLS);
    let halves = ["--include-tag", "--exclude-tag"].map(|half| thread::spawn(|| prove(half)));
    let cases: u32 = halves.map(|half| half.join().unwrap()).iter().sum();
    assert!(cases >= CASES, "only {cases} requests were made");
}

/// Tries one half of the API at a daemon of its own: the one that is included, or the one that is
/// left when that is excluded, so that nothing belongs to neither. Gives how many requests it made.
fn prove(half: &str) -> u32 {
    let world = World::new();
    let daemon = Daemon::start(&world);
    for name in ["schemathesis.toml", "hooks.py"] {
        std::fs::copy(contract(name), world.path(name)).unwrap();
    }
    let mut command = daemon.tool("schemathesis", &world);
    command.args(["--config-file", "schemathesis.toml", "run"]).arg(description());
    command.args(["--url", &daemon.url, "--max-examples", CASES_PER_ENDPOINT, "--seed", "1"]);
    command.args(ONE_HALF.iter().flat_map(|tag| [half, tag]));
    let text = succeed(command);
    let generated = Regex::new(r"(\d+) generated").unwrap();
    let cases = generated.captures(&text).expect(&text)[1].parse().unwrap();
    let said = daemon.stop();
    assert!(!said.contains("panicked"), "{said}");
    world.ok(&["log", "verify", "--log", "placet.db"]);
    if half == "--include-tag" {
        let log = world.ok(&["log", "show", "--log", "placet.db", "--json"]);
        for event in ["denied", "withdrawn"] {
            assert!(log.contains(&format!("{{\"{event}\":")), "nothing was {event}");
        }
    }
    cases
}

#[test]
fn a_generated_client_works() {
    let world = World::new();
    let daemon = Daemon::start(&world);
    let mut generate = daemon.tool("openapi-python-client", &world);
    generate.args(["generate", "--meta", "none", "--output-path", "generated", "--path"]);
    generate.arg(description());
    succeed(generate);
    let mut client = daemon.tool("python", &world);
    client.arg(contract("client.py")).args([".", &daemon.url]);
    assert_eq!(succeed(client), "the generated client works\n");
    daemon.stop();
}

#[test]
fn a_jwt_library_of_another_language_verifies_warrants_by_the_published_keys() {
    let world = World::new();
    let daemon = Daemon::start(&world);
    let mut check = daemon.tool("python", &world);
    check.arg(contract("warrant.py")).arg(&daemon.url);
    assert_eq!(succeed(check), "the warrants are some\n");
    daemon.stop();
}

/// A daemon as it is started by hand, with a key for its operator and one for an agent.
struct Daemon {
    child: Child,
    url: String,
    operator: String,
    agent: String,
    approver: String,
    own_keys: String,
    said: Option<JoinHandle<String>>,
}

impl Daemon {
    fn start(world: &World) -> Self {
        let key = |arguments: &[&str]| {
            let text = world.ok(&[&KEY, arguments].concat());
            let made: serde_json::Value = serde_json::from_str(&text).unwrap();
            ["app_id", "secret"].map(|field| made[field].as_str().unwrap().to_owned())
        };
        let [operator_id, operator] = key(&["--scope", "admin"]);
        let [agent_id, agent] = key(&["--scope", "agent", "--tenant", "acme"]);
        world.ok(&INVITE);
        let [approver_id, approver] =
            key(&["--scope", "approver", "--tenant", "acme", "--person", "ann"]);
        let mut serve = world.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = serve.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut greeting = String::new();
        said.read_line(&mut greeting).unwrap();
        let address = greeting.trim().rsplit(' ').next().unwrap();
        let url = format!("http://{address}");
        let said = thread::spawn(move || {
            let mut text = String::new();
            said.read_to_string(&mut text).map(|_| text).unwrap()
        });
        let own_keys = format!("{operator_id} {agent_id} {approver_id}");
        Self { child, url, operator, agent, approver, own_keys, said: Some(said) }
    }

    /// A tool that knows the keys and works in the folder of the test.
    fn tool(&self, name: &str, world: &World) -> Command {
        let mut command = Command::new(TOOLS.join("bin").join(name));
        command.current_dir(world.path("."));
        command.env("PLACET_OPERATOR", &self.operator).env("PLACET_AGENT", &self.agent);
        command.env("PLACET_APPROVER", &self.approver).env("PLACET_OWN_KEYS", &self.own_keys);
        command.env("PLACET_URL", &self.url);
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("NO_PROXY", "127.0.0.1");
        command
    }

    /// Stops it as a service manager does, and gives what it wrote.
    fn stop(mut self) -> String {
        let mut kill = Command::new("kill");
        succeed_with(kill.args(["-TERM", &self.child.id().to_string()]));
        let status = self.child.wait().unwrap();
        let said = self.said.take().unwrap().join().unwrap();
        assert!(status.success(), "{said}");
        said
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn contract(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract").join(name)
}

fn description() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json")
}

/// Installs the tools where the last run did, unless it was interrupted or they are others now.
fn install() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("contract-tools");
    let requirements = std::fs::read_to_string(contract("requirements.txt")).unwrap();
    let installed = folder.join("installed.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|text| text == requirements) {
        return folder;
    }
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut venv = Command::new(&python);
    venv.args(["-m", "venv", "--clear"]).arg(&folder);
    if let Err(error) = venv.output() {
        panic!(
            "this test needs Python 3.10 or later with its venv module, and {python:?} cannot be \
             run: {error}; install it, or name another with PYTHON"
        );
    }
    succeed_with(&mut venv);
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    succeed_with(pip.arg(contract("requirements.txt")));
    std::fs::write(installed, requirements).unwrap();
    folder
}

fn succeed(mut command: Command) -> String {
    succeed_with(&mut command)
}

fn succeed_with(command: &mut Command) -> String {
    let ended = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let out = String::from_utf8_lossy(&ended.stdout).into_owned();
    let err = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?}\n{out}\n{err}");
    out
}
