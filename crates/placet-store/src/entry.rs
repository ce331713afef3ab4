//! Entries on their way into the store and back.
//!
//! A leaf is the canonical JSON of its [`Entry`], and once written its bytes never change: what is
//! hashed, proved and read back is always these bytes. The private payload lies beside it under a
//! fresh salt, until it is erased.

use std::sync::Arc;

use placet_core::event::{Kept, Payload};
use placet_core::json::canonical_json;
use placet_core::log::limits::MAX_ENTRY_BYTES;
use placet_core::log::{Commitment, Hash, Salt, Sealed, leaf_hash};
use placet_core::{Entry, Event, Fact, Origin, Timestamp};

use crate::environment::Environment;
use crate::error::{StoreError, SubmitError};

/// A private payload with the salt of its commitment. They are kept together and erased together.
#[derive(Clone, PartialEq, Eq)]
pub struct Private {
    /// The salt.
    pub salt: Salt,
    /// The payload, as canonical JSON.
    pub payload: Vec<u8>,
}

impl std::fmt::Debug for Private {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Private(hidden)")
    }
}

/// An entry that is about to be appended.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// What it says.
    pub entry: Entry,
    /// The leaf: its canonical JSON.
    pub leaf: String,
    /// The hash of the leaf.
    pub hash: Hash,
    /// What is kept beside it.
    pub private: Option<Private>,
}

impl NewEntry {
    /// Gives a fact its place in the log.
    ///
    /// # Errors
    /// When it does not fit into an entry, or random bytes are missing.
    pub fn seal(
        index: u64,
        at: Timestamp,
        fact: Fact,
        origin: Option<Origin>,
        env: &dyn Environment,
    ) -> Result<Self, SealError> {
        let sealed = fact.payload.map(|kept| sealed(kept, env)).transpose()?;
        let payload = sealed.as_ref().map(Sealed::commitment);
        let entry = Entry { at, event: fact.event, index, origin, payload };
        let leaf = canonical_json(&entry).map_err(SealError::unwritable)?;
        if leaf.len() > MAX_ENTRY_BYTES {
            return Err(SealError::Refused(SubmitError::TooLarge { bytes: leaf.len() }));
        }
        let hash = leaf_hash(&leaf);
        let leaf = String::from_utf8(leaf).map_err(SealError::unwritable)?;
        Ok(Self { entry, leaf, hash, private: sealed.map(Private::from) })
    }

    /// The entry whose payload goes when this one is appended.
    #[must_use]
    pub fn erases(&self) -> Option<u64> {
        match &self.entry.event {
            Event::Erased(erased) => Some(erased.index),
            _ => None,
        }
    }
}

impl From<Sealed> for Private {
    fn from(sealed: Sealed) -> Self {
        let (salt, payload) = sealed.into_parts();
        Self { salt, payload }
    }
}

fn sealed(kept: Kept, env: &dyn Environment) -> Result<Sealed, SealError> {
    match kept {
        Kept::Open(payload) => seal_payload(&payload, env),
        Kept::Sealed(sealed) => Ok(sealed),
    }
}

/// Seals a payload under a fresh salt. A caller who does so before submitting its command spares
/// the log's own thread the work.
///
/// # Errors
/// When the payload has no canonical text, or random bytes are missing.
pub fn seal_payload(payload: &Payload, env: &dyn Environment) -> Result<Sealed, SealError> {
    let mut salt = [0; 32];
    env.fill(&mut salt).map_err(|error| SealError::Store(StoreError::Randomness(error)))?;
    Sealed::seal(payload, Salt::from_bytes(salt)).map_err(SealError::unwritable)
}

/// Why a fact cannot become an entry.
#[derive(Debug)]
pub enum SealError {
    /// This fact cannot; others can.
    Refused(SubmitError),
    /// Nothing can be recorded now.
    Store(StoreError),
}

impl From<SealError> for SubmitError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Refused(reason) => reason,
            SealError::Store(error) => Self::NotRecorded(Arc::new(error)),
        }
    }
}

impl SealError {
    fn unwritable(error: impl std::error::Error) -> Self {
        Self::Refused(SubmitError::Unwritable(error.to_string()))
    }
}

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its place in the log.
    pub index: u64,
    /// The leaf.
    pub leaf: Vec<u8>,
    /// What is kept beside it; gone when there never was any, or when it was erased.
    pub private: Option<Private>,
}

/// Why a stored entry is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The leaf cannot be read.
    #[error("the leaf cannot be read: {0}")]
    Leaf(String),
    /// The payload is not the one that the leaf commits to.
    #[error("the payload is not the one that the leaf commits to")]
    Commitment,
    /// There is a payload, and the leaf commits to none.
    #[error("there is a payload, but the leaf commits to none")]
    Uncommitted,
    /// The payload of an installed policy cannot be read.
    #[error("the payload cannot be read: {0}")]
    Payload(String),
}

impl StoredEntry {
    /// Reads the entry, an installed policy with its terms.
    ///
    /// Terms are taken only from a payload that the leaf commits to. Where it is missing the entry
    /// has none, and applied like this it lets nothing through.
    ///
    /// # Errors
    /// When the leaf cannot be read, or the policy is not the one committed to.
    pub fn decode(&self) -> Result<Entry, EntryError> {
        // Looked at once as a whole, its strings need not be looked at one by one.
        let leaf =
            std::str::from_utf8(&self.leaf).map_err(|error| EntryError::Leaf(error.to_string()))?;
        let mut entry: Entry =
            serde_json::from_str(leaf).map_err(|error| EntryError::Leaf(error.to_string()))?;
        if let (Event::PolicyInstalled(installed), Some(private)) =
            (&mut entry.event, &self.private)
        {
            check_commitment(entry.payload, private)?;
            let payload = serde_json::from_slice(&private.payload);
            match payload.map_err(|error| EntryError::Payload(error.to_string()))? {
                Payload::Policy(policy) => installed.terms = Some(policy.terms),
                _ => return Err(EntryError::Payload("it holds no policy".to_owned())),
            }
        }
        Ok(entry)
    }

    /// Checks that the payload is the one that the leaf commits to, if it is still there.
    ///
    /// # Errors
    /// When it is not.
    pub fn check_private(&self, entry: &Entry) -> Result<(), EntryError> {
        self.private.as_ref().map_or(Ok(()), |private| check_commitment(entry.payload, private))
    }
}

fn check_commitment(commitment: Option<Commitment>, private: &Private) -> Result<(), EntryError> {
    match commitment {
        None => Err(EntryError::Uncommitted),
        Some(commitment) if commitment.opens(&private.salt, &private.payload) => Ok(()),
        Some(_) => Err(EntryError::Commitment),
    }
}
