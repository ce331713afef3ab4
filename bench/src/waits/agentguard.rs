//! agentguard-hitl, in an environment of its own.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::installed::{environment, run};
use crate::progress;
use crate::scratch::Scratch;

/// What is installed.
const PACKAGE: &str = "agentguard-hitl==0.2.0";

const SCRIPT: &str = include_str!("hitl.py");

/// An environment that has it.
pub(super) struct Installed {
    python: PathBuf,
    /// Where it writes its own log.
    folder: PathBuf,
}

impl Installed {
    pub(super) fn new(scratch: &Scratch) -> Result<Self> {
        progress(&format!("  installing {PACKAGE}"));
        let folder = scratch.file("agentguard");
        let python = environment(&folder, &[PACKAGE])?.join("python");
        Ok(Self { python, folder })
    }

    /// Measures one thing with it, at such a size.
    pub(super) fn run(&self, what: &str, size: usize) -> Result<String> {
        let mut measured = Command::new(&self.python);
        measured.args(["-c", SCRIPT, what]).arg(size.to_string()).current_dir(&self.folder);
        run(&mut measured)
    }
}
