//! The package and the others, in an environment of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value};

use crate::progress;
use crate::scratch::Scratch;

/// What is installed beside Placet.
const PEERS: [&str; 3] = ["warrantd==0.1.0", "agentguard-hitl==0.2.0", "supervisor-guards==0.3.0"];

/// Where a wheel is that was built before.
const WHEEL: &str = "PLACET_WHEEL";

/// An environment that has all of them.
pub(super) struct Installed {
    python: PathBuf,
    /// Where the logs are written.
    folder: PathBuf,
}

impl Installed {
    pub(super) fn new(scratch: &Scratch) -> Result<Self> {
        let folder = scratch.file("python");
        let installed = Self { python: folder.join("bin/python"), folder };
        let mut venv = Command::new("python3");
        run(venv.args(["-m", "venv"]).arg(&installed.folder))?;
        progress("  installing the others");
        run(installed.pip().args(PEERS))?;
        progress(
            "  installing Placet, which is compiled for this unless PLACET_WHEEL names a wheel",
        );
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk/python");
        let ours = std::env::var_os(WHEEL).map_or(sources, PathBuf::from);
        run(installed.pip().arg(ours.canonicalize().context("there is no such wheel")?))?;
        Ok(installed)
    }

    /// Measures one thing with a script; its figures, by their names.
    pub(super) fn measure(&self, script: &str, words: &[&str]) -> Result<Map<String, Value>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(script);
        let mut measured = Command::new(&self.python);
        measured.arg(path).args(words).current_dir(&self.folder);
        Ok(serde_json::from_str(&run(&mut measured)?)?)
    }

    fn pip(&self) -> Command {
        let mut pip = Command::new(&self.python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip
    }
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("{command:?} cannot be run"))?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok(String::from_utf8(output.stdout)?)
}
