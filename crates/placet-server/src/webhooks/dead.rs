//! Announcements that could not be delivered, the last of them, also across a restart.
//!
//! They are kept in a file beside the log, which is replaced as a whole a moment after one was added
//! and when the daemon stops. A crash costs those of that moment: what they were about is in the log.
//! The file is for people to read; nothing depends on it, so one that cannot be read or written is
//! said to be, and stops nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use placet::{ApprovalId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use super::announcement::Kind;
use super::file;
use crate::limits::MAX_DEAD_LETTERS;

/// How long the file is left alone after it was written: many that are given up at the same time
/// cost few writes.
const PAUSE: Duration = Duration::from_millis(300);

/// An announcement that could not be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = DeadLetter)]
pub(crate) struct DeadLetter {
    /// Its id, which its receiver would have seen as `webhook-id`.
    pub(super) id: String,
    /// The name of the webhook.
    pub(super) webhook: String,
    /// Whose action it is about. Those that older versions kept do not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub(super) tenant: Option<TenantId>,
    /// What it announces.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub(super) kind: Kind,
    /// The approval that it is about.
    #[schema(value_type = String, pattern = "^apr_")]
    pub(super) approval: ApprovalId,
    /// How often it was tried.
    pub(super) attempts: u32,
    /// Why it could not be delivered, the last time.
    pub(super) reason: String,
    /// When it was given up.
    #[schema(value_type = String, format = DateTime)]
    pub(super) at: Timestamp,
}

/// The last of them.
#[derive(Debug, Default)]
pub(crate) struct DeadLetters {
    letters: Mutex<Letters>,
    /// Where they are kept, if anywhere.
    place: Option<PathBuf>,
    added: Notify,
}

#[derive(Debug, Default)]
struct Letters {
    /// The oldest first.
    list: Vec<DeadLetter>,
    /// Whether the file does not have all of them yet.
    is_new: bool,
}

impl Letters {
    fn add(&mut self, letter: DeadLetter) {
        self.list.push(letter);
        while self.list.len() > MAX_DEAD_LETTERS {
            let Some(place) = self.oldest_of_most() else { return };
            self.list.remove(place);
        }
    }

    /// Where the oldest is of the receiver that has most of them, and there of its tenant that has most.
    fn oldest_of_most(&self) -> Option<usize> {
        let webhook = most(self.list.iter().map(|letter| &letter.webhook))?;
        let own = self.list.iter().filter(|letter| letter.webhook == *webhook);
        let tenant = most(own.map(|letter| &letter.tenant))?;
        let is_one = |letter: &DeadLetter| letter.webhook == *webhook && letter.tenant == *tenant;
        self.list.iter().position(is_one)
    }
}

/// What is there most often.
fn most<T: Ord>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut counts = BTreeMap::<T, usize>::new();
    for one in all {
        let count = counts.entry(one).or_default();
        *count = count.saturating_add(1);
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(one, _)| one)
}

impl DeadLetters {
    /// With those that the file has. One that cannot be read is put aside.
    pub(crate) fn open(place: Option<&Path>) -> Self {
        let mut letters = Letters::default();
        for letter in place.map(file::read).unwrap_or_default() {
            letters.add(letter);
        }
        let place = place.map(Path::to_owned);
        Self { letters: Mutex::new(letters), place, added: Notify::new() }
    }

    pub(super) fn add(&self, letter: DeadLetter) {
        let mut letters = self.letters();
        letters.add(letter);
        letters.is_new = true;
        drop(letters);
        self.added.notify_one();
    }

    /// All that are kept, the oldest first.
    pub(crate) fn list(&self) -> Vec<DeadLetter> {
        self.letters().list.clone()
    }

    /// Writes the file a moment after one was added, for ever.
    pub(super) async fn keep(self: &Arc<Self>) {
        loop {
            self.added.notified().await;
            let own = Arc::clone(self);
            drop(spawn_blocking(move || own.save()).await);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Writes those that the file does not have yet.
    pub(super) fn save(&self) {
        let Some(place) = &self.place else { return };
        let list: Vec<DeadLetter> = {
            let mut letters = self.letters();
            if !std::mem::take(&mut letters.is_new) {
                return;
            }
            letters.list.clone()
        };
        file::write(place, &list);
    }

    fn letters(&self) -> std::sync::MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
