//! A hook of a coding agent: a process for each call.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{Latency, child, command, written};
use crate::args::Child;
use crate::installed::run;
use crate::measure::{Times, median};
use crate::scratch::Scratch;

const POLICY: &str = "version = 1\nmode = \"enforce\"\n[actions.Bash]\nrisk = \"read\"\n\
    params = { command = \"string\" }\n";

/// What Claude Code says before it runs a command.
const EVENT: &str = r#"{"session_id":"5a2f","transcript_path":"/tmp/t.jsonl","cwd":"/tmp","permission_mode":"default","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls -la","description":"list the files"},"tool_use_id":"toolu_01"}"#;

/// Reads the event as any hook must, and has no opinion.
const LEAST: &str = "import json, sys; json.load(sys.stdin)";

/// A tick of the clock by which Linux says how busy processes were, in nanoseconds.
const TICK: f64 = 10_000_000.0;

/// Where that of the children that have ended is in `/proc/self/stat`, after the name of the program: in
/// user mode, and in the system.
const BUSY: [usize; 2] = [13, 14];

/// A command that is run for each call.
pub(super) struct Hook {
    words: Vec<String>,
}

/// What it takes: from its start to its end, and how long it keeps the processor busy, on the mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) latency: Latency,
    pub(super) busy: f64,
}

impl Taken {
    pub(super) fn median(turns: &[Self]) -> Self {
        let latencies: Vec<Latency> = turns.iter().map(|turn| turn.latency).collect();
        let busy: Vec<f64> = turns.iter().map(|turn| turn.busy).collect();
        Self { latency: Latency::median(&latencies), busy: median(&busy) }
    }
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

    /// The same as a client starts it: by the command line that was installed, and a shell.
    pub(super) fn installed(scratch: &Scratch) -> Result<Self> {
        let folder = scratch.file("installed");
        fs::create_dir_all(&folder)?;
        let policy = written(&folder, "policy.toml", POLICY)?;
        let words = ["hook", "install", "claude-code", "--user", "--policy", &policy];
        let ours = child(&Child::Placet(words.map(str::to_owned).to_vec()))?;
        let mut install = command(&ours)?;
        for moved in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "CLAUDE_CONFIG_DIR"] {
            install.env_remove(moved);
        }
        run(install.env("HOME", &folder).current_dir(&folder))?;
        let settings: Value =
            serde_json::from_slice(&fs::read(folder.join(".claude/settings.json"))?)?;
        let line = settings.pointer("/hooks/PreToolUse/0/hooks/0/command").and_then(Value::as_str);
        let line = line.context("no command line was installed")?;
        // This program is that command only after two words.
        let words = child(&Child::Placet(Vec::new()))?;
        let (program, role) = words.split_first().context("a command has a program")?;
        let quoted = format!("'{program}'");
        ensure!(line.contains(&quoted), "it starts another program: {line}");
        let line = line.replace(&quoted, &format!("{quoted} {}", role.join(" ")));
        Ok(Self { words: ["sh", "-c", &line].map(str::to_owned).to_vec() })
    }

    /// The least that one in Python takes.
    pub(super) fn python() -> Result<Self> {
        // What is found by that name may be a script that looks for it.
        let python =
            run(Command::new("python3").args(["-c", "import sys; print(sys.executable)"]))?;
        Ok(Self { words: [python.trim(), "-c", LEAST].map(str::to_owned).to_vec() })
    }

    /// Runs it until the time is over.
    pub(super) fn run_for(&self, turn: Duration) -> Result<Taken> {
        let mut times = Times::default();
        let (begin, before, mut runs) = (Instant::now(), busy(), 0.0);
        while begin.elapsed() < turn {
            times.time(|| self.run())?;
            runs += 1.0;
        }
        Ok(Taken { latency: Latency::of(&times), busy: (busy() - before) / runs })
    }

    fn run(&self) -> Result<()> {
        let mut command = command(&self.words)?;
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

/// How long the children that have ended kept the processor busy, in nanoseconds; not a number where the
/// system does not say.
fn busy() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = match stat.rsplit_once(')') {
        Some((_, fields)) => fields.split_whitespace().collect(),
        None => Vec::new(),
    };
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok());
    BUSY.into_iter().map(|at| ticks(at).unwrap_or(f64::NAN)).sum::<f64>() * TICK
}
