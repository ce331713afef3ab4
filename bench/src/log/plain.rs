//! The same bytes, only hashed.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest as _, Sha256};

pub(super) fn open(path: &Path) -> Result<Connection> {
    Ok(Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

/// How many entries SQLite has.
pub(super) fn count(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))?)
}

/// Entries per second: read and hashed, and only hashed.
pub(super) fn hash_rates(path: &Path) -> Result<[f64; 2]> {
    let connection = open(path)?;
    let begin = Instant::now();
    let mut hashing = Duration::ZERO;
    let mut entries: u32 = 0;
    let mut statement =
        connection.prepare("SELECT leaf, payload, salt FROM entries ORDER BY idx")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let leaf = row.get_ref(0)?.as_bytes()?;
        let payload = row.get_ref(1)?.as_bytes_or_null()?.unwrap_or_default();
        let salt = row.get_ref(2)?.as_bytes_or_null()?.unwrap_or_default();
        let begin = Instant::now();
        std::hint::black_box(Sha256::digest(leaf));
        std::hint::black_box(Sha256::new_with_prefix(salt).chain_update(payload).finalize());
        hashing += begin.elapsed();
        entries += 1;
    }
    Ok([begin.elapsed(), hashing].map(|time| f64::from(entries) / time.as_secs_f64()))
}
