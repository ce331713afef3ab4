//! What can go wrong with a store, in words for whoever runs it.

use std::path::PathBuf;
use std::sync::Arc;

use placet_core::Rejection;

use crate::keys::KeysError;

/// Why a store cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The log is open already: in another process, or in this one.
    #[error("the log {} is in use by {holder}; {}", path.display(), remedy(*is_here))]
    InUse {
        /// The log.
        path: PathBuf,
        /// Who has it, as far as it says so.
        holder: String,
        /// Whether that is this process itself.
        is_here: bool,
    },
    /// The file has another name, under which somebody else may write it.
    #[error(
        "the log {} has {links} hard links, and what belongs to it lies beside one of them; remove \
         the others, or copy the log with `placet log backup`", path.display()
    )]
    Linked {
        /// The log.
        path: PathBuf,
        /// How many names it has.
        links: u64,
    },
    /// There is nothing to open.
    #[error("there is no log at {}", .0.display())]
    Missing(PathBuf),
    /// The file belongs to another program, or to another version of this one.
    #[error(
        "{} has the schema version {found}, this program knows version {expected}; open it with \
         the program that wrote it", path.display()
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// The version that it says.
        found: i64,
        /// The version that is known here.
        expected: i64,
    },
    /// The file is something else.
    #[error("{0}, not a log; choose another path")]
    Foreign(String),
    /// The file, its folder or its disk cannot be written.
    #[error("the log cannot be written: {0}; check its permissions and how its disk is mounted")]
    ReadOnly(String),
    /// There is no room.
    #[error("the log cannot grow: {0}; make room on its disk, then try again")]
    Full(String),
    /// Someone else holds the tip for too long.
    #[error("the tip of the log stayed locked by someone else: {0}; try again")]
    Busy(String),
    /// What is stored contradicts itself.
    #[error(
        "the log is damaged: {0}; keep a copy of it and run a verification to see what is wrong"
    )]
    Corrupt(String),
    /// A caller asked for something that would leave a gap or change what is written.
    #[error("entries can only be appended at index {expected}, not at {found}")]
    Gap {
        /// The next index.
        expected: u64,
        /// The one that was offered.
        found: u64,
    },
    /// The operating system failed.
    #[error("the log cannot be read or written: {0}")]
    Io(String),
    /// Random bytes are missing, without which a payload must not be committed to.
    #[error("the system gives no random bytes")]
    Randomness(#[source] std::io::Error),
}

/// What to do where a log is in use.
fn remedy(is_here: bool) -> &'static str {
    if is_here {
        "that is this process itself: share the guard that has the log open, or close that one first"
    } else {
        "stop it, or use another log"
    }
}

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The log itself.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its secrets.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The secrets are there, and the log is not.
    #[error(
        "there is no log at {}, but its key file is there; restore the log, or move the key file \
         away to begin a new one", .0.display()
    )]
    Lost(PathBuf),
}

/// Why a commit did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing of it is stored, and nothing ever will be.
    #[error("nothing was stored")]
    NotCommitted(#[source] StoreError),
    /// It failed, and yet it may be stored. Whoever asked must read the log to find out.
    #[error("the commit failed, and yet may have been stored")]
    Unknown(#[source] StoreError),
}

impl CommitError {
    /// What went wrong, where it does not matter what may be stored.
    #[must_use]
    pub fn into_error(self) -> StoreError {
        match self {
            Self::NotCommitted(error) | Self::Unknown(error) => error,
        }
    }
}

impl From<StoreError> for CommitError {
    /// What fails before the commit itself leaves nothing behind.
    fn from(error: StoreError) -> Self {
        Self::NotCommitted(error)
    }
}

/// Why a command was not carried out. Callers of one batch share the reason.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubmitError {
    /// It was judged, and refused.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// What it would record does not fit into an entry.
    #[error(
        "the entry would be {bytes} bytes long, at most {} fit into the log",
        placet_core::log::limits::MAX_ENTRY_BYTES
    )]
    TooLarge {
        /// How long it would be.
        bytes: usize,
    },
    /// The entry cannot be written as canonical JSON.
    #[error("the entry cannot be written: {0}")]
    Unwritable(String),
    /// Erasing this would take away what decisions are judged by.
    #[error(
        "entry {0} installs a policy; it is needed to judge the log again and cannot be erased"
    )]
    NotErasable(u64),
    /// It is not recorded, so it did not happen.
    #[error("nothing was recorded: {0}")]
    NotRecorded(Arc<StoreError>),
    /// It may have been recorded; the log says whether it was.
    #[error("it is not known whether this was recorded, look it up in the log: {0}")]
    Unknown(Arc<StoreError>),
    /// The log is closed, or closing.
    #[error("the log is closed")]
    Closed,
}
