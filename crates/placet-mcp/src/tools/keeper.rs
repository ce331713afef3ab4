//! Who keeps the lock file while a gateway runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use placet::escape;
use placet_gate::private;

use super::book::{Book, Change, Standing};
use super::definition::Definition;
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
    /// The tools of each server for which a session was opened. Which were vetted they share with
    /// those of its sessions.
    books: Mutex<BTreeMap<String, Book>>,
}

impl Keeper {
    /// Reads the lock file.
    ///
    /// # Errors
    /// When there is one that cannot be read.
    pub fn open(path: PathBuf) -> Result<Self, LockError> {
        let lock = Mutex::new(Lock::read(&path)?);
        Ok(Self(Arc::new(Inner { path, lock, books: Mutex::default() })))
    }

    /// The tools of a server for a new session, as somebody vetted them, or as the first of its
    /// sessions will list them.
    #[must_use]
    pub fn book(&self, server: &str) -> Book {
        let lock = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let vetted = || match lock.server(server) {
            Some(vetted) => Book::new(vetted.clone()),
            None => self.first_sight(server),
        };
        let mut books = self.0.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.entry(server.to_owned()).or_insert_with(vetted).of_another_session()
    }

    /// The tools of a server that nobody has seen yet: they are trusted as they are listed first. Where
    /// that cannot be written down they would be trusted anew at every start, whatever they became, and
    /// so none is.
    fn first_sight(&self, server: &str) -> Book {
        match private::try_write(&self.0.path) {
            Ok(()) => Book::first(),
            Err(error) => {
                let path = self.0.path.display();
                tracing::warn!(
                    server, %path, %error,
                    "the lock file cannot be written, so no tool of this server is trusted at first \
                     sight and each call waits for a person; name a place with --lock that can be \
                     written, or vet the tools with `placet init --mcp`"
                );
                Book::new(BTreeMap::new())
            }
        }
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
                self.keep(server, None);
            }
            None if change.standing == Standing::Vetted => self.keep(server, Some(&change.tool)),
            None => {}
        }
    }

    /// Writes down that a server has listed its tools, and that this one counts as vetted. What is
    /// not written is so until this gateway ends, and again at its next start.
    fn keep(&self, server: &str, vetted: Option<&Definition>) {
        let mut lock = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if vetted.is_none() && lock.server(server).is_some() {
            return;
        }
        // Another gateway may have written to it since.
        if let Ok(now) = Lock::read(&self.0.path) {
            *lock = now;
        }
        lock.add(server, vetted);
        if let Err(error) = lock.write(&self.0.path) {
            tracing::warn!(%error, "the lock file was not written");
        }
    }
}
