//! Running the command as a person or a script would, and making its output the same every time.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

pub mod daemon;
pub mod hook;
#[path = "../../../placet/tests/support/pty.rs"]
pub mod pty;
pub mod screen;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use regex::Regex;
use tempfile::TempDir;

/// A folder of its own for one test, with the command in it.
pub struct World {
    folder: TempDir,
}

/// How a command ended.
pub struct Ended {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl World {
    pub fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// With the policy, the rules and the evidence of the example in it.
    pub fn with_example() -> Self {
        let world = Self::new();
        for name in ["policy.toml", "rules.cedar", "evidence.jsonl", "trace.jsonl", "broken.jsonl"]
        {
            std::fs::copy(example(name), world.path(name)).unwrap();
        }
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command in this folder, without any setting of whoever runs the tests.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_placet"));
        command.args(arguments).current_dir(self.folder.path()).env("COLUMNS", "110");
        for variable in [
            "PLACET_LOG",
            "PLACET_URL",
            "PLACET_KEY",
            "PLACET_POLICY",
            "PLACET_LISTEN",
            "PLACET_TRACE",
            "PLACET_CA",
            "OTEL_SDK_DISABLED",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            "NO_COLOR",
            "CLICOLOR",
            "CLICOLOR_FORCE",
            "TERM",
        ] {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::from(self.command(arguments).output().unwrap())
    }

    /// Runs with this on standard input.
    pub fn run_with(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Ended {
        self.write("standard-input", input);
        let file = std::fs::File::open(self.path("standard-input")).unwrap();
        Ended::from(self.command(arguments).stdin(file).output().unwrap())
    }

    /// Runs, expects success, and gives the output.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.status, 0, "{arguments:?}\n{}\n{}", ended.out, ended.err);
        ended.out
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    /// Everything there is to see, with what differs from run to run replaced.
    pub fn snapshot(&self) -> String {
        let (out, err) = (stable(&self.out), stable(&self.err));
        format!("status {}\n--- out\n{out}--- err\n{err}", self.status)
    }
}

pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/support-and-deploy").join(name)
}

/// `text` without what differs from run to run: times, ids, keys and hashes.
pub fn stable(text: &str) -> String {
    static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        [
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "<time>"),
            (r"\b(act|apr)_[0-9a-f-]{36}", "${1}_<id>"),
            (r"localhost/placet/[0-9a-f]{8}(\+[0-9a-f]{8})?", "localhost/placet/<name>"),
            (r"\b[0-9a-f]{64}\b", "<hash>"),
            (r"— (\S+) [A-Za-z0-9+/=]+", "— ${1} <signature>"),
            (r"[A-Za-z0-9+/]{43}=", "<root>"),
            (r"\+[A-Za-z0-9+/]{44}", "+<key>"),
            (r"process \d+ \(placet[a-z -]*\) on \S+", "process <pid> (placet) on <host>"),
            (r"/tmp/\.tmp[A-Za-z0-9]+|/\S*/\.tmp[A-Za-z0-9]+", "<folder>"),
        ]
        .map(|(pattern, to)| (Regex::new(pattern).unwrap(), to))
        .into()
    });
    RULES
        .iter()
        .fold(text.to_owned(), |text, (pattern, to)| pattern.replace_all(&text, *to).into_owned())
}
