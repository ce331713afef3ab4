//! A user with a home and a project, whose agents have hooks.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Ended, World};

/// Whom the agents belong to.
pub struct User {
    pub world: World,
}

impl User {
    pub fn new() -> Self {
        let world = World::new();
        std::fs::create_dir_all(world.path("home")).unwrap();
        std::fs::create_dir_all(world.path("project")).unwrap();
        Self { world }
    }

    pub fn home(&self, name: &str) -> PathBuf {
        self.world.path("home").join(name)
    }

    pub fn project(&self, name: &str) -> PathBuf {
        self.world.path("project").join(name)
    }

    /// The log that is used when none is named.
    pub fn log(&self) -> PathBuf {
        self.home(".local/state/placet/placet.db")
    }

    /// A copy of the program that tests may break.
    pub fn program(&self) -> PathBuf {
        let program = self.world.path("bin/placet");
        if !program.exists() {
            std::fs::create_dir_all(program.parent().unwrap()).unwrap();
            // By another process: one that this one starts meanwhile would still have it open.
            let mut copy = Command::new("cp");
            copy.arg(env!("CARGO_BIN_EXE_placet")).arg(&program);
            assert!(copy.status().unwrap().success());
        }
        program
    }

    /// The command as this user starts it.
    pub fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = self.world.command(arguments);
        let mut own = Command::new(program);
        own.args(arguments).current_dir(self.world.path("project")).stdin(Stdio::null());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => own.env(name, value),
                None => own.env_remove(name),
            };
        }
        for moved in
            ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "COPILOT_HOME"]
        {
            own.env_remove(moved);
        }
        own.env("HOME", self.world.path("home"));
        command.stdin(Stdio::null());
        own
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::from(self.command(&self.program(), arguments).output().unwrap())
    }

    pub fn ok(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.status, 0, "{arguments:?}\n{}\n{}", ended.out, ended.err);
        ended.out
    }

    /// Answers an approval in the log of this user.
    pub fn answer(&self, approval: &str, answer: &[&str]) {
        let log = self.log();
        let (verb, rest) = answer.split_first().unwrap();
        let line = ["approvals", *verb, approval, "--as", "ann", "--log", log.to_str().unwrap()];
        self.ok(&[&line[..], rest].concat());
    }

    pub fn approve(&self, approval: &str) {
        self.answer(approval, &["approve", "--statement", "I have read it"]);
    }

    pub fn deny(&self, approval: &str) {
        self.answer(approval, &["deny", "--reason", "not this one"]);
    }

    pub fn settings(&self, path: &str) -> Value {
        let text = std::fs::read_to_string(self.home(path)).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Runs a command line of the settings as an agent does.
    pub fn ask(&self, line: &str, event: impl AsRef<[u8]>) -> Ended {
        self.world.write("event", event);
        let mut command = self.command(Path::new("sh"), &["-c", line]);
        command.stdin(std::fs::File::open(self.world.path("event")).unwrap());
        Ended::from(command.output().unwrap())
    }
}

/// The first approval that is named in a text.
pub fn approval(text: &str) -> String {
    let start = text.find("apr_").unwrap_or_else(|| panic!("no approval in {text}"));
    text[start..].chars().take("apr_".len() + 36).collect()
}
