//! Installing, examining and uninstalling, as a user does it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use support::Ended;
use support::daemon::{Daemon, key};
use support::hook::User;

const CLIENTS: [&str; 5] = ["claude-code", "codex", "gemini", "cursor", "copilot"];

fn doctor(user: &User, client: &str) -> (i32, Value) {
    let ended = user.run(&["hook", "doctor", client, "--json"]);
    (ended.status, serde_json::from_str(&ended.out).unwrap())
}

/// The remarks of this weight.
fn remarks(report: &Value, weight: &str) -> String {
    let all = report["remarks"].as_array().unwrap().iter();
    let these = all.filter(|remark| remark["weight"] == weight);
    these.map(|remark| remark["text"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_client_is_installed_examined_and_uninstalled() {
    for client in CLIENTS {
        for scope in ["--user", "--project"] {
            let user = User::new();
            let (status, report) = doctor(&user, client);
            assert_eq!((status, &report["in_path"]), (1, &json!(false)));
            assert!(remarks(&report, "bad").contains("no hook is installed"), "{report:#}");

            let said = user.ok(&["hook", "install", client, scope]);
            assert!(said.contains("asks the gate"), "{said}");
            let (status, report) = doctor(&user, client);
            assert_eq!((status, &report["in_path"]), (0, &json!(true)), "{report:#}");
            let good = remarks(&report, "good");
            for what in [
                "asks the gate on",
                "a dry run came to the gate, which decided",
                "its program is missing, the call is stopped",
                "its program prints something else, the call is stopped",
                "the event makes no sense, the call is stopped",
            ] {
                assert!(good.contains(what), "{client}: {what}: {good}");
            }
            assert!(report["ways_round"].as_array().unwrap().len() >= 4);

            let said = user.ok(&["hook", "uninstall", client, scope]);
            assert!(said.contains("no longer asks the gate"), "{said}");
            assert_eq!(doctor(&user, client).0, 1);
            let said = user.ok(&["hook", "uninstall", client, scope, "--json"]);
            assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["changed"], false);
        }
    }
}

#[test]
fn a_dry_run_leaves_nothing_that_waits() {
    let user = User::new();
    user.world.write("policy.toml", "version = 1\nmode = \"enforce\"\n");
    let policy = user.world.path("policy.toml");
    user.ok(&["hook", "install", "claude-code", "--policy", policy.to_str().unwrap()]);
    let (status, report) = doctor(&user, "claude-code");
    assert_eq!(status, 0, "{report:#}");
    assert!(remarks(&report, "good").contains("decided require_approval in the log"), "{report:#}");
    let log = user.log();
    let waiting = user.ok(&["approvals", "list", "--json", "--log", log.to_str().unwrap()]);
    assert!(!waiting.contains("apr_"), "{waiting}");
}

#[test]
fn what_takes_the_gate_out_of_the_path_is_found() {
    type Harm = fn(&User);
    let harms: [(&str, Harm, &str); 19] = [
        ("claude-code", |_| (), ""),
        (
            "claude-code",
            |user| {
                edit(
                    user,
                    ".claude/settings.json",
                    "\"hooks\"",
                    "\"disableAllHooks\": true, \"hooks\"",
                );
            },
            "\"disableAllHooks\" is true",
        ),
        (
            "claude-code",
            |user| edit(user, ".claude/settings.json", "exit 2", "exit 1"),
            "is missing, the call is not stopped",
        ),
        (
            "claude-code",
            |user| {
                edit(user, ".claude/settings.json", "\"matcher\": \"*\"", "\"matcher\": \"Read\"");
            },
            "\"matcher\" is not as installing writes it",
        ),
        (
            "claude-code",
            |user| edit(user, ".claude/settings.json", "\"timeout\": 280", "\"timeout\": 5"),
            "\"timeout\" is not as installing writes it",
        ),
        (
            "claude-code",
            |user| {
                edit(user, ".claude/settings.json", "\"onFailure\": \"block\"", "\"async\": true");
            },
            "\"async\" and \"onFailure\" are not as installing writes them",
        ),
        (
            "cursor",
            |user| {
                edit(user, ".cursor/hooks.json", "\"failClosed\": true", "\"failClosed\": false");
            },
            "\"failClosed\" is not as installing writes it",
        ),
        (
            "gemini",
            |user| edit(user, ".gemini/settings.json", "\"timeout\": 280000", "\"timeout\": 280"),
            "\"timeout\" is not as installing writes it",
        ),
        (
            "claude-code",
            // Longer, and for all tools in another word: as good.
            |user| {
                edit(user, ".claude/settings.json", "\"timeout\": 280", "\"timeout\": 600");
                edit(user, ".claude/settings.json", "\"matcher\": \"*\"", "\"matcher\": \"\"");
            },
            "",
        ),
        (
            "codex",
            |user| {
                fs::write(user.home(".codex/config.toml"), "[features]\nhooks = false\n").unwrap();
            },
            "\"features.hooks\" is false",
        ),
        (
            "codex",
            |user| fs::write(user.home(".codex/config.toml"), "[features\n").unwrap(),
            "config.toml",
        ),
        (
            "claude-code",
            // A line that takes whatever begins and ends like an object.
            |user| edit(user, ".claude/settings.json", "$$ {\\\"*\\\"} $$", "{\\\"*\\\"}"),
            "prints something else, the call is not stopped",
        ),
        (
            "gemini",
            |user| {
                edit(
                    user,
                    ".gemini/settings.json",
                    "\"hooks\"",
                    "\"hooksConfig\": {\"disabled\": [\"placet\"]}, \"hooks\"",
                );
            },
            "\"hooksConfig.disabled\" has \"placet\"",
        ),
        (
            "codex",
            |user| edit(user, ".config/placet/hook-codex.toml", "log = ", "logs = "),
            "makes no sense",
        ),
        (
            "codex",
            |user| {
                let path = user.home(".config/placet/hook-codex.toml");
                fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
            },
            "others on this machine may read",
        ),
        (
            "cursor",
            |user| edit(user, ".cursor/hooks.json", "preToolUse", "preToolUsed"),
            "no hook is installed",
        ),
        (
            "copilot",
            |user| fs::write(user.home(".copilot/config.json"), "// its own\n{}\n").unwrap(),
            "",
        ),
        (
            "copilot",
            |user| {
                let text = "// its own\n{ \"disableAllHooks\": true, }\n";
                fs::write(user.home(".copilot/config.json"), text).unwrap();
            },
            "\"disableAllHooks\" is true",
        ),
        (
            "copilot",
            |user| {
                fs::write(user.home(".copilot/settings.json"), r#"{"disableAllHooks": true}"#)
                    .unwrap();
            },
            "\"disableAllHooks\" is true",
        ),
    ];
    for (client, harm, found) in harms {
        let user = User::new();
        user.ok(&["hook", "install", client]);
        harm(&user);
        let (status, report) = doctor(&user, client);
        assert_eq!(status, i32::from(!found.is_empty()), "{report:#}");
        assert!(remarks(&report, "bad").contains(found), "{client} {found}: {report:#}");
    }
}

fn edit(user: &User, name: &str, from: &str, to: &str) {
    let text = fs::read_to_string(user.home(name)).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(user.home(name), text.replacen(from, to, 1)).unwrap();
}

#[test]
fn the_doctor_sees_through_a_script_that_prints_permission() {
    let user = User::new();
    user.ok(&["hook", "install", "claude-code"]);
    let program = user.program();
    let kept = program.with_extension("kept");
    fs::rename(&program, &kept).unwrap();
    fs::write(&program, "#!/bin/sh\necho '{}'\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let ended = user.command(&kept, &["hook", "doctor", "claude-code"]).output().unwrap();
    let ended = Ended::from(ended);
    assert_eq!(ended.status, 1);
    assert!(ended.out.contains("a dry run did not come to a decision"), "{}", ended.out);
}

#[test]
fn a_daemon_wants_a_key_and_is_told_apart_from_a_log() {
    let user = User::new();
    let refused = user.run(&["hook", "install", "codex", "--url", "http://127.0.0.1:1"]);
    assert_eq!(refused.status, 2, "{}", refused.err);
    assert!(refused.err.contains("PLACET_KEY"), "{}", refused.err);
    assert!(!user.home(".codex").exists());

    let agent = key(&user.world, &["--scope", "agent", "--tenant", "acme"]);
    let daemon = Daemon::start(&user.world, &[]);
    let line = ["hook", "install", "codex", "--url", &daemon.url(), "--tenant", "acme"];
    let installed =
        user.command(&user.program(), &line).env("PLACET_KEY", &agent).output().unwrap();
    assert_eq!(Ended::from(installed).status, 0);
    let (status, report) = doctor(&user, "codex");
    assert_eq!(status, 0, "{report:#}");
    assert!(remarks(&report, "good").contains("in the daemon http"), "{report:#}");
    assert!(remarks(&report, "note").contains("/hooks"), "{report:#}");
    for path in [".codex/hooks.json", ".config/placet/hook-codex.toml"] {
        assert!(!fs::read_to_string(user.home(path)).unwrap().contains(&agent));
    }
    daemon.stop();
    let (status, report) = doctor(&user, "codex");
    assert_eq!(status, 1);
    assert!(remarks(&report, "bad").contains("did not come to a decision"), "{report:#}");
}

/// A fenced block of the page about hooks that begins like this.
fn block(start: &str) -> String {
    let page = include_str!("../../../docs/hooks.md");
    let text = page.split(start).nth(1).unwrap().split("```").next().unwrap();
    format!("{}{text}", start.trim_start_matches("```toml\n").trim_start_matches("```text\n"))
}

#[test]
fn the_policies_that_users_are_given_are_sound() {
    let user = User::new();
    user.world.write("policy.toml", block("```toml\nversion"));
    user.world.write("rules.cedar", block("```text\n@id"));
    let said = user.world.ok(&["policy", "lint", "policy.toml"]);
    assert!(said.contains("the policy is sound: 3 classes"), "{said}");
    for (command, verdict) in [
        ("git push --force origin main", "block"),
        ("git push --force-with-lease", "block"),
        ("git push -f origin main", "block"),
        ("git -c a=b push origin main -f", "block"),
        ("git push origin +main", "block"),
        ("git push origin main", "require_approval"),
        ("git push -u origin topic-f", "require_approval"),
        ("git push -uf origin main", "require_approval"),
        ("git push origin '+main'", "require_approval"),
        ("git shove", "require_approval"),
        ("git status", "allow"),
    ] {
        let call = json!({ "tool": "Bash", "params": { "command": command } });
        user.world.write("call.jsonl", call.to_string());
        let said = user.world.ok(&["check", "call.jsonl", "--policy", "policy.toml"]);
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said["verdict"], verdict, "{command}: {said:#}");
    }
    user.ok(&["hook", "install", "claude-code"]);
    let starter = user.home(".config/placet/policy.toml");
    let said = user.ok(&["policy", "lint", starter.to_str().unwrap()]);
    assert!(said.contains("the policy is sound"), "{said}");
}

#[test]
fn a_policy_that_cannot_be_used_is_refused_before_anything_is_written() {
    let user = User::new();
    fs::write(user.project("broken.toml"), "version = 1\nmode = \"sometimes\"\n").unwrap();
    fs::create_dir(user.project("rules")).unwrap();
    fs::write(user.project("rules/policy.toml"), "version = 1\nmode = \"enforce\"\n").unwrap();
    fs::write(user.project("rules/more.cedar"), "forbid (").unwrap();
    for (policy, why) in
        [("nope.toml", "nope.toml"), ("broken.toml", "sometimes"), ("rules/policy.toml", "cedar")]
    {
        let ended = user.run(&["hook", "install", "claude-code", "--policy", policy]);
        assert_eq!(ended.status, 3, "{policy}: {} {}", ended.out, ended.err);
        assert!(ended.err.contains(why), "{policy}: {}", ended.err);
        assert!(!user.home(".claude").exists() && !user.home(".config").exists(), "{policy}");
    }
    // The policy to begin with, of somebody who has changed it since.
    user.ok(&["hook", "install", "claude-code"]);
    fs::write(user.home(".config/placet/policy.toml"), "version = 2\n").unwrap();
    let ended = user.run(&["hook", "install", "codex"]);
    assert_eq!(ended.status, 3, "{} {}", ended.out, ended.err);
    assert!(ended.err.contains("policy.toml") && !user.home(".codex").exists(), "{}", ended.err);
}

#[test]
fn what_makes_no_sense_is_said() {
    let user = User::new();
    let rows: [(&[&str], &str); 4] = [
        (&["hook", "install", "emacs"], "is no client"),
        (&["hook", "install", "codex", "--wait", "100000"], "--wait"),
        (&["hook", "install", "codex", "--user", "--project"], "cannot be used with"),
        (&["hook", "codex"], "--config"),
    ];
    for (line, said) in rows {
        let ended = user.run(line);
        assert_eq!(ended.status, 2, "{line:?}");
        assert!(ended.err.contains(said), "{line:?}: {}", ended.err);
    }
    fs::create_dir_all(user.home(".gemini")).unwrap();
    fs::write(user.home(".gemini/settings.json"), "{ // mine\n}").unwrap();
    let ended = user.run(&["hook", "install", "gemini"]);
    assert_eq!(ended.status, 3);
    assert!(ended.err.contains("is not changed: it is no plain JSON"), "{}", ended.err);
}
