//! Moving what was committed from the write-ahead log into the file.
//!
//! It costs tens of milliseconds now and then, which nobody who waits for a decision should pay.
//! So a thread with a connection of its own does it. Under unbroken load it never quite catches up
//! and the write-ahead log would grow without end; every few mebibytes the writer does the small
//! rest itself between two batches, after which the log starts over in the same bytes. That it
//! soon does matters: a file that grows makes the file system write its own journal with every
//! sync, and a commit then takes twice as long (ext4).
//!
//! A process that lives for a few commits only never comes to that, and each of them would leave its share
//! for the next to read when it opens the log. So what is found in the write-ahead log counts as well, and
//! whoever finds too much does the work before the first commit.
//!
//! After an erasure the thread also empties the write-ahead log, in which the erased bytes would
//! otherwise stay until they are overwritten by chance.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use rusqlite::{Connection, OpenFlags};

use super::{BUSY_TIMEOUT, PAGE_BYTES};
use crate::error::StoreError;

/// About how many bytes are committed between two passes of the thread.
const PASS_EVERY: u64 = 2 * 1024 * 1024;

/// About how many bytes are committed before the writer does the rest.
const RELIEF_EVERY: u64 = 8 * 1024 * 1024;

/// How many bytes may be found in the write-ahead log when it is opened. To read them takes about as long
/// as the share that a short-lived process would have of moving them.
const FOUND_MOST: u64 = 1024 * 1024;

/// Wakes the thread, and ends it when dropped.
#[derive(Debug)]
pub(super) struct Checkpointer {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    since_pass: AtomicU64,
    since_relief: AtomicU64,
    /// Whether erased bytes may still be in the write-ahead log.
    unclean: Arc<AtomicBool>,
}

impl Checkpointer {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let (wake, woken) = sync_channel(1);
        let path = path.to_owned();
        let unclean = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&unclean);
        let thread = Builder::new()
            .name("placet-checkpoint".to_owned())
            .spawn(move || run(&path, &woken, &seen))
            .map_err(|error| StoreError::Io(error.to_string()))?;
        Ok(Self {
            wake: Some(wake),
            thread: Some(thread),
            since_pass: AtomicU64::new(0),
            since_relief: AtomicU64::new(0),
            unclean,
        })
    }

    /// Notes what others have left in the write-ahead log, which the connection has just read.
    pub(super) fn found(&self, connection: &Connection) {
        let pages = connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1));
        let pages: i64 = pages.unwrap_or_default();
        let found = u64::try_from(pages).unwrap_or_default() * u64::from(PAGE_BYTES);
        if found > FOUND_MOST {
            self.since_relief.store(RELIEF_EVERY, Ordering::Relaxed);
        }
    }

    /// Notes that about so many bytes were committed.
    pub(super) fn committed(&self, bytes: u64) {
        let since_relief = self.since_relief.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let since_pass = self.since_pass.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // When the writer is about to do it, the thread must not be in its way.
        if since_pass >= PASS_EVERY && since_relief < RELIEF_EVERY {
            self.since_pass.store(0, Ordering::Relaxed);
            self.wake();
        }
    }

    /// Notes that a payload was erased.
    pub(super) fn erased(&self) {
        self.unclean.store(true, Ordering::Relaxed);
        self.wake();
    }

    /// Does the rest of the work on the writer's connection, when there has been much.
    pub(super) fn relieve(&self, connection: &Connection) {
        if self.since_relief.load(Ordering::Relaxed) < RELIEF_EVERY {
            return;
        }
        match pass(connection) {
            Pass::Complete => self.since_relief.store(0, Ordering::Relaxed),
            // A reader still looks at old pages. It is pointless to ask before every batch.
            Pass::Incomplete => {
                self.since_relief.store(RELIEF_EVERY - PASS_EVERY, Ordering::Relaxed);
            }
            Pass::Busy => {}
        }
    }

    fn wake(&self) {
        // A thread that is still at the last pass finds what is new when it is done.
        if let Some(wake) = &self.wake {
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn run(path: &Path, woken: &Receiver<()>, unclean: &AtomicBool) {
    let mut connection = None;
    while woken.recv().is_ok() {
        if connection.is_none() {
            connection = connect(path).ok();
        }
        if let Some(connection) = &connection {
            pass(connection);
            if unclean.swap(false, Ordering::Relaxed) && !empty(connection) {
                // Someone still reads it. The next pass tries again.
                unclean.store(true, Ordering::Relaxed);
            }
        }
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;")?;
    Ok(connection)
}

/// How far a pass came.
enum Pass {
    /// Everything is in the file, and the write-ahead log starts over.
    Complete,
    /// Something is left.
    Incomplete,
    /// Someone else is at it.
    Busy,
}

/// Moves what can be moved without waiting for anyone. Where it fails nothing is lost: what is in
/// the write-ahead log is durable, and the next pass finds it.
fn pass(connection: &Connection) -> Pass {
    let counts = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    });
    match counts {
        Ok((0, pages, moved)) if pages == moved => Pass::Complete,
        Ok((0, ..)) => Pass::Incomplete,
        _ => Pass::Busy,
    }
}

/// Empties the write-ahead log, and says whether that was possible.
fn empty(connection: &Connection) -> bool {
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    busy.is_ok_and(|busy: i64| busy == 0)
}
