//! Receipts: all that is needed to verify one entry offline.
//!
//! A receipt holds the entry, its place, the proof and the signed checkpoint. With the log's
//! public key, and nothing else, anyone can check that the log committed itself to this entry.
//! It may also open the private payload that the entry commits to, for whoever may see it.

use serde::{Deserialize, Serialize};

use super::checkpoint::{Checkpoint, CheckpointError};
use super::commitment::{Commitment, Salt};
use super::key::Verifier;
use super::limits::{MAX_ENTRY_BYTES, MAX_RECEIPT_BYTES};
use super::merkle::leaf_hash;
use super::proof::{InclusionProof, ProofError};
use crate::bytes32::excerpt;

/// An entry with the proof that it is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a receipt")]
pub struct Receipt {
    format: Format,
    leaf: String,
    index: u64,
    proof: InclusionProof,
    checkpoint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    private: Option<Opening>,
}

/// What a commitment in a leaf commits to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a salt and a payload")]
pub struct Opening {
    /// The salt of the commitment.
    pub salt: Salt,
    /// The private payload, as canonical JSON.
    pub payload: String,
}

/// An entry that its log is committed to. Only [`Receipt::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified<'a> {
    /// The head of the log that the entry was proved against.
    pub checkpoint: Checkpoint,
    /// The index of the entry.
    pub index: u64,
    /// The entry, as canonical JSON.
    pub leaf: &'a str,
    /// The private payload of the entry, where the receipt opens it.
    pub private: Option<&'a str>,
}

/// Which step of verifying a receipt failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The receipt is too long.
    #[error("a receipt of {0} bytes is over the limit of {MAX_RECEIPT_BYTES}")]
    TooLong(usize),
    /// The receipt is not the JSON it should be.
    #[error("the receipt cannot be read: {0}")]
    Json(String),
    /// The entry is longer than any log can hold.
    #[error("the entry of {0} bytes is over the limit of {MAX_ENTRY_BYTES}, so no log holds it")]
    LeafTooLong(usize),
    /// The checkpoint is not the log's.
    #[error("the checkpoint of the receipt is not acceptable")]
    Checkpoint(#[source] CheckpointError),
    /// The proof does not lead from the entry to the checkpoint.
    #[error("the receipt does not prove that the entry is in the log")]
    Inclusion(#[source] ProofError),
    /// The receipt opens a payload that the entry does not commit to.
    #[error("the receipt has a private payload, but the entry commits to none: {0:?}")]
    NoCommitment(String),
    /// The payload or its salt is not what the entry commits to.
    #[error(
        "the private payload is not the one that the entry commits to as {0}: it was altered, or belongs to another entry"
    )]
    Opening(Commitment),
}

/// Which format a receipt has, so that a later one is never mistaken for this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "placet-receipt/v1")]
    V1,
}

impl Receipt {
    /// The receipt for the entry `leaf`, proved against a signed checkpoint.
    pub fn new(leaf: String, index: u64, proof: InclusionProof, checkpoint: String) -> Self {
        Self { format: Format::V1, leaf, index, proof, checkpoint, private: None }
    }

    /// Adds what the entry's commitment commits to.
    pub fn with_opening(mut self, opening: Opening) -> Self {
        self.private = Some(opening);
        self
    }

    /// Reads a receipt from its JSON.
    pub fn parse(json: &[u8]) -> Result<Self, ReceiptError> {
        if json.len() > MAX_RECEIPT_BYTES {
            return Err(ReceiptError::TooLong(json.len()));
        }
        serde_json::from_slice(json).map_err(|error| ReceiptError::Json(error.to_string()))
    }

    /// Checks every part of the receipt, trusting only these keys.
    pub fn verify(&self, trusted: &[Verifier]) -> Result<Verified<'_>, ReceiptError> {
        if self.leaf.len() > MAX_ENTRY_BYTES {
            return Err(ReceiptError::LeafTooLong(self.leaf.len()));
        }
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), trusted)
            .map_err(ReceiptError::Checkpoint)?;
        self.proof
            .verify(
                &leaf_hash(self.leaf.as_bytes()),
                self.index,
                checkpoint.size(),
                &checkpoint.root(),
            )
            .map_err(ReceiptError::Inclusion)?;
        let private = self.private.as_ref().map(|opening| self.open(opening)).transpose()?;
        Ok(Verified { checkpoint, index: self.index, leaf: &self.leaf, private })
    }

    fn open<'a>(&self, opening: &'a Opening) -> Result<&'a str, ReceiptError> {
        let leaf: Option<Leaf> = serde_json::from_str(&self.leaf).ok();
        let commitment = leaf
            .and_then(|leaf| leaf.payload)
            .ok_or_else(|| ReceiptError::NoCommitment(excerpt(&self.leaf)))?;
        if commitment.opens(&opening.salt, opening.payload.as_bytes()) {
            return Ok(&opening.payload);
        }
        Err(ReceiptError::Opening(commitment))
    }
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opening(hidden)")
    }
}

/// The one member of an entry ([`Entry`](crate::Entry)) that matters here. The others are not
/// read, so that a receipt outlives the kinds of event that its verifier knows.
#[derive(Deserialize)]
struct Leaf {
    payload: Option<Commitment>,
}
