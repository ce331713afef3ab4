//! The programs, from the npm registry.

use std::path::PathBuf;

use crate::npm::{self, Missing};

/// What is installed, in versions that were seen to work as these tests say.
const PACKAGES: [&str; 5] = [
    "@anthropic-ai/claude-code@2.1.330",
    "@openai/codex@0.169.0",
    "@google/gemini-cli@0.61.0",
    "@github/copilot@1.0.102",
    "node@24",
];

fn packages() -> Result<PathBuf, Missing> {
    npm::packages("coding-agents", &PACKAGES)
}

/// A program in a package of the platform, which is named after it.
fn native(scope: &str, prefix: &str, name: &str) -> Result<PathBuf, Missing> {
    let scope = packages()?.join("node_modules").join(scope);
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&scope)
        .map_err(|error| Missing::Broken(format!("{}: {error}", scope.display())))?
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(prefix))
        .collect();
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            folders.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.file_name().is_some_and(|file| file == name) {
            return Ok(path);
        }
    }
    let why = format!("there is no {name} for this machine in {}", scope.display());
    Err(Missing::Broken(why))
}

pub(crate) fn claude() -> Result<PathBuf, Missing> {
    native("@anthropic-ai", "claude-code-", "claude")
}

pub(crate) fn codex() -> Result<PathBuf, Missing> {
    native("@openai", "codex-", "codex")
}

pub(crate) fn copilot() -> Result<PathBuf, Missing> {
    native("@github", "copilot-", "copilot")
}

/// Gemini CLI with the Node that it needs.
pub(crate) fn gemini() -> Result<(PathBuf, PathBuf), Missing> {
    let modules = packages()?.join("node_modules");
    let (node, gemini) = (modules.join("node/bin/node"), modules.join(".bin/gemini"));
    if node.is_file() {
        return Ok((node, gemini));
    }
    Err(Missing::Broken(format!("there is no Node 24 in {}", modules.display())))
}
