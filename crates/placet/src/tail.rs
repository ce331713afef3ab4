//! Following the log.

use std::collections::VecDeque;

use placet_core::Entry;
use placet_store::StoreError;

use crate::guard::Guard;
use crate::log::READ_TOGETHER;

/// Why the log cannot be followed any further.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The log is closed, and everything in it has been read.
    #[error("the log is closed")]
    Closed,
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the log's entries one after the other, and waits for the next when there is none yet.
///
/// Only what is durable is read. Nothing is lost when a wait is dropped: the next one goes on in
/// the same place.
#[derive(Debug)]
pub struct Tail {
    guard: Guard,
    next: u64,
    read: VecDeque<Entry>,
}

impl Tail {
    pub(crate) fn new(guard: Guard, from: u64) -> Self {
        Self { guard, next: from, read: VecDeque::new() }
    }

    /// The index of the entry that comes next.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next
    }

    /// The next entry, as soon as there is one.
    ///
    /// # Errors
    /// When the log is closed or cannot be read.
    pub async fn next(&mut self) -> Result<Entry, TailError> {
        loop {
            if let Some(entry) = self.read.pop_front() {
                self.next = entry.index.saturating_add(1);
                return Ok(entry);
            }
            if !self.guard.log().wait_for(self.next).await {
                return Err(TailError::Closed);
            }
            self.read = self.guard.log().shown(self.next, READ_TOGETHER)?.into();
        }
    }
}
