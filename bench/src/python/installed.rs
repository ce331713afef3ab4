//! The package and the others, in an environment of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use crate::installed::{environment, run};
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
        progress("  installing the others");
        let python = environment(&folder, &PEERS)?.join("python");
        progress(
            "  installing Placet, which is compiled for this unless PLACET_WHEEL names a wheel",
        );
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk/python");
        let ours = std::env::var_os(WHEEL).map_or(sources, PathBuf::from);
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        run(install.arg(ours.canonicalize().context("there is no such wheel")?))?;
        Ok(Self { python, folder })
    }

    /// Measures one thing with a script; its figures, by their names.
    pub(super) fn measure(&self, script: &str, words: &[&str]) -> Result<Map<String, Value>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(script);
        let mut measured = Command::new(&self.python);
        measured.arg(path).args(words).current_dir(&self.folder);
        Ok(serde_json::from_str(&run(&mut measured)?)?)
    }
}
