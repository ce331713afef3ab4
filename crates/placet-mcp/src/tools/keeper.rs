//! Who keeps the lock file while a gateway runs.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use placet::escape;

use super::book::{Book, Change, Standing};
use super::lock::{Lock, LockError};
use crate::relay::OnChange;

/// Longest name of a tool that is written to a log.
const SHOWN: usize = 80;

/// Keeps the lock file while a gateway runs. Clones share it.
#[derive(Clone)]
pub struct Keeper(Arc<Inner>);

struct Inner {
    path: PathBuf,
    lock: Mutex<Lock>,
}

impl Keeper {
    /// Reads the lock file.
    ///
    /// # Errors
    /// When there is one that cannot be read.
    pub fn open(path: PathBuf) -> Result<Self, LockError> {
        let lock = Mutex::new(Lock::read(&path)?);
        Ok(Self(Arc::new(Inner { path, lock })))
    }

    /// The tools of a server, as somebody vetted them, or as they will be listed first.
    #[must_use]
    pub fn book(&self, server: &str) -> Book {
        let lock = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        lock.server(server).cloned().map_or_else(Book::first, Book::new)
    }

    /// What is to be told when a tool of a server is another than was vetted.
    #[must_use]
    pub fn on_change(&self, server: &str) -> OnChange {
        let (keeper, server) = (self.clone(), server.to_owned());
        Arc::new(move |change| keeper.note(&server, change))
    }

    fn note(&self, server: &str, change: &Change) {
        let name = escape::clipped(&change.tool.name, SHOWN);
        match change.standing.concern() {
            Some(concern) => {
                let odd = change.tool.suspicions();
                let odd: Vec<_> =
                    odd.iter().map(|it| format!("{} {}", it.pointer, it.reason)).collect();
                let odd = odd.join("; ");
                tracing::warn!(server, tool = %name, concern, odd, "its calls wait for a person");
            }
            None => self.add(server, change),
        }
    }

    /// What is not written is vetted until this gateway ends, and again at its next start.
    fn add(&self, server: &str, change: &Change) {
        if change.standing == Standing::Vetted {
            let mut lock = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
            // Another gateway may have written to it since.
            if let Ok(now) = Lock::read(&self.0.path) {
                *lock = now;
            }
            lock.add(server, &change.tool);
            if let Err(error) = lock.write(&self.0.path) {
                tracing::warn!(%error, "the lock file was not written");
            }
        }
    }
}
