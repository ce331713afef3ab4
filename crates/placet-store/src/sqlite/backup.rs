//! A copy of a log, taken while it is written to.
//!
//! SQLite copies the pages under one read transaction, so the copy is the log at one moment. Its
//! key file goes with it: without it nobody could go on with the copy, and nobody could tell that
//! it is the same log.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::fault::fault;
use super::name::beside;
use super::read::SqliteReader;
use super::{PRIVATE, Sqlite, create_private};
use crate::error::StoreError;

/// Every page at once: a writer is not held up by it, and starting over would never end.
const ALL_PAGES: i32 = -1;

/// How the name of a copy ends, beside its log, until it has none any more. Nobody else calls one so.
const COPY: &str = "-copy-in-the-making";

/// Removes a copy that was in the making when its process was killed: it may hold what is erased since.
pub(super) fn forget_copy(of: &Path) -> Result<(), StoreError> {
    let copy = beside(of, COPY);
    for suffix in ["", "-journal", "-wal", "-shm"] {
        let path = beside(&copy, suffix);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(written(&path, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

impl SqliteReader {
    /// Copies the log and its key file to another path, both or none. Nothing is replaced there.
    ///
    /// # Errors
    /// When something is there already, or cannot be written.
    pub fn back_up(&self, to: &Path) -> Result<(), StoreError> {
        let key = Sqlite::key_path(to);
        for path in [to, &key] {
            if path.exists() {
                return Err(StoreError::Io(format!("{} is there already", path.display())));
            }
        }
        let log = Unfinished(beside(to, ".partial"));
        self.copy_pages(&log.0)?;
        let secrets = Unfinished(beside(&key, ".partial"));
        copy_key(&Sqlite::key_path(self.path()), &secrets.0)
            .map_err(|error| written(&key, &error))?;
        // The key first: a log without it is refused, a key without its log harms nobody.
        secrets.finish(&key)?;
        log.finish(to)?;
        sync_folder(to).map_err(|error| written(to, &error))
    }

    /// Copies the log, without its key file, to a file that only whoever holds it can read.
    pub(super) fn nameless_copy(&self) -> Result<File, StoreError> {
        forget_copy(self.path())?;
        let copy = Unfinished(beside(self.path(), COPY));
        self.copy_pages(&copy.0)?;
        File::open(&copy.0).map_err(|error| written(&copy.0, &error))
    }

    fn copy_pages(&self, to: &Path) -> Result<(), StoreError> {
        create_private(to)?;
        let mut copy = Connection::open(to).map_err(fault)?;
        let step = Backup::new(self.connection(), &mut copy).map_err(fault)?.step(ALL_PAGES);
        match step.map_err(fault)? {
            StepResult::Done => end_in_one_file(&copy)?,
            _ => return Err(StoreError::Busy("it could not be read as a whole".to_owned())),
        }
        copy.close().map_err(|(_, error)| fault(error))
    }
}

/// Takes the copy out of WAL mode, in which whoever reads it would leave files beside it. Whoever opens it to
/// go on with it puts it back.
fn end_in_one_file(copy: &Connection) -> Result<(), StoreError> {
    let mode = copy.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get::<_, String>(0));
    match mode.map_err(fault)?.as_str() {
        "delete" => Ok(()),
        mode => Err(StoreError::Busy(format!("its copy stays in the journal mode {mode}"))),
    }
}

/// A file that is removed unless it is finished.
struct Unfinished(PathBuf);

impl Unfinished {
    fn finish(self, to: &Path) -> Result<(), StoreError> {
        let synced = File::open(&self.0).and_then(|file| file.sync_all());
        synced.and_then(|()| fs::rename(&self.0, to)).map_err(|error| written(to, &error))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Finished, it has another name by now.
        drop(fs::remove_file(&self.0));
    }
}

fn copy_key(from: &Path, to: &Path) -> io::Result<()> {
    let secrets = zeroize::Zeroizing::new(fs::read(from)?);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(to)?;
    file.write_all(&secrets)
}

/// Makes the new names durable.
fn sync_folder(of: &Path) -> io::Result<()> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn written(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Io(format!("{}: {error}", path.display()))
}
