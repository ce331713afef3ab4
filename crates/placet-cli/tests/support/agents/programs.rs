//! The programs: installed once for all tests, into a folder under the target folder.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What is installed, in versions that were seen to work as these tests say.
const PACKAGES: [&str; 5] = [
    "@anthropic-ai/claude-code@2.1.330",
    "@openai/codex@0.169.0",
    "@google/gemini-cli@0.61.0",
    "@github/copilot@1.0.102",
    "node@24",
];

/// How long a failure to install is remembered, so that not every test waits for another.
const DISCOURAGED: Duration = Duration::from_secs(600);

/// The folder with everything in it; else why it is not there.
fn packages() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("coding-agents");
    std::fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let done = folder.join("installed.txt");
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(&done).is_ok_and(|known| known == wanted) {
        return Ok(folder);
    }
    let output = folder.join("install.log");
    let failed = format!("the agents cannot be installed; {} says why", output.display());
    let age = output.metadata().and_then(|known| known.modified()).ok();
    if age.and_then(|age| age.elapsed().ok()).is_some_and(|age| age < DISCOURAGED) {
        return Err(failed);
    }
    println!("installing {wanted}");
    let log = OpenOptions::new().create(true).write(true).truncate(true).open(&output).unwrap();
    let ended = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"])
        .arg(&folder)
        .args(PACKAGES)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .status();
    if !ended.is_ok_and(|status| status.success()) {
        return Err(failed);
    }
    std::fs::remove_file(&output).unwrap();
    std::fs::write(done, wanted).unwrap();
    Ok(folder)
}

/// A program in a package of the platform, which is named after it.
fn native(scope: &str, prefix: &str, name: &str) -> Result<PathBuf, String> {
    let scope = packages()?.join("node_modules").join(scope);
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&scope)
        .map_err(|error| format!("{}: {error}", scope.display()))?
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
    Err(format!("there is no {name} for this machine in {}", scope.display()))
}

pub(crate) fn claude() -> Result<PathBuf, String> {
    native("@anthropic-ai", "claude-code-", "claude")
}

pub(crate) fn codex() -> Result<PathBuf, String> {
    native("@openai", "codex-", "codex")
}

pub(crate) fn copilot() -> Result<PathBuf, String> {
    native("@github", "copilot-", "copilot")
}

/// Gemini CLI with the Node that it needs.
pub(crate) fn gemini() -> Result<(PathBuf, PathBuf), String> {
    let modules = packages()?.join("node_modules");
    let (node, gemini) = (modules.join("node/bin/node"), modules.join(".bin/gemini"));
    if node.is_file() { Ok((node, gemini)) } else { Err("there is no Node 24".to_owned()) }
}
