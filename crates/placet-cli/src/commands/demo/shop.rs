//! The shop that the agent looks after: orders in a database, notes in files.

use std::path::Path;

use rusqlite::{Connection, params};
use serde_json::Value;

use crate::console::counted;

/// The database.
const ORDERS_FILE: &str = "orders.db";

/// Where its backups are.
const BACKUP_FOLDER: &str = "backups";

/// Orders, with what they cost.
const ORDERS: [(&str, &str, u32, &str); 4] = [
    ("o-16", "a kettle", 3_900, "shipped"),
    ("o-17", "a scarf", 4_200, "shipped"),
    ("o-18", "a lamp", 24_000, "shipped"),
    ("o-19", "a table", 89_000, "packed"),
];

/// Notes, one file each.
const NOTES: [&str; 3] = ["2025-01.txt", "2025-02.txt", "2026-11.txt"];

/// Backups of the orders, one of each night.
const BACKUPS: [&str; 3] = ["orders-2026-11-19.db", "orders-2026-11-20.db", "orders-2026-11-21.db"];

/// Makes the shop.
pub(super) fn open(folder: &Path) -> Result<(), std::io::Error> {
    let other = std::io::Error::other;
    let database = connect(folder).map_err(other)?;
    let schema = "CREATE TABLE orders (id TEXT PRIMARY KEY, item TEXT, cents INTEGER, status TEXT);
                  CREATE TABLE refunds (order_id TEXT, amount TEXT);";
    database.execute_batch(schema).map_err(other)?;
    for (id, item, cents, status) in ORDERS {
        let insert = "INSERT INTO orders VALUES (?1, ?2, ?3, ?4)";
        database.execute(insert, params![id, item, cents, status]).map_err(other)?;
    }
    drop(database);
    let (notes, backups) = (folder.join("notes"), folder.join(BACKUP_FOLDER));
    std::fs::create_dir(&notes)?;
    NOTES.iter().try_for_each(|name| std::fs::write(notes.join(name), "a note\n"))?;
    std::fs::create_dir(&backups)?;
    let copy = |name| std::fs::copy(folder.join(ORDERS_FILE), backups.join(name)).map(drop);
    BACKUPS.into_iter().try_for_each(copy)
}

fn connect(folder: &Path) -> rusqlite::Result<Connection> {
    Connection::open(folder.join(ORDERS_FILE))
}

/// Runs a query of the agent's.
pub(super) fn query(folder: &Path, params: &Value) -> Result<String, String> {
    let sql = text(params, "sql")?;
    let database = connect(folder).map_err(|error| error.to_string())?;
    let mut statement = database.prepare(sql).map_err(|error| error.to_string())?;
    let mut rows = statement.query([]).map_err(|error| error.to_string())?;
    let mut found = 0;
    while rows.next().map_err(|error| error.to_string())?.is_some() {
        found += 1;
    }
    Ok(format!("{} found", counted(found, "order")))
}

/// Pays an order back.
pub(super) fn refund(folder: &Path, params: &Value) -> Result<String, String> {
    let (order, amount) = (text(params, "order")?, text(params, "amount")?);
    let database = connect(folder).map_err(|error| error.to_string())?;
    database
        .execute("INSERT INTO refunds VALUES (?1, ?2)", params![order, amount])
        .map_err(|error| error.to_string())?;
    Ok(format!("{amount} paid back for {order}"))
}

/// Removes files of the shop.
pub(super) fn remove(folder: &Path, params: &Value) -> Result<String, String> {
    let files = params.get("files").and_then(Value::as_array).ok_or("no files are named")?;
    for file in files {
        let name = file.as_str().ok_or("a file has no name")?;
        std::fs::remove_file(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(format!("{} removed", counted_len(files.len(), "file")))
}

/// Removes all backups but the newest.
pub(super) fn rotate(folder: &Path, params: &Value) -> Result<String, String> {
    let keep = params.get("keep").and_then(Value::as_u64).ok_or("how many to keep is missing")?;
    let keep = usize::try_from(keep).unwrap_or(usize::MAX);
    let read = std::fs::read_dir(folder.join(BACKUP_FOLDER)).map_err(|error| error.to_string())?;
    let mut backups = Vec::new();
    for entry in read {
        backups.push(entry.map_err(|error| error.to_string())?.path());
    }
    // Their names are their dates.
    backups.sort();
    let old = backups.len().saturating_sub(keep);
    for backup in backups.iter().take(old) {
        std::fs::remove_file(backup).map_err(|error| format!("{}: {error}", backup.display()))?;
    }
    Ok(format!("{} removed", counted_len(old, "backup")))
}

fn counted_len(count: usize, thing: &str) -> String {
    counted(u64::try_from(count).unwrap_or(u64::MAX), thing)
}

/// A param that is a text.
pub(super) fn text<'a>(params: &'a Value, name: &str) -> Result<&'a str, String> {
    params.get(name).and_then(Value::as_str).ok_or_else(|| format!("{name} is missing"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::{open, query, rotate};

    #[test]
    fn what_the_agent_may_do_really_happens() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).unwrap();
        let of = |sql: &str| query(folder.path(), &json!({"sql": sql})).unwrap();
        assert_eq!(of("SELECT * FROM orders"), "4 orders found");
        assert_eq!(of("DELETE FROM orders WHERE id = 'o-16'"), "0 orders found");
        assert_eq!(of("SELECT * FROM orders WHERE id = 'o-17'"), "1 order found");
        let left = || -> Vec<String> {
            let backups = std::fs::read_dir(folder.path().join("backups")).unwrap();
            backups.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        };
        assert_eq!(left().len(), 3);
        assert_eq!(rotate(folder.path(), &json!({"keep": 1})), Ok("2 backups removed".to_owned()));
        assert_eq!(left(), ["orders-2026-11-21.db"]);
        assert!(rotate(folder.path(), &json!({})).is_err());
        assert_eq!(rotate(folder.path(), &json!({"keep": 0})), Ok("1 backup removed".to_owned()));
        assert!(left().is_empty());
    }
}
