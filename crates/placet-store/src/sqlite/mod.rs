//! A log in one SQLite file.
//!
//! One connection writes, in WAL mode with `synchronous = FULL`: when a commit returns, the disk
//! has it. Readers have connections of their own and never hold up the writer. Beside the file lie
//! `-lock`, which says who has the log, and `-key`, the log's secrets. They lie beside the file itself,
//! also where a symbolic link names it.

mod backup;
mod checkpointer;
mod fault;
mod lock;
mod name;
mod read;
mod write;

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::environment::Environment;
use crate::error::{OpenError, StoreError};
use crate::keys::Keys;
use crate::snapshot::Snapshot;
use crate::store::{Batch, Reader, Store, View as _};
use checkpointer::Checkpointer;
use fault::fault;
use lock::Lock;
use name::{beside, must_be_the_only, real};
pub use read::SqliteReader;

/// The version of the schema, in the file's `user_version`.
const SCHEMA_VERSION: i64 = 3;

/// What marks the file as a log, in its `application_id`: "Plct".
const APPLICATION_ID: i64 = 0x506c_6374;

/// The size of a page in bytes. Of the pages that are usual, of half the size, two decisions with
/// all that is kept of them would leave a third empty, and every commit writes whole pages.
const PAGE_BYTES: u32 = 8192;

/// How long to wait for another connection's lock before giving up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The rights to files that their owner alone may read.
const PRIVATE: u32 = 0o600;

/// Prepared statements to keep: more than there are.
const STATEMENTS: usize = 64;

/// How a log is opened for writing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The most pages of 8 KiB that the file may have; without it the disk is the limit.
    pub max_pages: Option<u32>,
    /// Open it although another process or another handle may have it. The log stays whole, for
    /// every batch takes the tip first, but nothing on a single machine needs this besides tests.
    pub danger_unlocked: bool,
}

/// A log in one SQLite file, open for writing.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    options: Options,
    checkpointer: Checkpointer,
    connection: Connection,
    /// Given back after everything above is closed.
    _lock: Option<Lock>,
}

impl Sqlite {
    /// Opens a log, or creates it.
    ///
    /// # Errors
    /// When it is in use, of another version, damaged, or cannot be written; and when it has more than
    /// one hard link.
    pub fn open(path: &Path, options: Options, env: &dyn Environment) -> Result<Self, StoreError> {
        let path = real(path);
        let lock = lock(&path, options, env)?;
        Self::open_locked(&path, options, lock)
    }

    /// Opens a log with its secrets, or creates both. A new log takes the name `origin`, or makes
    /// one up.
    ///
    /// The empty file comes first, then its secrets, then the first head: a crash after any of
    /// these steps leaves what the next start goes on from.
    ///
    /// # Errors
    /// When the log cannot be opened, or its secrets cannot be used, or one of the two is missing.
    pub fn open_with_keys(
        path: &Path,
        origin: Option<&str>,
        options: Options,
        env: &dyn Environment,
    ) -> Result<(Self, Keys), OpenError> {
        let path = real(path);
        let lock = lock(&path, options, env)?;
        let key_path = Self::key_path(&path);
        if !path.exists() && key_path.exists() {
            return Err(OpenError::Lost(path));
        }
        let store = Self::open_locked(&path, options, lock)?;
        let is_new = read::Sql(&store.connection).head()?.is_none();
        let keys = match is_new {
            true => Keys::open_or_create(&key_path, origin, env)?,
            false => Keys::open(&key_path)?,
        };
        Ok((store, keys))
    }

    fn open_locked(path: &Path, options: Options, lock: Option<Lock>) -> Result<Self, StoreError> {
        create_private(path)?;
        if lock.is_some() {
            backup::forget_copy(path)?;
        }
        let connection = connect(path, options)?;
        let checkpointer = Checkpointer::start(path)?;
        checkpointer.found(&connection);
        Ok(Self { path: path.to_owned(), options, checkpointer, connection, _lock: lock })
    }

    /// Where the secrets of the log at `path` are kept: beside the file itself, where that is a link.
    #[must_use]
    pub fn key_path(path: &Path) -> PathBuf {
        beside(&real(path), "-key")
    }
}

impl Store for Sqlite {
    fn begin(&mut self, known: u64) -> Result<Box<dyn Batch + '_>, StoreError> {
        self.checkpointer.relieve(&self.connection);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(fault)?;
        Ok(Box::new(write::SqliteBatch::new(transaction, known, &self.checkpointer)))
    }

    fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        write::save_snapshot(&self.connection, snapshot)
    }

    fn rebuild(&mut self) -> Result<(), StoreError> {
        write::rebuild(&mut self.connection)
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        self.connection = connect(&self.path, self.options)?;
        Ok(())
    }

    fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        Ok(Box::new(SqliteReader::open(&self.path)?))
    }
}

/// Makes the empty file of a log or of its copy, unless it is there: it holds what people wrote and what
/// agents sent, so its owner alone reads it. SQLite gives its own files beside it the same rights.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            let reason = format!("{}: {error}", path.display());
            Err(match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    StoreError::ReadOnly(reason)
                }
                _ => StoreError::Io(reason),
            })
        }
        _ => Ok(()),
    }
}

/// Takes the lock of the log at `path`, unless nobody wants it.
fn lock(path: &Path, options: Options, env: &dyn Environment) -> Result<Option<Lock>, StoreError> {
    if options.danger_unlocked {
        return Ok(None);
    }
    must_be_the_only(path)?;
    Lock::take(path, env).map(Some)
}

fn connect(path: &Path, options: Options) -> Result<Connection, StoreError> {
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(fault)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // It has an effect on an empty file only.
    connection.pragma_update(None, "page_size", PAGE_BYTES).map_err(fault)?;
    migrate(&mut connection, path)?;
    // INVARIANT: with FULL in WAL mode a commit returns after the log of changes is on the disk.
    // Erased bytes are overwritten, not only forgotten. Checkpoints are made by the checkpointer;
    // a write-ahead log that became larger than usual is cut to 64 MiB when it starts over.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
             PRAGMA wal_autocheckpoint = 0; PRAGMA cell_size_check = ON;
             PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;",
        )
        .map_err(fault)?;
    if let Some(pages) = options.max_pages {
        connection.pragma_update(None, "max_page_count", pages).map_err(fault)?;
    }
    Ok(connection)
}

/// Creates the tables in an empty file; otherwise checks that they are those known here.
fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
    let tables: i64 = transaction
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(fault)?;
    if tables > 0 {
        return check_version(&transaction, path);
    }
    transaction.execute_batch(include_str!("schema.sql")).map_err(fault)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(fault)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(fault)?;
    transaction.commit().map_err(fault)
}

/// Refuses a file of another program or another version.
fn check_version(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, found) =
        (pragma("application_id").map_err(fault)?, pragma("user_version").map_err(fault)?);
    if application != APPLICATION_ID {
        let reason = format!("{} is a database of another program", path.display());
        return Err(StoreError::Foreign(reason));
    }
    if found != SCHEMA_VERSION {
        return Err(StoreError::Schema { path: path.to_owned(), found, expected: SCHEMA_VERSION });
    }
    Ok(())
}
