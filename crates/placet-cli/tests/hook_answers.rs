//! What the hook answers to each client, through the very command lines that were installed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::Ended;
use support::daemon::{Daemon, key};
use support::hook::{User, approval};

const CLIENTS: [&str; 5] = ["claude-code", "codex", "gemini", "cursor", "copilot"];

/// Often enough that nobody waits for it.
const GLANCE: Duration = Duration::from_millis(10);

const POLICY: &str = "version = 1\nmode = \"enforce\"\nunclassified = \"inspect\"\n\
    [actions.Edit]\nrisk = \"read\"\n\
    [actions.\"*ash\"]\nrisk = \"read\"\nparams = { command = \"string\" }\n\
    approval = { fields = [\"why\"], least_length = 5 }\n\
    [actions.Shell]\nrisk = \"read\"\nparams = { command = \"string\" }\n\
    approval = { fields = [\"why\"], least_length = 5 }\n\
    [actions.run_shell_command]\nrisk = \"read\"\nparams = { command = \"string\" }\n\
    approval = { fields = [\"why\"], least_length = 5 }\n";

const RULES: &str = "@id(\"word\")\n@verdict(\"block\")\n@reason(\"a forbidden word\")\n\
    forbid (principal, action, resource)\n\
    when { context.params has command && context.params.command like \"*forbidden*\" };\n";

/// What a client makes of an answer.
#[derive(Debug, PartialEq)]
enum Said {
    Nothing,
    Allow,
    Stop(String),
    With(Value),
}

/// A client's hook, installed for a user.
struct Hook {
    user: User,
    client: &'static str,
    before: String,
    after: String,
}

impl Hook {
    fn new(client: &'static str) -> Self {
        Self::with(client, &[], None)
    }

    /// Installed with these arguments and this key.
    fn with(client: &'static str, arguments: &[&str], key: Option<&str>) -> Self {
        Self::of(User::new(), client, arguments, key)
    }

    fn of(user: User, client: &'static str, arguments: &[&str], key: Option<&str>) -> Self {
        fs::create_dir_all(user.world.path("policy")).unwrap();
        user.world.write("policy/policy.toml", POLICY);
        user.world.write("policy/rules.cedar", RULES);
        let policy = user.world.path("policy/policy.toml");
        let mut line = [&["hook", "install", client, "--json"], arguments].concat();
        if !arguments.contains(&"--policy") && !arguments.contains(&"--shadow") {
            line.extend(["--policy", policy.to_str().unwrap()]);
        }
        let mut command = user.command(&user.program(), &line);
        if let Some(key) = key {
            command.env("PLACET_KEY", key);
        }
        let installed = Ended::from(command.output().unwrap());
        assert_eq!(installed.status, 0, "{}", installed.err);
        let installed: Value = serde_json::from_str(&installed.out).unwrap();
        let settings = fs::read_to_string(installed["settings"].as_str().unwrap()).unwrap();
        let settings: Value = serde_json::from_str(&settings).unwrap();
        let line = |event: &str| {
            let entry = &settings["hooks"][event][0];
            let entry = if entry["hooks"].is_array() { &entry["hooks"][0] } else { entry };
            let line =
                if entry["command"].is_string() { &entry["command"] } else { &entry["bash"] };
            line.as_str().unwrap().to_owned()
        };
        let (before, after) = match client {
            "claude-code" | "codex" => ("PreToolUse", "PostToolUse"),
            "gemini" => ("BeforeTool", "AfterTool"),
            _ => ("preToolUse", "postToolUse"),
        };
        let (before, after) = (line(before), line(after));
        Self { user, client, before, after }
    }

    /// The event before a command.
    fn call(&self, command: &str) -> Value {
        let params = json!({ "command": command });
        match self.client {
            "claude-code" | "codex" => json!({
                "session_id": "s-1", "cwd": "/w", "hook_event_name": "PreToolUse",
                "tool_name": "Bash", "tool_input": params, "tool_use_id": format!("id {command}"),
            }),
            "gemini" => json!({
                "session_id": "s-1", "cwd": "/w", "hook_event_name": "BeforeTool",
                "tool_name": "run_shell_command", "tool_input": params,
            }),
            "cursor" => json!({
                "conversation_id": "s-1", "hook_event_name": "preToolUse", "tool_name": "Shell",
                "tool_input": params, "tool_use_id": format!("id {command}"),
            }),
            _ => json!({ "sessionId": "s-1", "cwd": "/w", "toolName": "bash", "toolArgs": params }),
        }
    }

    /// The event after it.
    fn end(&self, command: &str) -> Value {
        let mut event = self.call(command);
        let name = match self.client {
            "claude-code" | "codex" => "PostToolUse",
            "gemini" => "AfterTool",
            "cursor" => "postToolUse",
            _ => {
                event["toolResult"] = json!({ "resultType": "success", "textResultForLlm": "" });
                return event;
            }
        };
        event["hook_event_name"] = json!(name);
        event["tool_response"] = json!({});
        event
    }

    /// Puts a script where its program was. The seal is in `seal`.
    fn is_replaced_by(&self, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let head = "#!/bin/sh\nfor seal in \"$@\"; do :; done\n";
        fs::remove_file(self.user.program()).unwrap();
        fs::write(self.user.program(), format!("{head}{script}\n")).unwrap();
        fs::set_permissions(self.user.program(), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn ask(&self, command: &str) -> Said {
        self.said(&self.user.ask(&self.before, self.call(command).to_string()))
    }

    fn tell(&self, command: &str) {
        let ended = self.user.ask(&self.after, self.end(command).to_string());
        assert_eq!((ended.status, &*ended.out), (0, "{}\n"), "{}", ended.err);
    }

    /// What an answer means to the client.
    fn said(&self, ended: &Ended) -> Said {
        let is_line = ended.out.ends_with('\n') && ended.out.lines().count() == 1;
        assert!(is_line, "{}{}", ended.out, ended.err);
        let out: Value = serde_json::from_str(&ended.out).unwrap();
        let own = &out["hookSpecificOutput"];
        let (decision, reason) = match self.client {
            "claude-code" | "codex" => {
                (&own["permissionDecision"], &own["permissionDecisionReason"])
            }
            "gemini" => (&out["decision"], &out["reason"]),
            "cursor" => (&out["permission"], &out["agent_message"]),
            _ => (&out["permissionDecision"], &out["permissionDecisionReason"]),
        };
        let text = reason.as_str().unwrap_or_default().to_owned();
        match decision.as_str() {
            Some("deny") => Said::Stop(text),
            _ if own["updatedInput"].is_object() => Said::With(own["updatedInput"].clone()),
            Some("allow") => Said::Allow,
            None if out == json!({}) => Said::Nothing,
            _ => panic!("{out}"),
        }
    }

    fn stopped(&self, command: &str) -> String {
        match self.ask(command) {
            Said::Stop(reason) => reason,
            other => panic!("{}: {other:?}", self.client),
        }
    }

    fn memory(&self, kind: &str) -> Vec<PathBuf> {
        let folder = self.user.home(".local/state/placet/hook").join(self.client);
        let files = fs::read_dir(folder).into_iter().flatten().map(|file| file.unwrap().path());
        files.filter(|path| path.to_string_lossy().contains(&format!("/{kind}-"))).collect()
    }

    fn log(&self) -> String {
        let log = self.user.log();
        self.user.ok(&["log", "show", "--json", "--log", log.to_str().unwrap()])
    }

    /// What is said where nothing was decided: in JSON, on standard error, and as the status.
    fn fails(&self, line: &str, event: impl AsRef<[u8]>) -> String {
        let ended = self.user.ask(line, event);
        assert_eq!(ended.status, 2, "{}: {} {}", self.client, ended.out, ended.err);
        assert!(ended.err.ends_with("Placet did not permit this call\n"), "{}", ended.err);
        ended.err
    }
}

#[test]
fn what_is_allowed_goes_on_and_what_is_blocked_does_not() {
    for client in CLIENTS {
        let hook = Hook::new(client);
        assert_eq!(hook.ask("cat notes.txt"), Said::Nothing, "{client}");
        let reason = hook.stopped("cat forbidden");
        assert_eq!(reason, "Placet blocked this call: word: a forbidden word", "{client}");
        hook.tell("cat notes.txt");
        assert_eq!(hook.log().matches("\"succeeded\"").count(), 1, "{client}: {}", hook.log());
        assert!(hook.memory("running").is_empty() && hook.memory("held").is_empty());
        hook.tell("cat notes.txt");
        assert_eq!(hook.log().matches("\"succeeded\"").count(), 1, "an end is told once");
    }
}

#[test]
fn a_held_call_runs_once_when_it_is_approved_and_never_when_it_is_denied() {
    for client in CLIENTS {
        let hook = Hook::new(client);
        let held = hook.stopped("rm -r build");
        assert!(held.contains("placet approvals approve apr_") && held.contains("--log"), "{held}");
        let still = hook.stopped("rm -r build");
        assert!(still.contains("still waits") && approval(&still) == approval(&held), "{still}");
        hook.stopped("rm -r other");
        hook.user.approve(&approval(&held));
        assert_eq!(hook.ask("rm -r build"), Said::Nothing, "{client}");
        let again = hook.stopped("rm -r build");
        assert_ne!(approval(&again), approval(&held), "an approval is spent");

        hook.user.deny(&approval(&again));
        let denied = hook.stopped("rm -r build");
        assert!(denied.contains("not this one"), "{denied}");
        let cooling = hook.stopped("rm -r build");
        assert!(cooling.starts_with("Placet blocked this call"), "{cooling}");
    }
}

#[test]
fn a_call_of_another_session_is_another_call() {
    let hook = Hook::new("claude-code");
    hook.user.approve(&approval(&hook.stopped("rm -r build")));
    let mut other = hook.call("rm -r build");
    other["session_id"] = json!("s-2");
    let said = hook.said(&hook.user.ask(&hook.before, other.to_string()));
    assert!(matches!(said, Said::Stop(reason) if reason.contains("holds this call")));
    assert_eq!(hook.ask("rm -r build"), Said::Nothing);
}

#[test]
fn what_is_remembered_permits_nothing_by_itself() {
    let hook = Hook::new("claude-code");
    let first = hook.stopped("rm -r build");
    let approved = hook.memory("held").pop().unwrap();
    hook.user.approve(&approval(&first));
    hook.stopped("rm -r everything");
    let mut files = hook.memory("held");
    files.retain(|path| *path != approved);
    fs::copy(&approved, &files[0]).unwrap();
    let forged = hook.stopped("rm -r everything");
    assert!(forged.contains("holds this call"), "decided anew: {forged}");
    assert_eq!(hook.ask("rm -r build"), Said::Nothing, "it was not spent");
    for nonsense in ["", "act_nothing", "act_01999999-0000-7000-8000-000000000000"] {
        hook.stopped("rm -r more");
        hook.memory("held").iter().for_each(|path| fs::write(path, nonsense).unwrap());
        let anew = hook.stopped("rm -r more");
        assert!(anew.contains("holds this call"), "{nonsense}: {anew}");
    }
}

#[test]
fn other_params_run_where_the_client_takes_them_and_are_told_where_not() {
    for client in CLIENTS {
        let hook = Hook::new(client);
        let held = approval(&hook.stopped("rm -r build"));
        hook.user.world.write("less.json", r#"{"command": "rm build/old"}"#);
        let less = hook.user.world.path("less.json");
        let less = less.to_str().unwrap();
        hook.user.answer(&held, &["approve", "--statement", "I have read it", "--params", less]);
        match hook.ask("rm -r build") {
            Said::With(params) => {
                assert!(["claude-code", "codex"].contains(&client));
                assert_eq!(params, json!({ "command": "rm build/old" }));
            }
            Said::Stop(reason) => {
                assert!(
                    reason.ends_with(r#"exactly these: {"command":"rm build/old"}"#),
                    "{reason}"
                );
                assert_eq!(hook.ask("rm build/old"), Said::Nothing, "{client}");
            }
            other => panic!("{client}: {other:?}"),
        }
        hook.tell("rm build/old");
        let is_told = hook.log().contains("\"succeeded\"");
        // Who tells an id tells the one of the call that was edited.
        assert_eq!(is_told, client != "claude-code" && client != "codex", "{client}");
        assert!(hook.stopped("rm build/old").contains("holds this call"), "once");
    }
}

#[test]
fn what_is_no_event_stops_the_call_in_the_words_of_the_client() {
    let deep = "[".repeat(100_000);
    for client in CLIENTS {
        let hook = Hook::new(client);
        let call = hook.call("ls").to_string();
        let twice = call.replacen('{', r#"{"tool_name":"Read","toolName":"view","#, 1);
        let unknown = json!({ "hook_event_name": "SessionStart", "session_id": "s" }).to_string();
        let events: [&[u8]; 9] = [
            b"",
            b"null",
            b"[]",
            b"{",
            b"nonsense",
            b"{\"tool_name\": \"\xff\"}",
            deep.as_bytes(),
            twice.as_bytes(),
            unknown.as_bytes(),
        ];
        for event in events {
            hook.fails(&hook.before, event);
        }
        let direct = hook.before.split_once("$({ ").unwrap().1.split_once(" --seal").unwrap().0;
        let ended = hook.user.ask(direct, "{");
        assert_eq!(ended.status, 2);
        assert!(matches!(hook.said(&ended), Said::Stop(reason) if reason.starts_with("blocked: ")));
        assert!(!hook.user.log().exists(), "nothing was decided");
    }
}

#[test]
fn an_event_without_an_end_is_too_long() {
    let hook = Hook::new("claude-code");
    let long = "x".repeat(17 * 1024 * 1024);
    assert!(hook.fails(&hook.before, long).contains("longer than"));
    let params = json!({ "content": "x".repeat(2 * 1024 * 1024) });
    let mut write = hook.call("");
    (write["tool_name"], write["tool_input"]) = (json!("Write"), params);
    let said = hook.said(&hook.user.ask(&hook.before, write.to_string()));
    assert!(matches!(said, Said::Stop(reason) if reason.contains("blocked")));
}

#[test]
fn after_a_call_nothing_is_stopped_any_more() {
    for client in CLIENTS {
        let hook = Hook::new(client);
        for event in ["", "nonsense", "{}"] {
            let ended = hook.user.ask(&hook.after, event);
            assert_eq!((ended.status, &*ended.out), (0, "{}\n"), "{client}: {}", ended.err);
        }
        let asked = hook.user.ask(&hook.after, hook.call("cat forbidden").to_string());
        assert!(matches!(hook.said(&asked), Said::Stop(_)), "a call is a call, wherever it comes");
    }
}

#[test]
fn a_configuration_that_cannot_be_used_stops_the_call() {
    let hook = Hook::new("gemini");
    let path = hook.user.home(".config/placet/hook-gemini.toml");
    let good = fs::read_to_string(&path).unwrap();
    let strange = [
        String::new(),
        "nonsense".to_owned(),
        good.replace("shadow", "shadows"),
        good.replace("log = ", "state = \"/\"\n# "),
        good.replace("log = ", "daemon = \"http://127.0.0.1:1\"\n# "),
        good.replace("log = ", "daemon = \"http://127.0.0.1:1\"\nkey_file = \"none\"\n# "),
        good.replace("policy.toml", "none.toml"),
        good.replace("log = \"", "log = \"/proc/none"),
    ];
    for text in strange {
        fs::write(&path, &text).unwrap();
        hook.fails(&hook.before, hook.call("ls").to_string());
    }
    fs::remove_file(&path).unwrap();
    assert!(hook.fails(&hook.before, hook.call("ls").to_string()).contains("cannot be read"));
    fs::write(&path, good).unwrap();
    assert_eq!(hook.ask("ls"), Said::Nothing);
}

#[test]
fn without_its_daemon_a_call_is_stopped_unless_there_is_a_log() {
    let dead = ["--url", "http://127.0.0.1:1"];
    let hook = Hook::with("codex", &dead, Some("plc_none"));
    let said = hook.fails(&hook.before, hook.call("ls").to_string());
    assert!(said.contains("cannot be decided on"), "{said}");
    let user = User::new();
    let log = user.world.path("own.db");
    let both = [&dead[..], &["--log", log.to_str().unwrap()]].concat();
    let hook = Hook::of(user, "codex", &both, Some("plc_none"));
    assert_eq!(hook.ask("ls"), Said::Nothing);
    assert!(log.exists());
}

#[test]
fn a_log_that_another_process_has_is_waited_for_and_then_stops_the_call() {
    let hook = Hook::new("claude-code");
    assert_eq!(hook.ask("ls"), Said::Nothing);
    fs::create_dir_all(hook.user.log().parent().unwrap()).unwrap();
    let log = hook.user.log();
    let daemon = Daemon::start(&hook.user.world, &["--log", log.to_str().unwrap()]);
    assert!(hook.fails(&hook.before, hook.call("ls").to_string()).contains("process"));
    daemon.stop();
    assert_eq!(hook.ask("ls"), Said::Nothing);
}

#[test]
fn calls_at_the_same_time_take_turns_at_the_log() {
    let hook = Hook::new("claude-code");
    let commands: Vec<String> = (0..8).map(|at| format!("head -n {at} notes.txt")).collect();
    std::thread::scope(|scope| {
        for (at, command) in commands.iter().enumerate() {
            let hook = &hook;
            scope.spawn(move || {
                let name = format!("event-{at}");
                hook.user.world.write(&name, hook.call(command).to_string());
                let mut asked = hook.user.command(Path::new("sh"), &["-c", &hook.before]);
                asked.stdin(fs::File::open(hook.user.world.path(&name)).unwrap());
                let ended = Ended::from(asked.output().unwrap());
                assert_eq!(hook.said(&ended), Said::Nothing, "{}", ended.err);
            });
        }
    });
    assert_eq!(hook.memory("running").len(), 8);
}

/// A daemon with a log of its own, and the keys for it.
fn daemon(user: &User) -> (Daemon, String, String) {
    user.world.write("policy.toml", POLICY);
    user.world.ok(&["people", "invite", "ann", "--role", "approver", "--log", "placet.db"]);
    let person = key(&user.world, &["--scope", "approver", "--person", "ann"]);
    let agent = key(&user.world, &["--scope", "agent", "--tenant", "acme"]);
    (Daemon::start(&user.world, &["--policy", "policy.toml"]), person, agent)
}

fn next_approval(daemon: &Daemon, person: &str) -> String {
    loop {
        let (_, waiting) = daemon.call("GET", "/v1/approvals", person, None);
        if waiting.contains("apr_") {
            return approval(&waiting);
        }
        std::thread::sleep(GLANCE);
    }
}

#[test]
fn a_hook_waits_for_people_and_notices_when_the_daemon_dies() {
    for client in ["cursor", "copilot"] {
        let user = User::new();
        let (mut daemon, person, agent) = daemon(&user);
        let url = daemon.url();
        let more = ["--url", &url, "--tenant", "acme", "--agent", "helper"];
        let hook = Hook::of(user, client, &more, Some(&agent));
        let asked = |command: &str| {
            hook.user.world.write("event", hook.call(command).to_string());
            let mut asked = hook.user.command(Path::new("sh"), &["-c", &hook.before]);
            asked.stdin(fs::File::open(hook.user.world.path("event")).unwrap());
            asked.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let waiting = asked("rm -r build");
        let held = next_approval(&daemon, &person);
        let yes = json!({ "approved": true, "why": "I read it" });
        let path = format!("/v1/approvals/{held}/resolve");
        assert_eq!(daemon.call("POST", &path, &person, Some(&yes)).0, 200);
        let ended = Ended::from(waiting.wait_with_output().unwrap());
        assert_eq!(hook.said(&ended), Said::Nothing, "{client}: {}", ended.err);

        let waiting = asked("rm -r everything");
        next_approval(&daemon, &person);
        daemon.kill();
        let ended = Ended::from(waiting.wait_with_output().unwrap());
        assert_eq!(ended.status, 2, "{client}: {}", ended.out);
        assert!(ended.err.contains("cannot be decided on"), "{}", ended.err);
    }
}

#[test]
fn who_waits_no_longer_is_told_where_to_ask_and_is_known_again() {
    let user = User::new();
    let (daemon, person, agent) = daemon(&user);
    let url = daemon.url();
    let more = ["--url", &url, "--tenant", "acme", "--wait", "0"];
    let hook = Hook::of(user, "claude-code", &more, Some(&agent));
    let held = hook.stopped("rm -r build");
    let page = format!("{url}/console/actions/act_");
    assert!(held.contains(&page), "{held}");
    let still = hook.stopped("rm -r build");
    assert!(still.contains("still waits") && still.contains(&page), "{still}");
    let path = format!("/v1/approvals/{}/resolve", approval(&held));
    let yes = json!({ "approved": true, "why": "I read it" });
    assert_eq!(daemon.call("POST", &path, &person, Some(&yes)).0, 200);
    assert_eq!(hook.ask("rm -r build"), Said::Nothing);
    assert!(hook.stopped("rm -r build").contains("holds this call"), "once");
    hook.tell("rm -r build");
    assert!(hook.memory("running").is_empty());
    // A daemon holds the settings of the agent as well, whatever its policy says of edits.
    for (file, is_held) in [("src/main.rs", false), ("/w/.claude/settings.json", true)] {
        let mut edit = hook.call("");
        (edit["tool_name"], edit["tool_input"]) = (json!("Edit"), json!({ "file_path": file }));
        match hook.said(&hook.user.ask(&hook.before, edit.to_string())) {
            Said::Stop(reason) => assert!(is_held && reason.contains("may change"), "{reason}"),
            said => assert_eq!((said, is_held), (Said::Nothing, false), "{file}"),
        }
    }
    daemon.stop();
}

#[test]
fn in_shadow_nothing_is_ever_stopped() {
    for client in CLIENTS {
        let user = User::new();
        user.world.write("shadow.toml", format!("on_review = \"shadow\"\n{POLICY}"));
        let policy = user.world.path("shadow.toml");
        let hook =
            Hook::of(user, client, &["--shadow", "--policy", policy.to_str().unwrap()], None);
        assert_eq!(hook.ask("rm -r build"), Said::Nothing, "{client}");
        assert_eq!(hook.ask("cat forbidden"), Said::Nothing, "{client}");
        assert!(hook.log().contains("would_have"), "but it is recorded");
        for event in ["", "nonsense", "{}"] {
            let ended = hook.user.ask(&hook.before, event);
            assert_eq!((ended.status, &*ended.out), (0, "{}\n"), "{client}: {}", ended.err);
        }
        fs::remove_dir_all(hook.user.home(".config")).unwrap();
        assert_eq!(hook.ask("rm -r build"), Said::Nothing, "not even without a configuration");
        fs::remove_file(hook.user.program()).unwrap();
        let ended = hook.user.ask(&hook.before, hook.call("ls").to_string());
        assert_eq!((ended.status, &*ended.out), (0, "{}\n"), "not even without the program");
    }
}

#[test]
fn a_daemon_in_shadow_stops_nobody_either() {
    let user = User::new();
    let agent = key(&user.world, &["--scope", "agent", "--tenant", "acme"]);
    user.world.write("looking.toml", POLICY.replace("enforce", "shadow"));
    let daemon = Daemon::start(&user.world, &["--policy", "looking.toml"]);
    let url = daemon.url();
    let hook = Hook::of(user, "codex", &["--url", &url, "--tenant", "acme"], Some(&agent));
    assert_eq!(hook.ask("rm -r build"), Said::Nothing);
    for event in ["", "nonsense"] {
        let ended = hook.user.ask(&hook.before, event);
        assert_eq!((ended.status, &*ended.out), (0, "{}\n"), "{}", ended.err);
    }
    daemon.stop();
    hook.fails(&hook.before, "nonsense");
}

#[test]
fn shadow_needs_no_policy_and_a_policy_may_forbid_it() {
    let hook = Hook::with("codex", &["--shadow"], None);
    assert_eq!(hook.ask("rm -r build"), Said::Nothing);
    assert!(hook.log().contains("would_have"));
    let user = User::new();
    user.world.write("binding.toml", POLICY);
    let policy = user.world.path("binding.toml");
    let hook = Hook::of(user, "codex", &["--shadow", "--policy", policy.to_str().unwrap()], None);
    assert!(matches!(hook.ask("rm -r build"), Said::Stop(_)));
}

#[test]
fn approving_is_only_said_where_it_was_asked_for() {
    for client in CLIENTS {
        let hook = Hook::with(client, &["--auto-approve"], None);
        let expected = if client == "codex" { Said::Nothing } else { Said::Allow };
        assert_eq!(hook.ask("ls"), expected, "{client}");
        assert!(matches!(hook.ask("rm -r build"), Said::Stop(_)));
    }
}

/// What a program may print that is no answer, and its exit status. The last word on its command line
/// is what its answer has to stand between.
const NO_ANSWERS: [(&str, &str); 13] = [
    ("nothing", ":"),
    ("an object", "echo '{}'"),
    ("another object", "echo '{\"x\":1}'"),
    ("nonsense", "echo nonsense"),
    ("an answer without its mark", "echo '{\"hookSpecificOutput\":{}}'"),
    ("an answer with another mark", "echo '1 {} 1'"),
    ("a mark without an answer", "echo \"$seal $seal\""),
    ("an answer that breaks off", "echo \"$seal {\\\"hookSpecific\""),
    ("an answer that ends too early", "echo \"$seal {} \""),
    ("two answers", "echo \"$seal {} $seal\"; echo \"$seal {} $seal\""),
    ("words before it", "echo starting; echo \"$seal {} $seal\""),
    ("an answer of a program that failed", "echo \"$seal {} $seal\"; exit 1"),
    ("an answer of a program that was killed", "echo \"$seal {} $seal\"; kill -9 $$"),
];

/// Longest wait for what has to end by itself, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a command line of the settings, which has to end by itself.
fn ends(hook: &Hook, line: &str) -> Ended {
    let mut command = hook.user.command(Path::new("sh"), &["-c", line]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut shell = command.spawn().unwrap();
    // The agent leaves it open.
    let _event = shell.stdin.take();
    let limit = Instant::now() + PATIENCE;
    while shell.try_wait().unwrap().is_none() {
        if Instant::now() > limit {
            shell.kill().unwrap();
            panic!("{}: it does not end: {line}", hook.client);
        }
        std::thread::sleep(GLANCE);
    }
    Ended::from(shell.wait_with_output().unwrap())
}

#[test]
fn a_program_that_hangs_before_it_knows_its_time_limit_is_stopped_by_the_line() {
    for (client, arguments, is_binding) in
        [("codex", &["--wait", "0"][..], true), ("gemini", &["--wait", "0", "--shadow"], false)]
    {
        let hook = Hook::with(client, arguments, None);
        // What the program itself may take, and half of what the client waits longer.
        let seconds = "late=30;";
        for how in
            ["kill -STOP $$", "exec sleep 1000", "trap '' TERM INT HUP; while :; do sleep 1; done"]
        {
            hook.is_replaced_by(how);
            let ended = ends(&hook, &hook.before.replace(seconds, "late=1;"));
            let expected = if is_binding { (2, "") } else { (0, "{}\n") };
            assert_eq!((ended.status, &*ended.out), expected, "{client}: {how}: {}", ended.err);
        }
        assert!(hook.before.contains(seconds), "{}", hook.before);
    }
}

#[test]
fn whatever_is_no_answer_stops_the_call_and_in_shadow_stops_nothing() {
    for (client, arguments, is_binding) in
        [("claude-code", &[][..], true), ("copilot", &[], true), ("gemini", &["--shadow"], false)]
    {
        let hook = Hook::with(client, arguments, None);
        let script = |text: &str| {
            hook.is_replaced_by(text);
            hook.user.ask(&hook.before, hook.call("ls").to_string())
        };
        for (what, text) in NO_ANSWERS {
            let ended = script(text);
            if is_binding {
                assert_eq!((ended.status, &*ended.out), (2, ""), "{client}: {what}");
                assert!(ended.err.ends_with("did not permit this call\n"), "{what}: {}", ended.err);
            } else {
                assert_eq!((ended.status, &*ended.out), (0, "{}\n"), "{client}: {what}");
            }
        }
        let ended = script("printf '%s\\n' \"$seal {\\\"a\\\":\\\"b \\\\n $ c\\\"} $seal\"");
        assert_eq!((ended.status, &*ended.out), (0, "{\"a\":\"b \\n $ c\"}\n"), "{client}");
    }
}
