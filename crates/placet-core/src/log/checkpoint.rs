//! Checkpoints: the signed head of a log (C2SP tlog-checkpoint).
//!
//! Three lines say which log it is, how many entries it has and what they hash to. Whoever keeps
//! one can later tell whether the log still begins with exactly these entries.
//!
//! A checkpoint is accepted here only if a trusted key with the log's own name signed it. The
//! signature of a witness, or of another trusted log, does not speak for this one.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::{KeyError, SigningKey, Verifier, check_name};
use super::limits::MAX_TREE_SIZE;
use super::merkle::{EMPTY_ROOT, Hash, TreeSize};
use super::note::{Note, NoteError};
use crate::bytes32::excerpt;

/// The head of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: TreeSize,
    root: Hash,
    extensions: Vec<String>,
}

/// A checkpoint as the note that its log signed. Text form: the note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint(String);

/// Why a checkpoint cannot be made, read or trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note is malformed, or nobody trusted vouches for it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The origin cannot be a key's name.
    #[error(transparent)]
    Origin(#[from] KeyError),
    /// Lines are missing.
    #[error(
        "a checkpoint has a line each for origin, size and root, but the line of its {0} is missing"
    )]
    Missing(&'static str),
    /// The size is not a number in its one form, or too large.
    #[error(
        "{0:?} is not the size of a log: expected a decimal number without leading zeros, at most {MAX_TREE_SIZE}"
    )]
    Size(String),
    /// The root is not 32 bytes in base64.
    #[error("{0:?} is not a root hash: expected the base64 of 32 bytes")]
    Root(String),
    /// The tree is empty but its root is not that of the empty tree, or the reverse.
    #[error(
        "the root {root} does not fit a log of {size} entries: the root of an empty log is {EMPTY_ROOT}"
    )]
    EmptyRoot {
        /// The number of entries.
        size: TreeSize,
        /// The root given.
        root: Hash,
    },
    /// A line after the third is empty or more than one line.
    #[error("an extension must be one line that is not empty, not {0:?}")]
    Extension(String),
    /// The signer is not the log.
    #[error(
        "no trusted key named {origin:?} signed the checkpoint of that log; add the log's key to the trusted ones"
    )]
    ForeignSigner {
        /// The log that the checkpoint is about.
        origin: String,
    },
}

impl Checkpoint {
    /// The head of the log `origin`.
    pub fn new(origin: &str, size: TreeSize, root: Hash) -> Result<Self, CheckpointError> {
        check_name(origin)?;
        if size > MAX_TREE_SIZE {
            return Err(CheckpointError::Size(size.to_string()));
        }
        if (size == 0) != (root == EMPTY_ROOT) {
            return Err(CheckpointError::EmptyRoot { size, root });
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions: Vec::new() })
    }

    /// Adds a line of the log's own, which verifiers keep but do not interpret.
    pub fn with_extension(mut self, line: &str) -> Result<Self, CheckpointError> {
        if line.is_empty() || line.contains('\n') {
            return Err(CheckpointError::Extension(excerpt(line)));
        }
        self.extensions.push(line.to_owned());
        Ok(self)
    }

    /// Signs the checkpoint with the log's key.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedCheckpoint, CheckpointError> {
        if key.verifier().name() != self.origin {
            return Err(CheckpointError::ForeignSigner { origin: self.origin.clone() });
        }
        Ok(SignedCheckpoint(Note::sign(&self.to_string(), &[key])?.to_string()))
    }

    /// Opens a signed checkpoint of one of the logs whose keys are trusted.
    pub fn open(note: &[u8], trusted: &[Verifier]) -> Result<Self, CheckpointError> {
        let note = Note::parse(note)?;
        let verified = note.verify(trusted)?;
        let checkpoint = Self::parse(verified.text())?;
        if verified.signers().iter().any(|signer| signer.name() == checkpoint.origin) {
            return Ok(checkpoint);
        }
        Err(CheckpointError::ForeignSigner { origin: checkpoint.origin })
    }

    /// Reads a signed checkpoint without asking who signed it: for someone who trusts whoever gave
    /// it to them, and nobody else should.
    pub fn danger_unverified(note: &[u8]) -> Result<Self, CheckpointError> {
        Self::parse(Note::parse(note)?.danger_text())
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The number of entries.
    pub const fn size(&self) -> TreeSize {
        self.size
    }

    /// The root of the tree of entries.
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// The lines after the third.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(NoteError::UnfinishedText)?.split('\n');
        let mut line = |name| lines.next().ok_or(CheckpointError::Missing(name));
        let (origin, size, root) = (line("origin")?, line("size")?, line("root")?);
        let checkpoint = Self::new(origin, parse_size(size)?, parse_root(root)?)?;
        lines.try_fold(checkpoint, Self::with_extension)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, STANDARD.encode(self.root.as_bytes()))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl SignedCheckpoint {
    /// The note.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The note, to keep.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn parse_size(text: &str) -> Result<TreeSize, CheckpointError> {
    let size = text.parse().ok().filter(|size: &TreeSize| size.to_string() == text);
    size.ok_or_else(|| CheckpointError::Size(excerpt(text)))
}

fn parse_root(text: &str) -> Result<Hash, CheckpointError> {
    let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(Hash::from_bytes).ok_or_else(|| CheckpointError::Root(excerpt(text)))
}
