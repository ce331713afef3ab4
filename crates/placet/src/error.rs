//! What can go wrong around a decision. A block is never one of these: it is an answer.

use std::path::PathBuf;

use placet_core::Rejection;
use placet_core::json::Pointer;
use placet_core::mode::Treatment;
use placet_policy::Diagnostics;
use placet_store::{OpenError as OpenLogError, StoreError, SubmitError};

use crate::escape::clipped;
use crate::password::PasswordError;

/// How many columns of somebody's own text an error shows.
const SHOWN: usize = 60;

/// Why a guard could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A policy file, or its folder, cannot be read.
    #[error("cannot read {}", path.display())]
    PolicyUnreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A policy file beyond any honest size.
    #[error("{} is larger than {limit} bytes; split the policy or generate fewer classes", path.display())]
    PolicyTooLarge {
        /// Which one.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// The policy has errors.
    #[error(transparent)]
    Policy(#[from] Diagnostics),
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] OpenLogError),
    /// The policy could not be installed in the log.
    #[error("the policy could not be recorded in the log")]
    Install(#[source] GuardError),
}

/// Why a command had no effect.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// It was judged and not accepted.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// It is not known to be durable: its source says whether it may have happened all the same.
    #[error("nothing is known to be recorded, so nothing is permitted")]
    Unrecorded(#[source] SubmitError),
    /// The request that made this key is repeated, and its secret cannot be shown again.
    #[error("the secret of this key was shown once and is not kept; rotate the key to get another")]
    SecretGone,
    /// Whoever signs in is not known, or showed another password. Which of the two is not said.
    #[error("this name and this password do not fit together")]
    WrongPassword,
    /// A password that is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A name that nobody could type again.
    #[error(
        "the name begins or ends with a space, or is composed in an unusual way; write it plainly"
    )]
    Untypable,
    /// Too many passwords are being checked.
    #[error("too many people sign in at this moment; try again soon")]
    Busy,
    /// The policy of the log cannot be read, so nothing can be decided.
    #[error("the policy of the log cannot be read: {0}")]
    PolicyUnreadable(String),
    /// What would have to be looked at was erased.
    #[error(
        "what was proposed has been erased, so nobody can see what they would approve; deny it"
    )]
    Erased,
    /// A standing approval that pins a param which the action does not have.
    #[error("the action has no param at {}, so nothing can be pinned there", clipped(.0.as_str(), SHOWN))]
    NoSuchParam(Pointer),
    /// The policy does not permit what the caller asks for when an action has to wait.
    #[error("the policy does not permit {} here; write on_review in the policy, or wait", .0.as_str())]
    NotPermitted(Treatment),
    /// Looking through the log took longer than whoever asked would wait.
    #[error("looking through the log takes too long; ask for fewer actions, or for later ones")]
    TooLong,
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Log(#[from] StoreError),
    /// The policy has errors; the one that held before still does.
    #[error(transparent)]
    Policy(#[from] Diagnostics),
}

impl From<SubmitError> for GuardError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Rejected(rejection) => Self::Rejected(rejection),
            other => Self::Unrecorded(other),
        }
    }
}
