//! The log of a daemon: its head, its entries, its proofs.
//!
//! Whoever names the public key of the log need not trust the daemon: what it says is checked. Who
//! does not name it takes its word for which log this is, and for no more than that.

use placet::{ActionId, PersonId, Receipt};
use placet_core::log::{Checkpoint, ConsistencyProof, Opening, Tile, TileKind, Verifier};
use placet_store::entry::{Private, StoredEntry};
use placet_store::prove::{Continuation, ProveError};
use serde::Deserialize;
use serde_json::json;

use super::daemon::{Daemon, Moved, failure};
use crate::failure::Failure;

/// Entries of a complete bundle.
const BUNDLE: u64 = 256;

#[derive(Deserialize)]
struct Continued {
    proof: ConsistencyProof,
    checkpoint: String,
}

/// An action as a daemon tells it.
#[derive(Deserialize)]
struct Told {
    status: String,
    entries: Vec<Shown>,
}

/// The part of a receipt that says what happened.
#[derive(Deserialize)]
struct Shown {
    index: u64,
    leaf: String,
    private: Option<Opening>,
}

/// What became of an action: one word for it, and the entries that say so, the decision first.
pub(crate) struct Life {
    pub(crate) status: String,
    pub(crate) entries: Vec<StoredEntry>,
}

/// Reads a checkpoint, by the key of its log where that is known.
pub(crate) fn head(note: &[u8], verifier: Option<&Verifier>) -> Result<Checkpoint, Failure> {
    let read = match verifier {
        Some(verifier) => Checkpoint::open(note, std::slice::from_ref(verifier)),
        None => Checkpoint::danger_unverified(note),
    };
    read.map_err(Failure::found)
}

impl Daemon {
    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        self.0.url()
    }

    /// The signed head of its log.
    pub(crate) fn checkpoint(&self) -> Result<String, Failure> {
        self.0.text("/checkpoint").map_err(failure)
    }

    /// The receipt of an entry, with what is kept beside it if that is asked for.
    pub(crate) fn receipt(&self, index: u64, open: bool) -> Result<Receipt, Failure> {
        let size = head(self.checkpoint()?.as_bytes(), None)?.size();
        if index >= size {
            return Err(Failure::found(ProveError::NoEntry { index, size }));
        }
        let open = if open { "&open=true" } else { "" };
        self.0.get(&format!("/v1/log/proof?index={index}{open}")).map_err(failure)
    }

    /// What became of an action, and every entry about it with what is kept beside it.
    pub(crate) fn life(&self, id: ActionId) -> Result<Life, Failure> {
        let told: Told = self.0.get(&format!("/v1/actions/{id}/history")).map_err(failure)?;
        let stored = |shown: Shown| StoredEntry {
            index: shown.index,
            leaf: shown.leaf.into_bytes(),
            private: shown.private.map(|opening| Private {
                salt: opening.salt,
                payload: opening.payload.into_bytes(),
            }),
        };
        Ok(Life { status: told.status, entries: told.entries.into_iter().map(stored).collect() })
    }

    /// Erases what is kept beside an entry; the entry that says so.
    pub(super) fn erase(
        &self,
        index: u64,
        reason: &str,
        by: Option<&PersonId>,
    ) -> Result<Option<u64>, Failure> {
        let mut body = json!({ "reason": reason });
        if let (Some(by), Some(fields)) = (by, body.as_object_mut()) {
            fields.insert("by".to_owned(), json!(by));
        }
        let path = format!("/v1/log/entries/{index}/private");
        let moved: Moved = self.0.delete(&path, &body).map_err(failure)?;
        Ok(moved.log_index)
    }

    /// Whether its log continues an earlier one; the inner error says why it does not.
    pub(crate) fn continuation(
        &self,
        earlier: &[u8],
        verifier: Option<&Verifier>,
    ) -> Result<Result<Continuation, ProveError>, Failure> {
        let old = head(earlier, verifier)?;
        let now = head(self.checkpoint()?.as_bytes(), verifier)?;
        if old.origin() != now.origin() {
            let (old, new) = (old.origin().to_owned(), now.origin().to_owned());
            return Ok(Err(ProveError::OtherLog { old, new }));
        }
        if old.size() > now.size() {
            return Ok(Err(ProveError::Cut { old: old.size(), new: now.size() }));
        }
        let path = format!("/v1/log/proof?from={}", old.size());
        let Continued { proof, checkpoint } = self.0.get(&path).map_err(failure)?;
        let new = head(checkpoint.as_bytes(), verifier)?;
        let holds = proof.verify(old.size(), &old.root(), new.size(), &new.root());
        if holds.is_err() || old.origin() != new.origin() {
            return Ok(Err(ProveError::Rewritten { size: old.size() }));
        }
        Ok(Ok(Continuation { old, new, note: checkpoint, proof }))
    }

    /// Some entries from one on, as their leaves; none when it is not there yet.
    pub(crate) fn entries(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, Failure> {
        let size = head(self.checkpoint()?.as_bytes(), None)?.size();
        let Some(bundle) = Tile::in_tree(TileKind::Entries, from / BUNDLE, size) else {
            return Ok(Vec::new());
        };
        let content = self.0.bytes(&format!("/{bundle}")).map_err(failure)?;
        let leaves = bundle.decode_entries(&content).map_err(Failure::unusable)?;
        let first = from - from % BUNDLE;
        let all = (first..).zip(leaves).map(|(index, leaf)| StoredEntry {
            index,
            leaf: leaf.to_vec(),
            private: None,
        });
        Ok(all.filter(|entry| entry.index >= from).take(limit).collect())
    }
}
