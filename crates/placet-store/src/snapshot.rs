//! Snapshots: the state at some size of the log, so that opening need not replay all of it.
//!
//! A state decides what is allowed, so one that somebody slipped in would be as bad as a forged
//! policy. The log's key therefore signs each snapshot together with the size and the root of the
//! entries that it is the fold of. A snapshot that does not fit is passed over and the log is
//! replayed instead: it is a matter of speed, never of truth.

use placet_core::State;
use placet_core::log::{Hash, Note, SigningKey, Verifier, leaf_hash};

/// What a signed snapshot begins with. It has spaces, which the name of a log cannot have: no
/// checkpoint is ever taken for a snapshot, nor the reverse.
const TITLE: &str = "placet snapshot v1";

/// The state at some size of the log, with the log's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// How many entries it is the fold of.
    pub size: u64,
    /// The state as JSON.
    pub state: Vec<u8>,
    /// What the log's key signed: size, root and hash of the state.
    pub note: String,
}

/// Why a snapshot is not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// The log's key did not sign this.
    #[error("the log's key did not sign this snapshot: {0}")]
    Signature(String),
    /// It cannot be written or read.
    #[error("the snapshot cannot be read: {0}")]
    State(String),
}

impl Snapshot {
    /// Takes a snapshot of a state, which is the fold of the entries under `root`.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn take(state: &State, root: &Hash, key: &SigningKey) -> Result<Self, SnapshotError> {
        let size = state.size();
        let state =
            serde_json::to_vec(state).map_err(|error| SnapshotError::State(error.to_string()))?;
        let text = statement(key.verifier().name(), size, root, &state);
        let note = Note::sign(&text, &[key])
            .map_err(|error| SnapshotError::Signature(error.to_string()))?;
        Ok(Self { size, state, note: note.to_string() })
    }

    /// The state, if one of these keys signed it as the fold of the entries under `root`.
    ///
    /// # Errors
    /// When none did, or the state cannot be read.
    pub fn open(&self, root: &Hash, trusted: &[Verifier]) -> Result<State, SnapshotError> {
        let signature = |error: &dyn std::error::Error| SnapshotError::Signature(error.to_string());
        let note = Note::parse(self.note.as_bytes()).map_err(|error| signature(&error))?;
        let verified = note.verify(trusted).map_err(|error| signature(&error))?;
        let fits = verified.signers().iter().any(|signer| {
            verified.text() == statement(signer.name(), self.size, root, &self.state)
        });
        if !fits {
            let reason = "it was signed for another state or other entries".to_owned();
            return Err(SnapshotError::Signature(reason));
        }
        let state: State = serde_json::from_slice(&self.state)
            .map_err(|error| SnapshotError::State(error.to_string()))?;
        match state.size() == self.size {
            true => Ok(state),
            false => {
                Err(SnapshotError::State(format!("it is the state of {} entries", state.size())))
            }
        }
    }
}

/// What is signed. The hash is that of a leaf with the state as its content, which no leaf of the
/// log is: the state lacks the fields of an entry.
fn statement(origin: &str, size: u64, root: &Hash, state: &[u8]) -> String {
    format!("{TITLE}\n{origin}\n{size}\n{root}\n{}\n", leaf_hash(state))
}
