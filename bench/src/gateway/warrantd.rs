//! warrantd-gateway, in an environment of its own.

use std::fs;
use std::process::Command;

use anyhow::Result;

use super::pipes::Client;
use super::written;
use crate::installed::environment;
use crate::progress;
use crate::scratch::Scratch;

/// What is installed.
const PACKAGE: &str = "warrantd-gateway==0.2.0";

/// Installs it and starts it before the server, with a policy that allows the tool.
pub(super) fn start(scratch: &Scratch, server: &[String]) -> Result<Client> {
    progress(&format!("  installing {PACKAGE}"));
    let folder = scratch.file("warrantd");
    let programs = environment(&folder, &[PACKAGE])?;
    let work = scratch.file("warrantd-work");
    fs::create_dir_all(&work)?;
    let config = written(&work, "warrantd.yaml", &config(server))?;
    let mut command = Command::new(programs.join("warrantd"));
    command.args(["run", "--enforce", "--config", &config]).current_dir(&work);
    Client::start(command)
}

/// Strings in YAML may be written as they are in JSON.
fn config(server: &[String]) -> String {
    let words: Vec<_> = server.iter().map(|word| serde_json::json!(word).to_string()).collect();
    let (program, rest) =
        words.split_first().map_or(("", &[][..]), |(program, rest)| (program.as_str(), rest));
    format!(
        "version: 1\nmode: enforce\nstore: state.db\nservers:\n  echo:\n    command: {program}\n    \
         args: [{}]\ntools:\n  echo:\n    repeat: {{risk: read}}\n",
        rest.join(", ")
    )
}
