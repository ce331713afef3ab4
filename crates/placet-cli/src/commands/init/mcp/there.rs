//! The files of an earlier run, which somebody may have edited since: used as they are.

use std::path::{Path, PathBuf};

use placet_mcp::tools::Lock;

use super::entry::{Configured, Place};
use crate::failure::Failure;
use crate::policy_file;

/// Whether everything that a gateway needs is there.
pub(super) fn is_complete(folder: &Path, policy: &Path) -> bool {
    [policy.to_owned(), servers(folder), lock(folder)].iter().all(|path| path.exists())
}

fn servers(folder: &Path) -> PathBuf {
    folder.join("servers.toml")
}

fn lock(folder: &Path) -> PathBuf {
    folder.join("tools.lock")
}

/// Sees to it that a gateway can begin with what is there, and that no server is lost by it. Says where
/// a server is another there than its client is configured with now.
pub(super) fn checked(
    folder: &Path,
    policy: &Path,
    configured: &[Configured],
) -> Result<Vec<String>, Failure> {
    policy_file::usable(policy)?;
    Lock::read(&lock(folder)).map_err(Failure::unusable)?;
    let path = servers(folder);
    let text =
        std::fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, error))?;
    let known: toml::Table = toml::from_str(&text).map_err(|error| {
        Failure::unusable(error).context(format!("{} cannot be read", path.display()))
    })?;
    let known = known.get("servers").and_then(toml::Value::as_table);
    let mut others = Vec::new();
    for server in configured {
        let Some(there) = known.and_then(|known| known.get(&server.name)) else {
            let why = format!("{} does not name the server {}", path.display(), server.name);
            return Err(Failure::unusable_because(why)
                .help("add it there, or have these files written anew with --force"));
        };
        let is_same = match &server.place {
            Place::Command { words, .. } => {
                there.get("command").is_some_and(|it| *it == toml::Value::from(words.clone()))
            }
            Place::Url { url, .. } => there.get("url").and_then(toml::Value::as_str) == Some(url),
        };
        if !is_same {
            let (name, path) = (&server.name, path.display());
            others.push(format!("the server {name} is another in {path}, and that one is used"));
        }
    }
    Ok(others)
}
