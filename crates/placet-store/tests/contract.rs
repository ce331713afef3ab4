//! The published contract, run against the stores that are here.
#![allow(clippy::unwrap_used, reason = "a test")]

use placet_store::contract::fixture::Bench;
use placet_store::contract::{Site, StoreFactory, suite};
use placet_store::sqlite::Options;
use placet_store::{Memory, Sqlite, Store};

struct InMemory;

impl StoreFactory for InMemory {
    fn place(&self) -> Box<dyn Site> {
        Box::new(MemorySite(Memory::new()))
    }
}

struct MemorySite(Memory);

impl Site for MemorySite {
    fn open(&self) -> Box<dyn Store> {
        Box::new(self.0.clone())
    }
}

struct OnSqlite;

impl StoreFactory for OnSqlite {
    fn place(&self) -> Box<dyn Site> {
        Box::new(SqliteSite(tempfile::tempdir().unwrap()))
    }
}

struct SqliteSite(tempfile::TempDir);

impl Site for SqliteSite {
    fn open(&self) -> Box<dyn Store> {
        // Several nodes on one file are what a server with many nodes will be.
        let options = Options { danger_unlocked: true, ..Options::default() };
        Box::new(Sqlite::open(&self.0.path().join("placet.db"), options, &*Bench::new(0)).unwrap())
    }
}

#[test]
fn memory_keeps_the_contract() {
    suite(&InMemory);
}

#[test]
fn sqlite_keeps_the_contract() {
    suite(&OnSqlite);
}
