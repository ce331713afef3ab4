//! Appending to the file.

use placet_core::log::tile::encode_hashes;
use rusqlite::{Connection, ErrorCode, ToSql, Transaction, TransactionBehavior, params};

use super::checkpointer::Checkpointer;
use super::fault::{commit_fault, fault};
use super::read::Sql;
use crate::entry::{NewEntry, StoredEntry};
use crate::error::{CommitError, StoreError};
use crate::memory::check_order;
use crate::projection::{
    ActionRow, AutonomyRow, Change, RefusalRow, RequestRow, StepRow, SwitchRow, change, request,
};
use crate::recover::damaged;
use crate::snapshot::Snapshot;
use crate::store::{Append, Batch, Head, StoredTile, View};

/// How many entries are read at a time.
const CHUNK: usize = 1024;

/// About how many bytes of pages a commit writes besides its rows.
const COMMIT_OVERHEAD: u64 = 32 * 1024;

/// The tip, held by SQLite's write lock.
pub(super) struct SqliteBatch<'a> {
    sql: Sql<Transaction<'a>>,
    unseen: u64,
    written: u64,
    erased: bool,
    checkpointer: &'a Checkpointer,
}

impl<'a> SqliteBatch<'a> {
    pub(super) fn new(
        transaction: Transaction<'a>,
        known: u64,
        checkpointer: &'a Checkpointer,
    ) -> Self {
        Self {
            sql: Sql(transaction),
            unseen: known,
            written: COMMIT_OVERHEAD,
            erased: false,
            checkpointer,
        }
    }
}

impl Batch for SqliteBatch<'_> {
    fn view(&self) -> &dyn View {
        &self.sql
    }

    fn unseen(&mut self) -> Result<Vec<StoredEntry>, StoreError> {
        let entries = self.sql.entries(self.unseen, CHUNK)?;
        self.unseen = entries.last().map_or(self.unseen, |last| last.index + 1);
        Ok(entries)
    }

    fn append(&mut self, what: Append<'_>) -> Result<(), StoreError> {
        let size = self.sql.head()?.map_or(0, |head| head.size);
        check_order(size, what.entries)?;
        let connection = &*self.sql.0;
        for new in what.entries {
            insert_entry(connection, new)?;
            if let Some(change) = change(&new.entry) {
                project(connection, &change)?;
            }
            if let Some(row) = request(&new.entry) {
                insert_request(connection, &row)?;
            }
            if let Some(index) = new.erases() {
                erase(connection, index)?;
                self.erased = true;
            }
            self.written += new_bytes(new);
        }
        what.tiles.iter().try_for_each(|tile| put_tile(connection, tile))?;
        put_head(connection, what.head)
    }

    fn commit(self: Box<Self>) -> Result<(), CommitError> {
        // Until the last frame of the write-ahead log is on the disk, a crash leaves nothing of the
        // batch: SQLite drops frames that no commit follows. After it the batch is there.
        self.sql.0.commit().map_err(commit_fault)?;
        self.checkpointer.committed(self.written);
        if self.erased {
            // A crash before the write-ahead log is emptied leaves the bytes in it until the next
            // start has moved them into the file.
            self.checkpointer.erased();
        }
        Ok(())
    }
}

fn insert_entry(connection: &Connection, new: &NewEntry) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT INTO entries (idx, leaf, payload, salt) VALUES (?1, ?2, ?3, ?4)")
        .map_err(fault)?;
    let private = new.private.as_ref();
    let payload = private.map(|private| std::str::from_utf8(&private.payload)).transpose();
    let payload = payload.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let salt = private.map(|private| private.salt.as_bytes());
    statement
        .execute(params![integer(new.entry.index)?, new.leaf, payload, salt])
        .map_err(fault)
        .map(drop)
}

fn new_bytes(new: &NewEntry) -> u64 {
    let bytes = new.leaf.len() + new.private.as_ref().map_or(0, |private| private.payload.len());
    u64::try_from(bytes).unwrap_or(u64::MAX / 2)
}

/// Overwrites a payload and its salt.
fn erase(connection: &Connection, index: u64) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("UPDATE entries SET payload = NULL, salt = NULL WHERE idx = ?1")
        .map_err(fault)?;
    statement.execute([integer(index)?]).map_err(fault).map(drop)
}

fn put_tile(connection: &Connection, tile: &StoredTile) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT OR REPLACE INTO tiles (level, idx, hashes) VALUES (?1, ?2, ?3)")
        .map_err(fault)?;
    let hashes = encode_hashes(&tile.hashes);
    statement.execute(params![tile.level, integer(tile.index)?, hashes]).map_err(fault).map(drop)
}

fn put_head(connection: &Connection, head: &Head) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached(
            "INSERT OR REPLACE INTO head (id, size, root, checkpoint) VALUES (0, ?1, ?2, ?3)",
        )
        .map_err(fault)?;
    statement
        .execute(params![integer(head.size)?, head.root.as_bytes(), head.checkpoint])
        .map_err(fault)
        .map(drop)
}

pub(super) fn save_snapshot(
    connection: &Connection,
    snapshot: &Snapshot,
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached(
            "INSERT OR REPLACE INTO snapshot (id, size, state, note) VALUES (0, ?1, ?2, ?3)",
        )
        .map_err(fault)?;
    statement
        .execute(params![integer(snapshot.size)?, snapshot.state, snapshot.note])
        .map_err(fault)
        .map(drop)
}

/// Makes the projections again from the entries. A crash before the commit leaves the old ones.
pub(super) fn rebuild(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
    transaction
        .execute_batch("DELETE FROM actions; DELETE FROM steps; DELETE FROM refusals; DELETE FROM requests; DELETE FROM switches; DELETE FROM autonomy;")
        .map_err(fault)?;
    let sql = Sql(transaction);
    let mut next = 0;
    loop {
        let entries = sql.entries(next, CHUNK)?;
        for stored in &entries {
            let entry = stored.decode().map_err(|error| damaged(stored.index, &error))?;
            if let Some(change) = change(&entry) {
                project(&sql.0, &change)?;
            }
            if let Some(row) = request(&entry) {
                insert_request(&sql.0, &row)?;
            }
        }
        match entries.last() {
            Some(last) => next = last.index + 1,
            None => break,
        }
    }
    sql.0.commit().map_err(fault)
}

/// Writes one change of the projections. A row that somebody took away or put in the way must not
/// stop the log: it is passed over or replaced, and a verification finds it; see [`put`].
fn project(connection: &Connection, change: &Change) -> Result<(), StoreError> {
    match change {
        Change::Action(row) => insert_action(connection, row),
        Change::Step(row) => insert_step(connection, row),
        Change::Refusal(row) => insert_refusal(connection, row),
        Change::Switch(row) => insert_switch(connection, row),
        Change::Reset { scope, entry } => {
            let mut statement = connection
                .prepare_cached("UPDATE switches SET reset = ?2 WHERE scope = ?1 AND reset IS NULL")
                .map_err(fault)?;
            let values = params![scope.to_string(), integer(*entry)?];
            statement.execute(values).map_err(fault).map(drop)
        }
        Change::Autonomy(row) => insert_autonomy(connection, row),
    }
}

/// Puts a row of a projection in its place, which is free unless somebody wrote into the file.
///
/// A statement that may replace a row keeps every page that it changes until it is done, so that it
/// can take back all of it, and that costs more than the row. So it is only the second try.
fn put(
    connection: &Connection,
    [insert, replace]: [&str; 2],
    values: &[&dyn ToSql],
) -> Result<(), StoreError> {
    let execute = |sql| connection.prepare_cached(sql)?.execute(values);
    let put = match execute(insert) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            execute(replace)
        }
        put => put,
    };
    put.map_err(fault).map(drop)
}

/// The two ways to put a row into a table.
macro_rules! into {
    ($table_and_values:literal) => {
        [
            concat!("INSERT INTO ", $table_and_values),
            concat!("INSERT OR REPLACE INTO ", $table_and_values),
        ]
    };
}

fn insert_action(connection: &Connection, row: &ActionRow) -> Result<(), StoreError> {
    let sql = into!(
        "actions (entry, id, at, tenant, agent, tool, class, verdict, would_have, approval, deadline)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
    );
    let values = params![
        integer(row.entry)?,
        row.id.to_string(),
        row.at.as_millis(),
        row.tenant.as_str(),
        row.agent.as_ref().map(|agent| agent.as_str()),
        row.tool.as_str(),
        row.class.as_ref().map(|class| class.as_str()),
        row.verdict.as_str(),
        row.would_have.map(|verdict| verdict.as_str()),
        row.approval.map(|approval| approval.to_string()),
        row.deadline.map(|deadline| deadline.as_millis()),
    ];
    put(connection, sql, values)
}

fn insert_step(connection: &Connection, row: &StepRow) -> Result<(), StoreError> {
    let sql = into!("steps (entry, at, action, status) VALUES (?1, ?2, ?3, ?4)");
    let (at, action) = (row.at.as_millis(), row.action.to_string());
    let values = params![integer(row.entry)?, at, action, row.status.as_str()];
    put(connection, sql, values)
}

fn insert_refusal(connection: &Connection, row: &RefusalRow) -> Result<(), StoreError> {
    let sql = into!("refusals (entry, action) VALUES (?1, ?2)");
    put(connection, sql, params![integer(row.entry)?, row.action.to_string()])
}

fn insert_request(connection: &Connection, row: &RequestRow) -> Result<(), StoreError> {
    let sql = into!("requests (entry, id) VALUES (?1, ?2)");
    put(connection, sql, params![integer(row.entry)?, row.id.as_bytes()])
}

fn insert_switch(connection: &Connection, row: &SwitchRow) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached(
            "INSERT OR REPLACE INTO switches (entry, at, scope, reason, by, reset)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .map_err(fault)?;
    let values = params![
        integer(row.entry)?,
        row.at.as_millis(),
        row.scope.to_string(),
        row.reason,
        row.by.as_ref().map(|by| by.as_str()),
        row.reset.map(integer).transpose()?,
    ];
    statement.execute(values).map_err(fault).map(drop)
}

fn insert_autonomy(connection: &Connection, row: &AutonomyRow) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached(
            "INSERT OR REPLACE INTO autonomy (entry, at, tenant, class, build, from_state, to_state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .map_err(fault)?;
    let values = params![
        integer(row.entry)?,
        row.at.as_millis(),
        row.of.tenant.as_str(),
        row.of.class.as_str(),
        row.of.build.as_ref().map(|build| build.as_str()),
        row.from.as_str(),
        row.to.as_str(),
    ];
    statement.execute(values).map_err(fault).map(drop)
}

/// SQLite's integers are signed; no log is long enough for this to matter.
fn integer(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Full(format!("{value} is too large")))
}
