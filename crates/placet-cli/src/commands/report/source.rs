//! Where the entries come from: a log file, or a daemon that has one open.

use placet::{PolicyFile, Timestamp};
use placet_core::Event;
use placet_core::event::Payload;
use placet_store::entry::StoredEntry;
use placet_store::{Reader as _, SqliteReader};

use crate::failure::Failure;
use crate::log_file::LogArgument;
use crate::place::{Daemon, Place, head};

/// Entries that are read at a time.
const CHUNK: usize = 256;

/// A log that is read from one end.
pub(super) enum Source {
    Log(SqliteReader, LogArgument),
    Daemon(Daemon),
}

impl Source {
    pub(super) fn new(place: Place) -> Result<Self, Failure> {
        Ok(match place {
            Place::Log(log) => Self::Log(log.reader()?, log),
            Place::Daemon(daemon) => Self::Daemon(daemon),
        })
    }

    /// How many entries there are.
    pub(super) fn size(&mut self) -> Result<u64, Failure> {
        match self {
            Self::Log(reader, _) => {
                let view = reader.view().map_err(Failure::unusable)?;
                let head = view.head().map_err(Failure::unusable)?;
                Ok(head.map_or(0, |head| head.size))
            }
            Self::Daemon(daemon) => Ok(head(daemon.checkpoint()?.as_bytes(), None)?.size()),
        }
    }

    /// The next entries from one on; none at the end.
    pub(super) fn entries(&mut self, from: u64) -> Result<Vec<StoredEntry>, Failure> {
        self.some(from, CHUNK)
    }

    /// The first entry of `size` that was made at a time or after it. No entry is earlier than the
    /// one before, so few have to be looked at.
    pub(super) fn first_since(&mut self, since: Timestamp, size: u64) -> Result<u64, Failure> {
        let (mut low, mut high) = (0, size);
        while low < high {
            let middle = low + (high - low) / 2;
            let found = self.some(middle, 1)?;
            // One that cannot be read is taken for a late one: what is before it is read, and no
            // decision is missed.
            let at = found.first().and_then(|stored| stored.decode().ok()).map(|entry| entry.at);
            if at.is_some_and(|at| at < since) { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// The files of the policy that holds, where one was ever installed and can still be read.
    pub(super) fn policy(&mut self) -> Result<Option<Vec<PolicyFile>>, Failure> {
        match self {
            Self::Daemon(daemon) => {
                let holding = daemon.policy()?;
                Ok(holding.log_index.map(|_| holding.files))
            }
            Self::Log(_, log) => {
                let Some(index) = log.state()?.installed_at() else { return Ok(None) };
                Ok(self.some(index, 1)?.first().and_then(installed))
            }
        }
    }

    fn some(&mut self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, Failure> {
        match self {
            Self::Log(reader, _) => {
                let view = reader.view().map_err(Failure::unusable)?;
                view.entries(from, limit).map_err(Failure::unusable)
            }
            Self::Daemon(daemon) => daemon.entries(from, limit),
        }
    }
}

/// The files that an entry installed.
fn installed(stored: &StoredEntry) -> Option<Vec<PolicyFile>> {
    let entry = stored.decode().ok()?;
    stored.check_private(&entry).ok()?;
    let Event::PolicyInstalled(_) = entry.event else { return None };
    match serde_json::from_slice(&stored.private.as_ref()?.payload).ok()? {
        Payload::Policy(policy) => Some(policy.files),
        _ => None,
    }
}
