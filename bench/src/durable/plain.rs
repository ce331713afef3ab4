//! Plain SQLite: the same rows, the same promises about the disk, and nothing else.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rusqlite::{Connection, OpenFlags, params};

use super::{Throughput, rate};
use crate::measure::Times;

/// Rows that are inserted over and over.
const ROWS: u32 = 4_096;

/// What Placet keeps of one decision.
pub(super) struct Row {
    leaf: String,
    payload: Option<String>,
    salt: Option<Vec<u8>>,
}

/// The last rows of a log.
pub(super) fn rows_of(log: &Path) -> Result<Vec<Row>> {
    let connection = Connection::open_with_flags(log, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement =
        connection.prepare("SELECT leaf, payload, salt FROM entries ORDER BY idx DESC LIMIT ?1")?;
    let rows = statement.query_map([ROWS], |row| {
        Ok(Row { leaf: row.get(0)?, payload: row.get(1)?, salt: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) struct Plain {
    connection: Connection,
    rows: Vec<Row>,
    next: i64,
}

impl Plain {
    pub(super) fn create(path: &Path, rows: Vec<Row>) -> Result<Self> {
        ensure!(!rows.is_empty(), "the log has no rows to insert");
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE entries (idx INTEGER PRIMARY KEY, leaf TEXT NOT NULL, payload TEXT, salt BLOB) STRICT;",
        )?;
        Ok(Self { connection, rows, next: 0 })
    }

    /// Commits so many rows at a time until the time is over.
    pub(super) fn commit_for(&mut self, rows: usize, turn: Duration) -> Result<Throughput> {
        let mut times = Times::default();
        let begin = Instant::now();
        while begin.elapsed() < turn {
            times.time(|| self.commit(rows))?;
        }
        let rows = times.len() * rows;
        let (p50, p99) = (times.percentile(50.0), times.percentile(99.0));
        Ok(Throughput { rate: rate(rows, begin.elapsed().as_secs_f64()), p50, p99 })
    }

    fn commit(&mut self, rows: usize) -> Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO entries (idx, leaf, payload, salt) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for row in self.rows.iter().cycle().take(rows) {
                insert.execute(params![self.next, row.leaf, row.payload, row.salt])?;
                self.next += 1;
            }
        }
        Ok(transaction.commit()?)
    }
}
