//! A hook of a coding agent: a process for each call.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::{Latency, child, written};
use crate::args::Child;
use crate::installed::run;
use crate::measure::Times;
use crate::scratch::Scratch;

const POLICY: &str = "version = 1\nmode = \"enforce\"\n[actions.Bash]\nrisk = \"read\"\n\
    params = { command = \"string\" }\n";

/// What Claude Code says before it runs a command.
const EVENT: &str = r#"{"session_id":"5a2f","transcript_path":"/tmp/t.jsonl","cwd":"/tmp","permission_mode":"default","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls -la","description":"list the files"},"tool_use_id":"toolu_01"}"#;

/// Reads the event as any hook must, and has no opinion.
const LEAST: &str = "import json, sys; json.load(sys.stdin)";

/// A command that is run for each call.
pub(super) struct Hook {
    words: Vec<String>,
}

impl Hook {
    /// `placet hook`, which decides in a log of its own.
    pub(super) fn placet(scratch: &Scratch) -> Result<Self> {
        let folder = scratch.file("hook");
        fs::create_dir_all(&folder)?;
        let path = |name: &str| folder.join(name).display().to_string();
        let config = format!(
            "state = {:?}\nlog = {:?}\npolicy = {:?}\n",
            path("state"),
            path("placet.db"),
            written(&folder, "policy.toml", POLICY)?,
        );
        let config = written(&folder, "hook.toml", &config)?;
        let words = ["hook", "claude-code", "--config", &config].map(str::to_owned).to_vec();
        Ok(Self { words: child(&Child::Placet(words))? })
    }

    /// The least that one in Python takes.
    pub(super) fn python() -> Result<Self> {
        // What is found by that name may be a script that looks for it.
        let python =
            run(Command::new("python3").args(["-c", "import sys; print(sys.executable)"]))?;
        Ok(Self { words: [python.trim(), "-c", LEAST].map(str::to_owned).to_vec() })
    }

    /// Runs it until the time is over.
    pub(super) fn run_for(&self, turn: Duration) -> Result<Latency> {
        let mut times = Times::default();
        let begin = Instant::now();
        while begin.elapsed() < turn {
            times.time(|| self.run())?;
        }
        Ok(Latency::of(&times))
    }

    fn run(&self) -> Result<()> {
        let mut command = super::command(&self.words)?;
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().with_context(|| format!("{command:?} cannot be run"))?;
        process.stdin.take().context("it hears nothing")?.write_all(EVENT.as_bytes())?;
        let output = process.wait_with_output()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        ensure!(output.status.success() && !said.contains("deny"), "it was not allowed: {said}");
        Ok(())
    }
}
