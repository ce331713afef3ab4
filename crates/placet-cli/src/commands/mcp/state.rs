//! Where a gateway keeps what it has to keep when nobody says where.

use std::ffi::OsString;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

/// Hexadecimal digits that tell one server from another in the name of a folder.
const DIGITS: usize = 12;

/// A folder for one server: the same for the same command, so that a log goes on where it ended.
pub(super) fn folder(name: Option<&str>, command: &[OsString]) -> Result<PathBuf, Failure> {
    let base = base().ok_or_else(|| {
        Failure::usage("there is no home folder to keep a log in; name a log with --log")
    })?;
    let folder = base.join("placet").join("mcp").join(part(name, command));
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true);
    builder.create(&folder).map_err(|error| Failure::file("make", &folder, error))?;
    Ok(folder)
}

fn base() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let state = named("XDG_STATE_HOME").filter(|path| path.is_absolute());
    state.or_else(|| Some(named("HOME")?.join(".local").join("state")))
}

fn part(name: Option<&str>, command: &[OsString]) -> String {
    let mut hash = Sha256::new();
    for part in command {
        hash.update(part.as_encoded_bytes());
        hash.update([0]);
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let digits = hex.get(..DIGITS).unwrap_or(&hex);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name: String = name.unwrap_or("server").chars().filter(|c| is_plain(*c)).collect();
    format!("{name}-{digits}")
}
