//! The names of a log: one file may have several, and what lies beside it goes by one of them.
//!
//! SQLite follows a symbolic link and puts its own files beside what it leads to. So do we: a lock or a
//! key file beside the link would be those of another log. A hard link leads nowhere, so no two names
//! could agree on what is beside the log, and SQLite would keep a write-ahead log for each of them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// Most symbolic links that are followed, as many as Linux follows.
const MAX_LINKS: usize = 40;

/// The name of the file itself, where `path` names a symbolic link to it. The file need not be there.
/// The path is left as its user wrote it where its last part is no link; so is one that leads in a
/// circle, which cannot be opened.
pub(super) fn real(path: &Path) -> PathBuf {
    let mut name = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(target) = fs::read_link(&name) else { return name };
        // A target that is absolute takes the place of the folder.
        name = name.parent().unwrap_or(Path::new("")).join(target);
    }
    path.to_owned()
}

/// Refuses a log that has another name besides this one. Files are looked at without being opened:
/// closing one would give back the locks that SQLite has on it.
pub(super) fn must_be_the_only(path: &Path) -> Result<(), StoreError> {
    if path.is_symlink() {
        let reason = "it is a symbolic link that leads in a circle";
        return Err(StoreError::Io(format!("{}: {reason}", path.display())));
    }
    match fs::metadata(path) {
        Ok(found) if found.is_file() && found.nlink() > 1 => {
            Err(StoreError::Linked { path: path.to_owned(), links: found.nlink() })
        }
        // What else there is to say of it, opening it says.
        _ => Ok(()),
    }
}

/// A file beside the log.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
