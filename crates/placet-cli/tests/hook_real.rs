//! The real Claude Code, Codex, Gemini CLI and Copilot CLI with an installed hook and a model that plays a script:
//! each tool runs exactly when it should.
//!
//! The programs come from the npm registry. Where that cannot be reached, each test says on standard error
//! that it is skipped, and why. Where it answers and they cannot be installed all the same, that is said as
//! well, and in continuous integration the test fails.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/agents/mod.rs"]
mod agents;
#[path = "support/npm.rs"]
mod npm;
mod support;
#[path = "hook_real/tools.rs"]
mod tools;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agents::model::{Api, Model, Seen, Step};
use agents::programs;
use npm::Missing;
use serde_json::{Value, json};
use support::Ended;
use support::daemon::{Daemon, key};
use support::hook::{User, approval};

/// Often enough that nobody waits for it, and seldom enough that nobody notices.
const GLANCE: Duration = Duration::from_millis(10);

/// Says so to whoever runs the tests; what a test prints is shown only where it fails.
fn skipped(why: &Missing) {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default();
    let line = format!("SKIPPED hook_real::{name}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// One of the four programs.
#[derive(Clone, Copy)]
enum Agent {
    Claude,
    Codex,
    Gemini,
    Copilot,
}

impl Agent {
    fn client(self) -> &'static str {
        match self {
            Self::Claude => "claude-code",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::Copilot => "copilot",
        }
    }

    /// What it calls its shell.
    fn shell(self) -> &'static str {
        match self {
            Self::Claude | Self::Codex => "Bash",
            Self::Gemini => "run_shell_command",
            Self::Copilot => "bash",
        }
    }

    /// Whether it goes on with the params that the hook answers.
    fn can_edit(self) -> bool {
        matches!(self, Self::Claude | Self::Codex)
    }

    /// The params of its shell, as the hook sees them.
    fn params(self, command: &str) -> Value {
        match self {
            Self::Codex => json!({ "command": command }),
            _ => json!({ "command": command, "description": "a step" }),
        }
    }

    /// What its model is told of a hook that gave no answer.
    fn fault(self, said: &'static str) -> &'static str {
        if matches!(self, Self::Copilot) { "hook exited with code 2" } else { said }
    }

    fn api(self) -> Api {
        match self {
            Self::Claude | Self::Copilot => Api::Anthropic,
            Self::Codex => Api::OpenAi,
            Self::Gemini => Api::Google,
        }
    }

    /// The program, with the folder of a Node that it needs; none where it cannot be had.
    fn program(self) -> Option<(PathBuf, Option<PathBuf>)> {
        let found = match self {
            Self::Claude => programs::claude().map(|program| (program, None)),
            Self::Codex => programs::codex().map(|program| (program, None)),
            Self::Copilot => programs::copilot().map(|program| (program, None)),
            Self::Gemini => programs::gemini()
                .map(|(node, program)| (program, node.parent().map(std::path::Path::to_owned))),
        };
        match found {
            Ok(found) => Some(found),
            Err(Missing::Broken(why)) if std::env::var_os("CI").is_some() => panic!("{why}"),
            Err(why) => {
                skipped(&why);
                None
            }
        }
    }

    /// The policy: what only reads passes, a word is forbidden, the rest is held.
    fn policy(self, deadline: &str) -> [(&'static str, String); 2] {
        let shell = self.shell();
        [
            (
                "policy.toml",
                format!(
                    "version = 1\nmode = \"enforce\"\nunclassified = \"inspect\"\n\
                     [actions.{shell}]\nrisk = \"read\"\nparams = {{ command = \"string\" }}\n\
                     approval = {{ fields = [\"why\"], least_length = 5, deadline = \"{deadline}\" }}\n"
                ),
            ),
            (
                "rules.cedar",
                format!(
                    "@id(\"word\")\n@verdict(\"block\")\n@reason(\"a forbidden word\")\n\
                     forbid (principal, action == Action::\"{shell}\", resource)\n\
                     when {{ context.params.command like \"*forbidden*\" }};\n"
                ),
            ),
        ]
    }

    /// A user of this agent, with everything beside the hook set up.
    fn user(self) -> User {
        let user = User::new();
        std::fs::create_dir_all(user.world.path("policy")).unwrap();
        for (name, text) in self.policy("10m") {
            user.world.write(&format!("policy/{name}"), text);
        }
        std::fs::write(user.project("note.txt"), "the note itself\n").unwrap();
        if let Self::Gemini = self {
            std::fs::create_dir_all(user.home(".gemini")).unwrap();
            let settings = json!({
                "security": { "auth": { "selectedType": "gemini-api-key" }, "folderTrust": { "enabled": false } },
                "general": { "enableAutoUpdate": false }, "telemetry": { "enabled": false },
                "privacy": { "usageStatisticsEnabled": false },
            });
            std::fs::write(user.home(".gemini/settings.json"), settings.to_string()).unwrap();
        }
        user
    }

    /// Runs it without a person: it does what its model says, unless the hook stops it.
    fn run(self, user: &User, model: &Model) {
        self.run_with(user, model, &[]);
    }

    fn run_with(self, user: &User, model: &Model, more: &[&str]) -> String {
        let (program, node) = self.program().unwrap();
        let mut command = Command::new(program);
        let mut path = std::env::var_os("PATH").unwrap();
        if let Some(node) = node {
            let rest = path;
            path = node.into_os_string();
            path.push(":");
            path.push(rest);
        }
        command.env_clear().env("PATH", path).env("HOME", user.home("")).env("LANG", "C.UTF-8");
        command.current_dir(user.project("")).stdin(Stdio::null());
        match self {
            Self::Claude => {
                // A session that is resumed goes on where it was, without another word.
                let prompt: &[&str] = if more.is_empty() { &["-p", "do it"] } else { &["-p"] };
                command.args(prompt).args([
                    "--allowedTools=Bash,Write,mcp__notes",
                    "--output-format",
                    "json",
                ]);
                command.env("ANTHROPIC_BASE_URL", &model.url).env("ANTHROPIC_API_KEY", "none");
                for off in [
                    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
                    "DISABLE_TELEMETRY",
                    "DISABLE_AUTOUPDATER",
                    "DISABLE_ERROR_REPORTING",
                ] {
                    command.env(off, "1");
                }
            }
            Self::Codex => {
                let servers = std::fs::read_to_string(user.world.path("servers.toml"));
                let config = codex_config(&model.url) + &servers.unwrap_or_default();
                std::fs::write(user.home(".codex/config.toml"), config).unwrap();
                command.args(["exec", "--dangerously-bypass-hook-trust", "--skip-git-repo-check"]);
                command.args(["--json", "do it"]).env("KEY", "none");
            }
            Self::Gemini => {
                command.args(["-m", "gemini-2.5-pro", "-p", "do it", "--approval-mode", "yolo"]);
                command.args(["--skip-trust"]).env("CI", "1").env("GEMINI_API_KEY", "none");
                command.env("GOOGLE_GEMINI_BASE_URL", &model.url);
            }
            Self::Copilot => {
                command.args(["-p", "do it", "--allow-all-tools", "--model", "claude-sonnet-4.5"]);
                command.env("COPILOT_OFFLINE", "true").env("COPILOT_PROVIDER_TYPE", "anthropic");
                command.env("COPILOT_PROVIDER_BASE_URL", &model.url).env("CI", "1");
                command.env("COPILOT_PROVIDER_API_KEY", "none");
            }
        }
        let ended = Ended::from(command.args(more).output().unwrap());
        assert_eq!(ended.status, 0, "{}\n{}", ended.out, ended.err);
        ended.out
    }
}

fn codex_config(url: &str) -> String {
    format!(
        "model = \"gpt-5.5\"\nmodel_provider = \"script\"\napproval_policy = \"never\"\n\
         sandbox_mode = \"danger-full-access\"\n[model_providers.script]\nname = \"script\"\n\
         base_url = \"{url}/v1\"\nwire_api = \"responses\"\nenv_key = \"KEY\"\n\
         requires_openai_auth = false\n"
    )
}

/// Puts a script in the place of the program. Another process writes it: one that this one starts
/// meanwhile would still have it open.
fn replace(program: &std::path::Path, text: &str) {
    let mut write = Command::new("sh");
    write.args([
        "-c",
        "rm -f \"$1\"; printf '%s\\n' '#!/bin/sh' \"$2\" > \"$1\"; chmod +x \"$1\"",
        "sh",
    ]);
    assert!(write.arg(program).arg(text).status().unwrap().success());
}

/// Has the command line that was installed give up on a program after seconds, and not after minutes.
/// The agent's own time-out stays as it is.
fn hurry(installed: &str) {
    let installed: Value = serde_json::from_str(installed).unwrap();
    let path = installed["settings"].as_str().unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains("late=270;"), "{text}");
    std::fs::write(path, text.replace("late=270;", "late=10;")).unwrap();
}

/// One session that decides in a log of its own.
fn in_its_own_log(agent: Agent) {
    if agent.program().is_none() {
        return;
    }
    let user = Arc::new(agent.user());
    let policy = user.world.path("policy/policy.toml");
    let install =
        ["hook", "install", agent.client(), "--policy", policy.to_str().unwrap(), "--json"];
    hurry(&user.ok(&install));
    let program = user.program();
    let kept = program.with_extension("kept");
    let (approver, denier) = (Arc::clone(&user), Arc::clone(&user));
    let write = "echo one >> ran.txt";
    let last = |seen: &[Seen]| approval(&seen[seen.len() - 1].result);
    let (missing, nonsense, broken) = (program.clone(), program.clone(), program.clone());
    let (hung, back) = (program.clone(), program);
    let steps = vec![
        Step::run("cat note.txt"),
        Step::run("cat forbidden.txt"),
        Step::run(write),
        Step::after(move |seen| approver.approve(&last(seen)), write),
        Step::run(write),
        Step::after(move |seen| denier.deny(&last(seen)), write),
        Step::after(
            move |_| std::fs::rename(&missing, missing.with_extension("kept")).unwrap(),
            "head -n 1 note.txt",
        ),
        Step::after(move |_| replace(&nonsense, "echo nonsense"), "head -n 2 note.txt"),
        Step::after(move |_| replace(&broken, "kill -9 $$"), "head -n 3 note.txt"),
        Step::after(move |_| replace(&hung, "kill -STOP $$"), "head -n 4 note.txt"),
        Step::after(move |_| std::fs::rename(&kept, &back).unwrap(), "head -n 5 note.txt"),
    ];
    let model = Model::play(agent.api(), &user.project("ran.txt"), steps);
    agent.run(&user, &model);

    let seen = model.seen();
    let expected = [
        ("the note itself", ""),
        ("a forbidden word", ""),
        ("holds this call for a person", ""),
        ("", "one\n"),
        ("holds this call for a person", "one\n"),
        ("not this one", "one\n"),
        (agent.fault("did not permit this call"), "one\n"),
        (agent.fault("did not permit this call"), "one\n"),
        (agent.fault("did not permit this call"), "one\n"),
        (agent.fault("did not permit this call"), "one\n"),
        ("the note itself", "one\n"),
    ];
    assert_eq!(seen.len(), expected.len(), "{seen:#?}");
    for (at, (seen, (said, ran))) in seen.iter().zip(expected).enumerate() {
        assert!(seen.result.contains(said), "step {at}: {seen:#?}");
        assert_eq!(seen.ran, ran, "step {at}: {seen:#?}");
        let is_stopped = !["", "the note itself"].contains(&said);
        assert_eq!(seen.result.contains("the note itself"), said == "the note itself", "step {at}");
        assert!(!is_stopped || !seen.result.contains("exited with code 0"), "step {at}: {seen:#?}");
    }
    assert_ne!(approval(&seen[2].result), approval(&seen[4].result), "an approval runs one call");
    assert_eq!(outcomes(&user), 3, "two reads and one write ended, as the agent reported");
}

/// How many actions the log says succeeded.
fn outcomes(user: &User) -> usize {
    let shown = user.ok(&["log", "show", "--json", "--log", user.log().to_str().unwrap()]);
    shown.matches("succeeded").count()
}

/// One session that decides at a daemon, where people answer while the hook waits.
fn at_a_daemon(agent: Agent) {
    if agent.program().is_none() {
        return;
    }
    let user = agent.user();
    let operator = key(&user.world, &["--scope", "admin"]);
    user.world.ok(&["people", "invite", "ann", "--role", "approver", "--log", "placet.db"]);
    let person = key(&user.world, &["--scope", "approver", "--person", "ann"]);
    let own = key(&user.world, &["--scope", "agent", "--tenant", "acme"]);
    let daemon = Daemon::start(&user.world, &["--policy", "policy/policy.toml"]);
    let url = daemon.url();
    let mut install = user.command(
        &user.program(),
        &["hook", "install", agent.client(), "--url", &url, "--wait", "600", "--tenant", "acme"],
    );
    let installed = Ended::from(install.env("PLACET_KEY", own).output().unwrap());
    assert_eq!(installed.status, 0, "{}", installed.err);
    let daemon = Arc::new(Mutex::new(daemon));
    let answers = |body: Value| {
        let (daemon, person) = (Arc::clone(&daemon), person.clone());
        move |_: &[Seen]| answer_next(&daemon, &person, body.clone())
    };
    let (policy, operator_key) = (Arc::clone(&daemon), operator.clone());
    let back = (Arc::clone(&daemon), operator, person.clone());
    let steps = vec![
        Step::after(
            answers(json!({ "approved": true, "why": "I read it" })),
            "echo two >> ran.txt",
        ),
        Step::after(
            answers(json!({ "approved": false, "reason": "not this one" })),
            "echo three >> ran.txt",
        ),
        Step::after(
            answers(
                json!({ "approved": true, "why": "I read it", "params": agent.params("echo 2 >> ran.txt") }),
            ),
            "echo other >> ran.txt",
        ),
        // Who cannot be given other params is told of them, and calls again.
        Step::run(if agent.can_edit() { "cat ran.txt" } else { "echo 2 >> ran.txt" }),
        Step::after(
            move |_| set_policy(&policy, &operator_key, agent, "1s"),
            "echo four >> ran.txt",
        ),
        Step::after(
            move |_| {
                let (daemon, operator, person) = &back;
                set_policy(daemon, operator, agent, "10m");
                kill_when_asked(daemon, person);
            },
            "echo five >> ran.txt",
        ),
    ];
    let model = Model::play(agent.api(), &user.project("ran.txt"), steps);
    agent.run(&user, &model);

    let seen = model.seen();
    let (edited, told) =
        if agent.can_edit() { ("two\n2\n", "") } else { ("two\n", "with exactly these") };
    let expected = [
        ("", "two\n"),
        ("not this one", "two\n"),
        (told, edited),
        ("", "two\n2\n"),
        ("it is expired", "two\n2\n"),
        (agent.fault("cannot be decided on"), "two\n2\n"),
    ];
    assert_eq!(seen.len(), expected.len(), "{seen:#?}");
    for (at, (seen, (said, ran))) in seen.iter().zip(expected).enumerate() {
        assert!(seen.result.contains(said), "step {at}: {seen:#?}");
        assert_eq!(seen.ran, ran, "step {at}: {seen:#?}");
    }
}

/// A session that ends at a held call, and is resumed before and after a person approved it.
#[test]
fn claude_code_parks_and_is_resumed() {
    let agent = Agent::Claude;
    if agent.program().is_none() {
        return;
    }
    let user = agent.user();
    let policy = user.world.path("policy/policy.toml");
    user.ok(&["hook", "install", "claude-code", "--park", "--policy", policy.to_str().unwrap()]);
    let steps = vec![Step::run("echo parked >> ran.txt"), Step::run("cat note.txt")];
    let model = Model::play(agent.api(), &user.project("ran.txt"), steps);

    let parked = agent.run_with(&user, &model, &[]);
    let waiting = user.ok(&["approvals", "list", "--json", "--log", user.log().to_str().unwrap()]);
    let session: Value = serde_json::from_str(&parked).unwrap();
    assert_eq!(session["terminal_reason"], "tool_deferred", "{parked}");
    assert!(model.seen().is_empty() && !user.project("ran.txt").exists());
    let resume = ["--resume", session["session_id"].as_str().unwrap()];
    let still = agent.run_with(&user, &model, &resume);
    assert!(
        still.contains("tool_deferred") && model.seen().is_empty(),
        "{still} {:#?}",
        model.seen()
    );
    user.approve(&approval(&waiting));
    agent.run_with(&user, &model, &resume);
    let seen = model.seen();
    assert_eq!(seen.len(), 2, "{seen:#?}");
    assert_eq!(seen[1].ran, "parked\n", "it ran once: {seen:#?}");
}

fn call(
    daemon: &Mutex<Daemon>,
    method: &str,
    path: &str,
    key: &str,
    body: Option<&Value>,
) -> Value {
    let (status, text) = daemon.lock().unwrap().call(method, path, key, body);
    assert!(status < 300, "{method} {path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

/// The next approval that waits.
fn next_approval(daemon: &Mutex<Daemon>, key: &str) -> String {
    loop {
        let waiting = call(daemon, "GET", "/v1/approvals", key, None).to_string();
        if waiting.contains("apr_") {
            return approval(&waiting);
        }
        std::thread::sleep(GLANCE);
    }
}

/// Answers what is asked next, as soon as it is.
fn answer_next(daemon: &Arc<Mutex<Daemon>>, person: &str, body: Value) {
    let (daemon, person) = (Arc::clone(daemon), person.to_owned());
    std::thread::spawn(move || {
        let path = format!("/v1/approvals/{}/resolve", next_approval(&daemon, &person));
        call(&daemon, "POST", &path, &person, Some(&body));
    });
}

fn kill_when_asked(daemon: &Arc<Mutex<Daemon>>, person: &str) {
    let (daemon, person) = (Arc::clone(daemon), person.to_owned());
    std::thread::spawn(move || {
        next_approval(&daemon, &person);
        daemon.lock().unwrap().kill();
    });
}

fn set_policy(daemon: &Mutex<Daemon>, operator: &str, agent: Agent, deadline: &str) {
    let files = agent.policy(deadline).map(|(name, text)| json!({ "name": name, "text": text }));
    call(daemon, "PUT", "/v1/policy", operator, Some(&json!({ "files": files })));
}

#[test]
fn claude_code_in_its_own_log() {
    in_its_own_log(Agent::Claude);
}

#[test]
fn claude_code_at_a_daemon() {
    at_a_daemon(Agent::Claude);
}

#[test]
fn codex_in_its_own_log() {
    in_its_own_log(Agent::Codex);
}

#[test]
fn codex_at_a_daemon() {
    at_a_daemon(Agent::Codex);
}

#[test]
fn gemini_in_its_own_log() {
    in_its_own_log(Agent::Gemini);
}

#[test]
fn gemini_at_a_daemon() {
    at_a_daemon(Agent::Gemini);
}

#[test]
fn copilot_in_its_own_log() {
    in_its_own_log(Agent::Copilot);
}

#[test]
fn copilot_at_a_daemon() {
    at_a_daemon(Agent::Copilot);
}

/// A registry that knows nothing, at this address.
fn empty_registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            drop(connection.read(&mut [0; 4096]));
            let answer =
                "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
            drop(connection.write_all(answer.as_bytes()));
        }
    });
    format!("--registry=http://{place}")
}

#[test]
fn a_registry_that_is_away_is_told_apart_from_packages_that_are_not_there() {
    let world = support::World::new();
    let cache = format!("--cache={}", world.path("cache").display());
    let install = |registry: &str| {
        let options = [registry, &cache, "--fetch-retries=0", "--noproxy=127.0.0.1"];
        npm::install(&world.path("."), &["nothing@1.0.0"], &options).unwrap_err()
    };
    match install("--registry=http://127.0.0.1:1") {
        Missing::Away(why) if why.contains("cannot be started") => {
            return skipped(&Missing::Away(why));
        }
        Missing::Away(why) => assert!(why.contains("ECONNREFUSED"), "{why}"),
        Missing::Broken(why) => panic!("{why}"),
    }
    let broken = install(&empty_registry());
    assert!(
        matches!(&broken, Missing::Broken(why) if why.contains("registry answers")),
        "{broken}"
    );
}
