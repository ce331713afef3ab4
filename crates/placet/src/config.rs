//! What a guard needs to open: a policy and a place for its log.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use placet_core::event::PolicyFile;
use placet_policy::limits::MAX_POLICY_BYTES;

use crate::error::OpenError;
use crate::regular::read_regular_file;

/// Where the policy comes from.
#[derive(Clone, Debug, Default)]
pub enum PolicySource {
    /// Whatever policy the log holds; without one, only what inspection proves to be a read passes.
    #[default]
    Log,
    /// This TOML file, with every `*.cedar` file beside it.
    Path(PathBuf),
    /// These files, the TOML file first.
    Files(Vec<PolicyFile>),
}

/// Where the log is kept.
#[derive(Clone, Debug, Default)]
pub enum LogPlace {
    /// In memory: gone with the guard. For tests and for trying a policy out.
    #[default]
    Memory,
    /// In a SQLite database, with its keys and its lock in files beside it.
    File(PathBuf),
}

/// What a guard needs to open.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where the policy comes from.
    pub policy: PolicySource,
    /// Where the log is kept.
    pub log: LogPlace,
}

impl Config {
    /// A policy file, and a log in memory.
    pub fn policy(path: impl Into<PathBuf>) -> Self {
        Self { policy: PolicySource::Path(path.into()), log: LogPlace::Memory }
    }

    /// The same with a log in this file.
    #[must_use]
    pub fn log(mut self, path: impl Into<PathBuf>) -> Self {
        self.log = LogPlace::File(path.into());
        self
    }
}

/// Reads a policy file, and every `*.cedar` file beside it in the order of their names.
///
/// # Errors
/// When a file cannot be read, is no regular file, is too large, or is not UTF-8.
pub fn read_policy(path: &Path) -> Result<Vec<PolicyFile>, OpenError> {
    let mut files = vec![read_file(path)?];
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let unreadable = |source| OpenError::PolicyUnreadable { path: folder.to_owned(), source };
    let mut rules = Vec::new();
    for entry in folder.read_dir().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
            rules.push(path);
        }
    }
    rules.sort();
    for path in rules {
        files.push(read_file(&path)?);
    }
    Ok(files)
}

fn read_file(path: &Path) -> Result<PolicyFile, OpenError> {
    let unreadable = |source| OpenError::PolicyUnreadable { path: path.to_owned(), source };
    let limit = u64::try_from(MAX_POLICY_BYTES).unwrap_or(u64::MAX);
    let bytes = read_regular_file(path, limit).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => OpenError::PolicyTooLarge { path: path.to_owned(), limit },
        _ => unreadable(error),
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        unreadable(io::Error::new(ErrorKind::InvalidData, "stream did not contain valid UTF-8"))
    })?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(PolicyFile { name, text })
}
