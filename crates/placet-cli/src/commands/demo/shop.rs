//! The shop that the agent looks after: orders in a database, notes in files.

use std::path::Path;

use rusqlite::{Connection, params};
use serde_json::Value;

/// Orders, with what they cost.
const ORDERS: [(&str, &str, u32, &str); 4] = [
    ("o-16", "a kettle", 3_900, "shipped"),
    ("o-17", "a scarf", 4_200, "shipped"),
    ("o-18", "a lamp", 24_000, "shipped"),
    ("o-19", "a table", 89_000, "packed"),
];

/// Notes, one file each.
const NOTES: [&str; 3] = ["2025-01.txt", "2025-02.txt", "2026-11.txt"];

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
    let notes = folder.join("notes");
    std::fs::create_dir(&notes)?;
    NOTES.iter().try_for_each(|name| std::fs::write(notes.join(name), "a note\n"))
}

fn connect(folder: &Path) -> rusqlite::Result<Connection> {
    Connection::open(folder.join("orders.db"))
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
    Ok(format!("{found} orders found"))
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
    Ok(format!("{} files removed", files.len()))
}

/// A param that is a text.
pub(super) fn text<'a>(params: &'a Value, name: &str) -> Result<&'a str, String> {
    params.get(name).and_then(Value::as_str).ok_or_else(|| format!("{name} is missing"))
}
