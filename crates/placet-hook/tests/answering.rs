//! What a hook answers, with a log of its own: that a call which may change what guards the agent
//! waits for a person, and that there is an answer in time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "answering/spellings.rs"]
mod spellings;

use std::fs;
use std::io::{BufRead as _, BufReader, Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use placet_hook::limits::OWN_TIME;
use placet_hook::{ClientName, Folders, HookConfig, Reply, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Everything passes, whatever it does.
const LAX: &str = "version = 1\nmode = \"enforce\"\nunclassified = \"inspect\"\n\
    on_review = \"shadow\"\n\
    [actions.Edit]\nrisk = \"read\"\naliases = [\"Write\", \"Read\", \"apply_patch\"]\n\
    [actions.\"mcp__files__*\"]\nrisk = \"read\"\n\
    [actions.Bash]\nrisk = \"read\"\n";

/// A user with a home and a project, whose Claude Code asks here.
struct World {
    folder: TempDir,
    request: Request,
}

impl World {
    fn new() -> Self {
        Self::with(LAX)
    }

    fn with(policy: &str) -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["home/.config/placet", "home/.claude", "project/.claude", "project/src"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let home = folder.path().join("home");
        let own = |name: &str| (name == "HOME").then(|| home.clone().into_os_string());
        let folders = Folders::from_env(folder.path().join("project"), own).unwrap();
        let mut config = HookConfig::new(folders.memory("claude-code"));
        (config.log, config.policy) = (Some(folders.log()), Some(folders.policy()));
        fs::create_dir_all(&folders.state).unwrap();
        fs::write(folders.policy(), policy).unwrap();
        let path = folders.hook_config("claude-code");
        fs::write(&path, config.render()).unwrap();
        let request = Request {
            client: ClientName::ClaudeCode,
            config: path,
            is_after: false,
            is_shadow: false,
            dry_run: None,
            folders: Some(folders),
            own_time: OWN_TIME,
        };
        Self { folder, request }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn event(&self, tool: &str, params: &Value) -> String {
        let cwd = self.path("project");
        json!({
            "session_id": "s-1", "cwd": cwd, "hook_event_name": "PreToolUse", "tool_name": tool,
            "tool_input": params, "tool_use_id": "id",
        })
        .to_string()
    }

    fn ask(&self, tool: &str, params: &Value) -> Reply {
        placet_hook::answer(&self.request, Cursor::new(self.event(tool, params)))
    }

    /// Why a call is stopped; nothing where it goes on.
    fn stopped(&self, tool: &str, params: &Value) -> String {
        let reply = self.ask(tool, params);
        let out: Value = serde_json::from_str(&reply.out).unwrap();
        let reason = &out["hookSpecificOutput"]["permissionDecisionReason"];
        reason.as_str().unwrap_or_default().to_owned()
    }

    fn edits(&self, path: impl AsRef<Path>) -> String {
        self.stopped("Edit", &json!({ "file_path": path.as_ref(), "new_string": "x" }))
    }
}

#[test]
fn an_edit_of_what_guards_the_agent_waits_for_a_person() {
    let world = World::new();
    for name in [
        ".claude/settings.json",
        ".claude/settings.local.json",
        ".claude/hooks/mine.sh",
        "./.claude/../.claude/settings.json",
        "src/../.claude//settings.json",
        ".CLAUDE/Settings.JSON",
        ".claude/\u{200c}settings.json",
        "~/.claude/settings.json",
        "file:///anywhere/.claude/settings.json",
        "deep/in/another/project/.codex/config.toml",
        ".codex/hooks.json",
        ".gemini/settings.json",
        ".cursor/hooks.json",
        ".github/hooks/mine.json",
        ".git/config",
        ".git/hooks/pre-commit",
        "~/.bashrc",
        "/etc/profile.d/mine.sh",
        "~/.config/fish/config.fish",
        "../home/.config/placet/policy.toml",
        "../home/.config/placet/rules.cedar",
        "../home/.config/placet/hook-claude-code.toml",
        "../home/.local/state/placet/placet.db",
        "../home/.local/state/placet/placet.db-key",
    ] {
        let reason = world.edits(name);
        assert!(reason.contains("holds this call"), "{name}: {reason:?}");
        assert!(reason.contains("may change"), "{name}: {reason:?}");
    }
    for name in ["src/main.rs", ".claude/CLAUDE.md", "settings.json", "docs/.codex/a/b.md"] {
        assert_eq!(world.edits(name), "", "{name}");
    }
    let read = json!({ "file_path": ".claude/settings.json" });
    assert_eq!(world.stopped("Read", &read), "", "looking is no change");
    let long = json!({ "file_path": "a.md", "content": "see .claude/settings.json\n" });
    assert_eq!(world.stopped("Write", &long), "", "writing about it is none either");
}

#[test]
fn links_lead_nobody_round() {
    let world = World::new();
    let at = |name: &str| world.path("project").join(name);
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, at(name)).unwrap();
    fs::write(at(".claude/settings.json"), "{}").unwrap();
    link(".claude/settings.json", "harmless.json");
    link(".claude/settings.local.json", "dangling.json");
    link(".claude", "folder");
    link("folder", "further");
    link("loop", "loop");
    fs::hard_link(at(".claude/settings.json"), at("src/hard.json")).unwrap();
    for name in ["harmless.json", "dangling.json", "further/settings.json", "src/hard.json"] {
        assert!(world.edits(name).contains("may change"), "{name}");
        assert!(world.edits(at(name)).contains("may change"), "{name}");
        let command = json!({ "command": format!("echo x > {name}") });
        assert!(world.stopped("Bash", &command).contains("may change"), "{name}");
    }
    assert_eq!(world.edits("loop"), "");
}

#[test]
fn other_tools_and_other_places_of_a_path_are_no_way_round() {
    let world = World::new();
    let patch =
        |file: &str| format!("*** Begin Patch\n*** Update File: {file}\n@@\n-a\n+b\n*** End Patch");
    for (tool, params) in [
        ("apply_patch", json!({ "command": patch(".codex/hooks.json") })),
        ("mcp__files__write_file", json!({ "path": ".claude/settings.json", "content": "{}" })),
        ("mcp__files__move_file", json!({ "source": "a", "to": { "place": [".git/config"] } })),
        ("mcp__files__write", json!({ "directory": ".claude", "name": "settings.json" })),
        ("mcp__files__delete", json!({ "path": ".claude" })),
    ] {
        assert!(world.stopped(tool, &params).contains("may change"), "{tool} {params}");
    }
    let about = json!({ "command": patch("docs/hooks.md").replace("+b", "+ .codex/hooks.json") });
    assert!(!world.stopped("apply_patch", &about).contains("may change"));
}

#[test]
fn a_shell_is_no_way_round() {
    let world = World::new();
    let outside = world.path("home/.claude/settings.json");
    let whole = format!("echo x > {}", outside.display());
    for command in [
        &*whole,
        "echo x > .claude/settings.json",
        "echo x>>.claude/settings.json",
        "sed -i s/a/b/ .claude/settings.json",
        "cp mine.json .claude/settings.json",
        "tee .claude/settings.json < mine.json",
        "dd if=a of=.claude/settings.json",
        "mv .claude elsewhere",
        "cp -r mine/. .claude/",
        "cd .claude && echo x > settings.json",
        "cd .github && echo x > hooks/mine.json",
        "echo x > .cl''aude/sett\"ings\".json",
        "echo x > .cl\\aude/settings.json",
        "sh -c \"echo x > .cl''aude/settings.json\"",
        "echo x > .claude/sett*.json",
        "echo x > .c*/settings.json",
        "echo x > .{claude,x}/settings.json",
        "echo x > \"$HOME\"/.bashrc",
        "echo x > ${HOME}/.claude/settings.json",
        "D=.claude; echo x > $D/settings.json",
        "echo x > $(pwd)/.claude/settings.json",
        "echo x > $D/policy.toml",
        "echo x > .CLAUDE/SETTINGS.json",
        "echo x > $'.claude/settings\\x2ejson'",
        "python3 -c \"open('.claude/settings.json','w')\"",
        "git config core.hooksPath /tmp",
        "git -c a=b config --global alias.x '!sh'",
        "placet --json approvals approve apr_1",
        "/opt/placet hook uninstall claude-code",
        "rm -rf ~/.config/placet",
    ] {
        let reason = world.stopped("Bash", &json!({ "command": command }));
        assert!(reason.contains("may change"), "{command}: {reason:?}");
    }
    for command in [
        "cat .claude/settings.json",
        "ls -la .claude",
        "git config --get user.name",
        "echo x > notes.txt",
        "make -C src all",
        "cp src/a \"$target\"",
        "cargo test --workspace && git commit -m 'settings'",
    ] {
        let reason = world.stopped("Bash", &json!({ "command": command }));
        assert!(!reason.contains("may change"), "{command}: {reason:?}");
    }
}

#[test]
fn shadow_looks_on_here_as_well_and_a_block_stays_one() {
    let mut world = World::with(&LAX.replace("enforce", "shadow"));
    assert_eq!(world.edits(".claude/settings.json"), "");
    world = World::new();
    world.request.is_shadow = true;
    assert_eq!(world.edits(".claude/settings.json"), "");
    world = World::with(&LAX.replace("inspect", "block"));
    let other = world.stopped("Frob", &json!({ "path": ".claude/settings.json" }));
    assert!(other.starts_with("Placet blocked"), "{other}");
}

/// What never ends: a client that does not close its pipe.
struct Endless;

impl std::io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        std::thread::park_timeout(Duration::from_millis(1));
        buffer[0] = b' ';
        Ok(1)
    }
}

/// What breaks off.
struct Broken;

impl std::io::Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        std::panic::resume_unwind(Box::new("on purpose"))
    }
}

fn is_denied(reply: &Reply, why: &str) {
    let out: Value = serde_json::from_str(&reply.out).unwrap();
    assert_eq!(out["hookSpecificOutput"]["permissionDecision"], "deny", "{reply:?}");
    let reason = out["hookSpecificOutput"]["permissionDecisionReason"].as_str().unwrap();
    assert!(reason.contains(why), "{reply:?}");
    assert_eq!(reply.status, 2);
    assert_eq!(reply.err.as_deref(), Some(reason));
}

/// As long as a test waits for what never comes.
const SHORT: Duration = Duration::from_millis(200);

const TOO_LATE: &str = "there was no decision within";

#[test]
fn what_never_ends_is_denied_in_time() {
    let mut world = World::new();
    is_denied(&placet_hook::answer(&world.request, Broken), "broke off");
    world.request.own_time = SHORT;
    is_denied(&placet_hook::answer(&world.request, Endless), TOO_LATE);

    let config = world.request.config.clone();
    let text = fs::read_to_string(&config).unwrap();
    fs::remove_file(&config).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&config).status().unwrap().success());
    is_denied(&world.ask("Read", &json!({ "file_path": "a" })), TOO_LATE);
    let shadow = Request { is_shadow: true, ..world.request.clone() };
    assert_eq!(placet_hook::answer(&shadow, Endless).out, "{}", "shadow stops nobody");

    // A daemon that takes the question and says nothing.
    let daemon = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    fs::remove_file(&config).unwrap();
    fs::write(&config, text).unwrap();
    world.at_daemon(daemon.local_addr().unwrap());
    is_denied(&world.ask("Read", &json!({ "file_path": "a" })), TOO_LATE);
}

impl World {
    fn wait_for_nobody(&self) {
        let text = fs::read_to_string(&self.request.config).unwrap();
        let text = text.replace("wait_seconds = 240", "wait_seconds = 0");
        fs::write(&self.request.config, text).unwrap();
    }

    /// Has the calls decided at a daemon, and waits for nobody.
    fn at_daemon(&self, address: std::net::SocketAddr) {
        let config = &self.request.config;
        let key = config.with_extension("key");
        fs::write(&key, "plc_none").unwrap();
        let own: HookConfig = toml::from_str(&fs::read_to_string(config).unwrap()).unwrap();
        let asking = HookConfig {
            daemon: Some(format!("http://{address}")),
            key_file: Some(key),
            log: None,
            wait_seconds: 0,
            ..own
        };
        fs::write(config, asking.render()).unwrap();
    }
}

/// A daemon that holds what it is asked for, has it approved, and fails to spend that for the first time.
fn shaky(listener: &std::net::TcpListener) {
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let held = json!({
        "id": format!("act_{id}"), "verdict": "require_approval", "mode": "enforce", "findings": [],
        "approval": { "id": format!("apr_{id}"), "deadline": "2030-01-01T00:00:00.000Z" },
    });
    let mut approved = held.clone();
    (approved["status"], approved["warrant"]) = (json!("approved"), json!("w"));
    let mut is_broken = true;
    for stream in listener.incoming() {
        let mut from = BufReader::new(stream.unwrap());
        let head: Vec<_> =
            from.by_ref().lines().map(Result::unwrap).take_while(|it| !it.is_empty()).collect();
        let length = head.iter().find_map(|it| {
            let (name, value) = it.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
        });
        from.read_exact(&mut vec![0; length.unwrap_or(0)]).unwrap();
        let (status, body) = match &*head[0] {
            line if !line.contains("/v1/warrants/redeem") => {
                (200, if line.starts_with("GET") { &approved } else { &held })
            }
            _ if std::mem::take(&mut is_broken) => (500, &Value::Null),
            _ => (200, &held),
        };
        let body = body.to_string();
        let head = format!("HTTP/1.1 {status} x\r\nContent-Type: application/json\r\n");
        let end = format!("Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        from.get_mut().write_all((head + &end).as_bytes()).unwrap();
    }
}

#[test]
fn what_is_approved_outlasts_a_daemon_that_fails_to_spend_it() {
    let daemon = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let world = World::new();
    world.at_daemon(daemon.local_addr().unwrap());
    std::thread::spawn(move || shaky(&daemon));
    assert!(world.edits("src/main.rs").contains("holds this call"));
    assert!(world.edits("src/main.rs").contains("cannot be decided on"));
    assert_eq!(world.edits("src/main.rs"), "", "the same call finds its approval");
    assert!(world.edits("src/main.rs").contains("holds this call"), "once");
}

#[test]
fn a_log_that_stays_locked_is_denied_in_time() {
    let mut world = World::new();
    assert_eq!(world.edits("src/main.rs"), "");
    let log = world.request.folders.as_ref().unwrap().log();
    let config =
        placet::Config { log: placet::LogPlace::File(log), policy: placet::PolicySource::Log };
    let guard = placet::Guard::open(config).unwrap();
    world.request.own_time = SHORT;
    world.wait_for_nobody();
    is_denied(&world.ask("Read", &json!({ "file_path": "a" })), TOO_LATE);
    drop(guard);
}

/// Events that cannot be judged.
fn unjudgeable(world: &World) -> Vec<String> {
    let call = world.event("Read", &json!({ "file_path": "a" }));
    vec![
        String::new(),
        "nonsense".to_owned(),
        call.replace("\"Read\"", "\"\\u0001\""),
        call.replace("\"tool_name\"", "\"tool\""),
        call.replacen('{', "{\"cwd\":1,", 1),
        call.replace("\"a\"", &format!("{}1{}", "[".repeat(200), "]".repeat(200))),
        call.replace("\"a\"", &format!("\"{}\"", "a".repeat(17 * 1024 * 1024))),
    ]
}

#[test]
fn a_policy_in_shadow_stops_nobody_not_even_what_cannot_be_judged() {
    let (shadow, enforcing) = (World::with(&LAX.replace("enforce", "shadow")), World::new());
    for _ in 0..2 {
        for event in unjudgeable(&shadow) {
            let (start, event) = (event.chars().take(99).collect::<String>(), Cursor::new(event));
            let reply = placet_hook::answer(&shadow.request, event.clone());
            assert_eq!((&*reply.out, reply.status), ("{}", 0), "{start}");
            assert!(reply.err.unwrap().starts_with("not recorded: "), "{start}");
            is_denied(&placet_hook::answer(&enforcing.request, event), "");
        }
        // By the policy that is in the log, where no file is named.
        let path = &shadow.request.config;
        assert_eq!(shadow.edits("src/main.rs"), "");
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with("policy"));
        fs::write(path, lines.collect::<Vec<_>>().join("\n")).unwrap();
    }
    // Nor what goes wrong on our side, as far as the policy can be known.
    let broken = World::with(&LAX.replace("enforce", "shadow"));
    fs::create_dir_all(broken.request.folders.as_ref().unwrap().log()).unwrap();
    assert_eq!(broken.edits("src/main.rs"), "");
    let broken = World::new();
    fs::create_dir_all(broken.request.folders.as_ref().unwrap().log()).unwrap();
    is_denied(&broken.ask("Read", &json!({ "file_path": "a" })), "cannot be decided on");
}

#[test]
fn a_policy_in_shadow_stops_nobody_either_where_something_hangs() {
    let passes = |reply: Reply| {
        assert_eq!((&*reply.out, reply.status), ("{}", 0), "{reply:?}");
        assert!(reply.err.unwrap().contains(TOO_LATE));
    };
    let mut world = World::with(&LAX.replace("enforce", "shadow"));
    assert_eq!(world.edits("src/main.rs"), "");
    world.request.own_time = Duration::from_secs(2);
    passes(placet_hook::answer(&world.request, Endless));
    // By the policy in the log, while another process has that.
    let path = &world.request.config;
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("policy"));
    fs::write(path, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let log = world.request.folders.as_ref().unwrap().log();
    let config =
        placet::Config { log: placet::LogPlace::File(log), policy: placet::PolicySource::Log };
    let guard = placet::Guard::open(config).unwrap();
    world.wait_for_nobody();
    passes(world.ask("Read", &json!({ "file_path": "a" })));
    drop(guard);
    // Where the policy cannot be known either, the call is stopped.
    let daemon = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    world.at_daemon(daemon.local_addr().unwrap());
    is_denied(&world.ask("Read", &json!({ "file_path": "a" })), TOO_LATE);
}
