//! Further files that guard the agent, and further ways to name one in a call.

use super::*;

/// The call is held for what it names.
fn held(world: &World, tool: &str, params: &Value) {
    let reason = world.stopped(tool, params);
    assert!(reason.contains("may change"), "{tool} {params}: {reason:?}");
}

/// The call names nothing that guards the agent, whatever else is thought of it.
fn passes(world: &World, tool: &str, params: &Value) {
    let reason = world.stopped(tool, params);
    assert!(!reason.contains("may change"), "{tool} {params}: {reason:?}");
}

#[test]
fn rules_are_protected_wherever_the_policy_is() {
    let world = World::new();
    let other = |name: &str| world.path("elsewhere").join(name);
    fs::create_dir(other("")).unwrap();
    fs::write(other("policy.toml"), LAX).unwrap();
    fs::write(world.path("kept.txt"), "").unwrap();
    std::os::unix::fs::symlink(world.path("kept.txt"), other("more.cedar")).unwrap();
    let config = &world.request.config;
    let mut own: HookConfig = toml::from_str(&fs::read_to_string(config).unwrap()).unwrap();
    own.policy = Some(other("policy.toml"));
    fs::write(config, own.render()).unwrap();
    for name in ["rules.cedar", "new.CEDAR", "policy.toml", "../elsewhere/rules.cedar"] {
        assert!(world.edits(other(name)).contains("may change"), "{name}");
        held(&world, "Write", &json!({ "file_path": other(name), "content": "" }));
    }
    held(&world, "Bash", &json!({ "command": "echo > ../elsewhere/r*.cedar" }));
    assert!(world.edits(world.path("kept.txt")).contains("may change"), "a link leads to it");
    for name in ["rules.md", "cedar", "deep/rules.cedar"] {
        assert_eq!(world.edits(other(name)), "", "{name}");
    }
    assert_eq!(world.edits("rules.cedar"), "", "another folder");
}

#[test]
fn the_program_itself_is_protected() {
    let world = World::new();
    let program = std::env::current_exe().unwrap();
    assert!(world.edits(&program).contains("may change"));
    held(&world, "Bash", &json!({ "command": format!("cp mine {}", program.display()) }));
    let link = world.path("project/other");
    std::os::unix::fs::symlink(&program, &link).unwrap();
    assert!(world.edits(&link).contains("may change"));
}

#[test]
fn what_a_gateway_is_set_up_by_is_protected() {
    let world = World::new();
    fs::create_dir(world.path("project/gate")).unwrap();
    fs::write(world.path("project/gate/tools.lock"), "{}").unwrap();
    for name in [
        "servers.toml",
        "gate/tools.lock",
        "gate/policy.toml",
        "gate/rules.cedar",
        ".vscode/mcp.json",
        "~/.config/Code/User/mcp.json",
        "~/.config/Claude/claude_desktop_config.json",
        "~/Library/Application Support/Claude/claude_desktop_config.json",
        "~/Library/Application Support/Code/User/mcp.json",
    ] {
        assert!(world.edits(name).contains("may change"), "{name}");
    }
    for name in ["policy.toml", "rules.cedar", ".vscode/settings.json", "mcp.json", "lock"] {
        assert_eq!(world.edits(name), "", "{name}");
    }
}

#[test]
fn the_log_of_a_gateway_and_its_key_are_protected_wherever_they_lie() {
    let world = World::new();
    for name in ["project/gate", "project/held"] {
        fs::create_dir(world.path(name)).unwrap();
    }
    fs::write(world.path("project/gate/tools.lock"), "{}").unwrap();
    for (log, with) in [("other.sqlite", "other.sqlite-key"), ("held/my.db", "held/my.db-key")] {
        fs::write(world.path("project").join(log), "").unwrap();
        fs::write(world.path("project").join(with), "").unwrap();
    }
    for name in [
        "gate/placet.db",
        "gate/placet.db-key",
        "gate/placet.db-wal",
        "placet.db",
        "nowhere/placet.db-key",
        "nowhere/PLACET.DB-journal",
        "other.sqlite",
        "other.sqlite-key",
        "other.sqlite-shm",
        "held/my.db",
    ] {
        assert!(world.edits(name).contains("may change"), "{name}");
        held(&world, "Bash", &json!({ "command": format!("cp mine {name}") }));
        held(&world, "mcp__files__write", &json!({ "path": name, "content": "" }));
    }
    for command in ["rm held/*", "cp mine held/m*", "rm **/placet.db", "cat mine > other.sql?te*"] {
        held(&world, "Bash", &json!({ "command": command }));
    }
    passes(&world, "Bash", &json!({ "command": "rm src/*" }));
    std::os::unix::fs::symlink("held", world.path("project/link")).unwrap();
    assert!(world.edits("link/../held/my.db-wal").contains("may change"));
    assert!(world.edits("link/my.db").contains("may change"), "a link leads to it");
    fs::write(world.path("project/deploy-key"), "").unwrap();
    for name in ["my.db", "src/placet.rs", "placet.dbx", "deploy-key", "held/other.db"] {
        assert_eq!(world.edits(name), "", "{name}");
    }
}

#[test]
fn what_an_agent_says_of_a_command_is_no_path() {
    let world = World::new();
    for said in ["Look at the log, .git, and the rest", "Build it, then .claude/settings.json"] {
        let command = json!({ "command": "make", "description": said });
        passes(&world, "Bash", &command);
        passes(&world, "run_shell_command", &command);
    }
    // But a patch in it may be one, and to a tool that is not the agent's own it is like any other.
    let patch = "*** Begin Patch\n*** Update File: .git/hooks/x\n*** End Patch";
    held(&world, "Bash", &json!({ "command": "make", "description": patch }));
    let text = json!({ "name": "a", "description": "a, .git/hooks/x" });
    held(&world, "mcp__files__write", &text);
}

#[test]
fn neither_line_breaks_nor_length_hide_a_path() {
    let world = World::new();
    let project = world.path("project").display().to_string();
    let dots = |times: usize| "./".repeat(times);
    let deep = "a/".repeat(3000);
    for path in [
        format!("{project}/x\n/../.claude/settings.json"),
        format!("{project}/{}.claude/settings.json", dots(3000)),
        format!("{}.claude/settings.json", dots(3000)),
        format!("{deep}{}.claude/settings.json", "../".repeat(3000)),
        format!("{project}/{deep}b.txt"),
    ] {
        let reason = world.edits(&path);
        assert!(reason.contains("may change"), "{} bytes: {reason:?}", path.len());
        held(&world, "mcp__files__write", &json!({ "path": path, "content": "" }));
    }
    let text = "Much is said of .claude/settings.json and of a/b. ".repeat(200);
    let picture =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgK".repeat(99);
    // A folder that is a link, in which what is named is not there yet.
    fs::create_dir(world.path("project/.claude/hooks")).unwrap();
    std::os::unix::fs::symlink(".claude/hooks", world.path("project/mine")).unwrap();
    std::os::unix::fs::symlink("/usr", world.path("project/far")).unwrap();
    for path in ["mine/new.sh", "./mine/new.sh", "nowhere/../mine/new.sh", "far/../mine/new.sh"] {
        assert!(world.edits(path).contains("may change"), "{path}");
    }
    for content in [text, picture] {
        passes(&world, "Write", &json!({ "file_path": "a.md", "content": content }));
        passes(&world, "mcp__files__write", &json!({ "path": "a.md", "content": content }));
    }
}

#[test]
fn every_part_of_the_params_may_name_a_path() {
    let world = World::new();
    let diff = "diff --git a/.git/hooks/pre-commit b/.git/hooks/pre-commit\nnew file mode 100755\n\
        --- /dev/null\n+++ b/.git/hooks/pre-commit\n@@ -0,0 +1 @@\n+x\n";
    let plain =
        "--- src/a.rs\t2026-01-01\n+++ x/.claude/settings.json\t2026-01-01\n@@ -1 +1 @@\n-a\n+b\n";
    let renamed = "diff --git a/a b/b\nrename from a\nrename to \".claude/settings.json\"\n";
    let own = world.path("project/.claude/settings.json");
    for params in [
        json!({ "files": { own.to_str().unwrap(): "{}" } }),
        json!({ "files": { ".claude/settings.json": { "text": "{}" } } }),
        json!({ "paths": "src/a.rs\n  .claude/settings.json\r\nb" }),
        json!({ "paths": "src/a.rs, .claude/settings.json" }),
        json!({ "glob": ".claude/*" }),
        json!({ "glob": ".claude/**" }),
        json!({ "glob": ".c?aude/sett[i]ngs.{json,toml}" }),
        json!({ "glob": "**/settings.*" }),
        json!({ "patch": diff }),
        json!({ "patch": plain }),
        json!({ "patch": renamed }),
    ] {
        held(&world, "mcp__files__apply", &params);
    }
    let patch = "*** Begin Patch\n*** Update File: .codex/hooks.json\n@@\n-a\n+b\n*** End Patch\n";
    for before in ["apply_patch <<'EOF'\n", "\n\n  ", "x\r\n"] {
        held(&world, "apply_patch", &json!({ "command": format!("{before}{patch}EOF\n") }));
        held(&world, "apply_patch", &json!({ "input": format!("{before}{patch}EOF\n") }));
    }
    for params in [
        json!({ "glob": "src/*.rs" }),
        json!({ "text": "Read the settings, then\ngo on: a/b, c/d.\n" }),
        json!({ "patch": diff.replace(".git/hooks", "src") }),
    ] {
        passes(&world, "mcp__files__apply", &params);
    }
    // Also far down in a long list.
    let list: Vec<String> = (0..3000).map(|number| format!("src/{number}.rs")).collect();
    let list = list.join("\n");
    passes(&world, "mcp__files__apply", &json!({ "paths": list }));
    held(
        &world,
        "mcp__files__apply",
        &json!({ "paths": format!("{list}\n.claude/settings.json") }),
    );
    // What an agent's own tool writes into a file is no path.
    let ignored = "target\n.claude/settings.local.json\n.git\n";
    passes(&world, "Write", &json!({ "file_path": ".dockerignore", "content": ignored }));
    let edit = json!({ "file_path": "a", "old_string": "a\n.git\n", "new_string": diff });
    passes(&world, "Edit", &edit);
}
