//! Other products, installed for the time of a measurement.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::progress;

/// An environment for Python in a folder of its own, with these packages.
pub(crate) fn environment(folder: &Path, packages: &[&str]) -> Result<PathBuf> {
    run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let programs = folder.join("bin");
    let mut install = Command::new(programs.join("python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    run(install.args(packages))?;
    Ok(programs)
}

/// Runs something to its end, and says what it printed.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("{command:?} cannot be run"))?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok(String::from_utf8(output.stdout)?)
}

/// What came of it, or nothing, and then why is said.
pub(crate) fn said<T>(name: &str, result: Result<T>) -> Option<T> {
    result.inspect_err(|error| progress(&format!("  {name} is left out: {error:#}"))).ok()
}

/// An address that nobody listens on.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
