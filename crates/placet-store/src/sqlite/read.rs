//! Reading from the file.

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use placet_core::autonomy::LedgerKey;
use placet_core::log::{Hash, Salt};
use placet_core::{ActionId, AutonomyState, RequestTag, Timestamp, Verdict};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Params, Row};

use super::fault::fault;
use super::name::{beside, real};
use super::{BUSY_TIMEOUT, STATEMENTS, check_version};
use crate::entry::{Private, StoredEntry};
use crate::error::StoreError;
use crate::projection::{
    ActionRow, AutonomyRow, RefusalRow, RequestRow, Status, StepRow, SwitchRow,
};
use crate::snapshot::Snapshot;
use crate::store::{Head, Reader, View};

/// The columns of an action, in the order in which [`action`] reads them.
macro_rules! actions {
    () => {
        "SELECT entry, id, at, tenant, agent, tool, class, verdict, would_have, approval, deadline
         FROM actions"
    };
}
/// Reads a log beside whoever writes it, without the lock and without changing anything.
#[derive(Debug)]
pub struct SqliteReader {
    path: PathBuf,
    connection: Connection,
}

impl SqliteReader {
    /// Opens a log for reading only.
    ///
    /// # Errors
    /// When there is none, or it is of another version or another program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let path = real(path);
        if !path.exists() {
            return Err(StoreError::Missing(path));
        }
        let connection = connect(&path)?;
        check_version(&connection, &path)?;
        Ok(Self { path, connection })
    }
}

impl SqliteReader {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl Reader for SqliteReader {
    fn view(&mut self) -> Result<Box<dyn View + '_>, StoreError> {
        // SQLite takes its view of the file at the first read, so that is made here.
        let sql = Sql(self.connection.transaction().map_err(fault)?);
        sql.head()?;
        Ok(Box::new(sql))
    }

    fn another(&self) -> Result<Box<dyn Reader>, StoreError> {
        Ok(Box::new(Self::open(&self.path)?))
    }

    fn copy(&self) -> Result<Option<File>, StoreError> {
        self.nameless_copy().map(Some)
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let readable = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    match readable {
        // In a folder that cannot be written the write-ahead log cannot be shared. Where there is
        // none, nobody is writing, and the file can be read for what it is.
        Err(_) if !beside(path, "-wal").exists() => immutable(path),
        result => result.map(|()| connection).map_err(fault),
    }
}

fn immutable(path: &Path) -> Result<Connection, StoreError> {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, flags).map_err(fault)
}

/// The log as a connection or a transaction sees it.
#[derive(Debug)]
pub(super) struct Sql<C>(pub(super) C);

impl<C: Deref<Target = Connection>> Sql<C> {
    fn rows<T, P: Params>(
        &self,
        sql: &str,
        params: P,
        read: fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.0.prepare_cached(sql).map_err(fault)?;
        let mut rows = statement.query(params).map_err(fault)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(fault)? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    fn range<T>(
        &self,
        sql: &str,
        from: u64,
        limit: usize,
        read: fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let Ok(from) = i64::try_from(from) else { return Ok(Vec::new()) };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.rows(sql, (from, limit), read)
    }

    fn one<T, P: Params>(
        &self,
        sql: &str,
        params: P,
        read: fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.0.prepare_cached(sql).map_err(fault)?;
        let found = statement.query_row(params, |row| Ok(read(row))).optional().map_err(fault)?;
        found.transpose()
    }
}

impl<C: Deref<Target = Connection>> View for Sql<C> {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        self.one("SELECT size, root, checkpoint FROM head", [], |row| {
            Ok(Head {
                size: unsigned(row, 0)?,
                root: hash(blob(row, 1)?)?,
                checkpoint: text(row, 2)?,
            })
        })
    }

    fn entries(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let sql =
            "SELECT idx, leaf, payload, salt FROM entries WHERE idx >= ?1 ORDER BY idx LIMIT ?2";
        self.range(sql, from, limit, entry)
    }

    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<Hash>>, StoreError> {
        let Ok(index) = i64::try_from(index) else { return Ok(None) };
        let sql = "SELECT hashes FROM tiles WHERE level = ?1 AND idx = ?2";
        self.one(sql, (level, index), |row| hashes(blob(row, 0)?))
    }

    fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        self.one("SELECT size, state, note FROM snapshot", [], |row| {
            Ok(Snapshot {
                size: unsigned(row, 0)?,
                state: blob(row, 1)?.to_vec(),
                note: text(row, 2)?,
            })
        })
    }

    fn action(&self, id: ActionId) -> Result<Option<ActionRow>, StoreError> {
        let sql = concat!(actions!(), " WHERE id = ?1 ORDER BY entry DESC LIMIT 1");
        self.one(sql, [id.to_string()], action)
    }

    fn actions(&self, from: u64, limit: usize) -> Result<Vec<ActionRow>, StoreError> {
        let sql = concat!(actions!(), " WHERE entry >= ?1 ORDER BY entry LIMIT ?2");
        self.range(sql, from, limit, action)
    }

    fn steps_of(&self, action: ActionId, limit: usize) -> Result<Vec<StepRow>, StoreError> {
        let sql = "SELECT entry, at, action, status FROM steps
                   WHERE action = ?1 ORDER BY entry DESC LIMIT ?2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.rows(sql, (action.to_string(), limit), step)
    }

    fn steps(&self, from: u64, limit: usize) -> Result<Vec<StepRow>, StoreError> {
        let sql = "SELECT entry, at, action, status FROM steps
                   WHERE entry >= ?1 ORDER BY entry LIMIT ?2";
        self.range(sql, from, limit, step)
    }

    fn refusals_of(&self, action: ActionId, limit: usize) -> Result<Vec<RefusalRow>, StoreError> {
        let sql = "SELECT entry, action FROM refusals
                   WHERE action = ?1 ORDER BY entry DESC LIMIT ?2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.rows(sql, (action.to_string(), limit), refusal)
    }

    fn refusals(&self, from: u64, limit: usize) -> Result<Vec<RefusalRow>, StoreError> {
        let sql = "SELECT entry, action FROM refusals WHERE entry >= ?1 ORDER BY entry LIMIT ?2";
        self.range(sql, from, limit, refusal)
    }

    fn request(&self, id: &RequestTag) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT entry FROM requests WHERE id = ?1 ORDER BY entry DESC LIMIT 1";
        self.one(sql, [id.as_bytes()], |row| unsigned(row, 0))
    }

    fn requests(&self, from: u64, limit: usize) -> Result<Vec<RequestRow>, StoreError> {
        let sql = "SELECT entry, id FROM requests WHERE entry >= ?1 ORDER BY entry LIMIT ?2";
        self.range(sql, from, limit, |row| {
            let id = RequestTag::from_bytes(bytes32(blob(row, 1)?)?);
            Ok(RequestRow { entry: unsigned(row, 0)?, id })
        })
    }

    fn switches(&self, from: u64, limit: usize) -> Result<Vec<SwitchRow>, StoreError> {
        let sql = "SELECT entry, at, scope, reason, by, reset FROM switches
                   WHERE entry >= ?1 ORDER BY entry LIMIT ?2";
        self.range(sql, from, limit, switch)
    }

    fn autonomy(&self, from: u64, limit: usize) -> Result<Vec<AutonomyRow>, StoreError> {
        let sql = "SELECT entry, at, tenant, class, build, from_state, to_state FROM autonomy
                   WHERE entry >= ?1 ORDER BY entry LIMIT ?2";
        self.range(sql, from, limit, autonomy)
    }
}

fn entry(row: &Row<'_>) -> Result<StoredEntry, StoreError> {
    let payload = optional_bytes(row, 2)?;
    let salt = optional_bytes(row, 3)?;
    let private = match (payload, salt) {
        (Some(payload), Some(salt)) => {
            let salt = Salt::from_bytes(bytes32(salt)?);
            Some(Private { salt, payload: payload.to_vec() })
        }
        (None, None) => None,
        _ => {
            return Err(StoreError::Corrupt(
                "a payload and its salt are not both there".to_owned(),
            ));
        }
    };
    Ok(StoredEntry { index: unsigned(row, 0)?, leaf: blob(row, 1)?.to_vec(), private })
}

fn action(row: &Row<'_>) -> Result<ActionRow, StoreError> {
    Ok(ActionRow {
        entry: unsigned(row, 0)?,
        id: parsed(row, 1)?,
        at: time(row, 2)?,
        tenant: parsed(row, 3)?,
        agent: optional(row, 4)?,
        tool: parsed(row, 5)?,
        class: optional(row, 6)?,
        verdict: verdict(look(row, 7)?)?,
        would_have: optional_look(row, 8)?.map(verdict).transpose()?,
        approval: optional(row, 9)?,
        deadline: optional_integer(row, 10)?.map(Timestamp::from_millis),
    })
}

fn step(row: &Row<'_>) -> Result<StepRow, StoreError> {
    Ok(StepRow {
        entry: unsigned(row, 0)?,
        at: time(row, 1)?,
        action: parsed(row, 2)?,
        status: status(look(row, 3)?)?,
    })
}

fn refusal(row: &Row<'_>) -> Result<RefusalRow, StoreError> {
    Ok(RefusalRow { entry: unsigned(row, 0)?, action: parsed(row, 1)? })
}

fn switch(row: &Row<'_>) -> Result<SwitchRow, StoreError> {
    Ok(SwitchRow {
        entry: unsigned(row, 0)?,
        at: time(row, 1)?,
        scope: parsed(row, 2)?,
        reason: text(row, 3)?,
        by: optional(row, 4)?,
        reset: optional_unsigned(row, 5)?,
    })
}

fn autonomy(row: &Row<'_>) -> Result<AutonomyRow, StoreError> {
    Ok(AutonomyRow {
        entry: unsigned(row, 0)?,
        at: time(row, 1)?,
        of: LedgerKey { tenant: parsed(row, 2)?, class: parsed(row, 3)?, build: optional(row, 4)? },
        from: autonomy_state(look(row, 5)?)?,
        to: autonomy_state(look(row, 6)?)?,
    })
}

fn blob<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8], StoreError> {
    optional_bytes(row, column)?.ok_or_else(|| unreadable(column, &"nothing is there"))
}

/// The bytes of a text or a blob, whether or not they are valid UTF-8.
fn optional_bytes<'a>(row: &'a Row<'_>, column: usize) -> Result<Option<&'a [u8]>, StoreError> {
    match row.get_ref(column).map_err(fault)? {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(Some(bytes)),
        other => {
            Err(unreadable(column, &format_args!("a value of the type {}", other.data_type())))
        }
    }
}

fn text(row: &Row<'_>, column: usize) -> Result<String, StoreError> {
    row.get(column).map_err(fault)
}

/// The text in a column, where it is only looked at.
fn look<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, StoreError> {
    optional_look(row, column)?.ok_or_else(|| unreadable(column, &"nothing is there"))
}

fn optional_look<'a>(row: &'a Row<'_>, column: usize) -> Result<Option<&'a str>, StoreError> {
    let value = row.get_ref(column).map_err(fault)?;
    value.as_str_or_null().map_err(|error| unreadable(column, &error))
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(
    row: &Row<'_>,
    column: usize,
) -> Result<T, StoreError> {
    look(row, column)?.parse().map_err(|error| unreadable(column, &error))
}

fn optional<T: FromStr<Err: std::fmt::Display>>(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<T>, StoreError> {
    let text = optional_look(row, column)?;
    text.map(|text| text.parse().map_err(|error| unreadable(column, &error))).transpose()
}

fn unsigned(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    let value: i64 = row.get(column).map_err(fault)?;
    u64::try_from(value).map_err(|error| unreadable(column, &error))
}

fn optional_unsigned(row: &Row<'_>, column: usize) -> Result<Option<u64>, StoreError> {
    let value = optional_integer(row, column)?.map(u64::try_from).transpose();
    value.map_err(|error| unreadable(column, &error))
}

fn optional_integer(row: &Row<'_>, column: usize) -> Result<Option<i64>, StoreError> {
    row.get(column).map_err(fault)
}

fn time(row: &Row<'_>, column: usize) -> Result<Timestamp, StoreError> {
    row.get(column).map_err(fault).map(Timestamp::from_millis)
}

fn hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    bytes32(bytes).map(Hash::from_bytes)
}

fn bytes32(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes
        .try_into()
        .map_err(|_| StoreError::Corrupt(format!("32 bytes expected, {} found", bytes.len())))
}

fn hashes(bytes: &[u8]) -> Result<Vec<Hash>, StoreError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() {
        return Ok(hashes.iter().copied().map(Hash::from_bytes).collect());
    }
    Err(StoreError::Corrupt(format!("a tile has {} bytes after its last hash", rest.len())))
}

fn verdict(text: &str) -> Result<Verdict, StoreError> {
    let all = [Verdict::Allow, Verdict::RequireApproval, Verdict::Block];
    word(text, all.into_iter().find(|verdict| verdict.as_str() == text))
}

fn status(text: &str) -> Result<Status, StoreError> {
    word(text, Status::ALL.into_iter().find(|status| status.as_str() == text))
}

fn autonomy_state(text: &str) -> Result<AutonomyState, StoreError> {
    let all = [AutonomyState::Manual, AutonomyState::Supervised, AutonomyState::Autonomous];
    word(text, all.into_iter().find(|state| state.as_str() == text))
}

fn word<T>(text: &str, found: Option<T>) -> Result<T, StoreError> {
    found.ok_or_else(|| StoreError::Corrupt(format!("{text:?} is not a word of the log")))
}

fn unreadable(column: usize, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("column {column} cannot be read: {error}"))
}
