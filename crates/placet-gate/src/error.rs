//! Why a call was not decided on, or not permitted.

use placet::{ActionId, GuardError, OpenError, RedeemError, Rejection};
use placet_client::ClientError;

/// Refusals of a daemon that are not about the call: who asks, how often, and how slowly.
const PASSING: [u16; 4] = [401, 408, 425, 429];

/// Why a call was not decided on, or not permitted. Whatever it is, the call must not go on.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// Neither a log nor a daemon is named.
    #[error("there is neither a daemon nor a log to decide at; name one")]
    Nowhere,
    /// The log cannot be opened.
    #[error(transparent)]
    Open(#[from] Box<OpenError>),
    /// The log refuses, or cannot record anything.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// What was to permit the call is worth nothing.
    #[error(transparent)]
    Redeem(#[from] RedeemError),
    /// The daemon refuses, or does not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The daemon says something that makes no sense here.
    #[error("the daemon answered with something else than {0}; it may be of another version")]
    Strange(&'static str),
    /// The action is not there.
    #[error("there is no action {0}")]
    NoAction(ActionId),
    /// Nothing permits the call.
    #[error("nothing permits this call: it was neither allowed nor approved, or it ran already")]
    NotPermitted,
    /// It took too long.
    #[error(
        "there was no answer within {0:?} from whoever decides; see whether the daemon is well"
    )]
    TooLate(std::time::Duration),
    /// The thread that asked is gone.
    #[error("the question was dropped before there was an answer")]
    Dropped,
}

impl From<OpenError> for GateError {
    fn from(error: OpenError) -> Self {
        Self::Open(Box::new(error))
    }
}

impl GateError {
    /// Whether it was answered, with a no.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Guard(GuardError::NotPermitted(_)) => true,
            Self::Client(ClientError::Refused(problem)) => (400..500).contains(&problem.status),
            _ => false,
        }
    }

    /// Whether whoever decides did not answer at all, so that nothing else has to be asked there.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        match self {
            Self::TooLate(_) | Self::Dropped => true,
            Self::Client(error) => !matches!(error, ClientError::Refused(_)),
            _ => false,
        }
    }

    /// Whether the action that it is about is not there.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::NoAction(_) | Self::Guard(GuardError::Rejected(Rejection::UnknownAction(_))) => {
                true
            }
            Self::Client(ClientError::Refused(problem)) => problem.status == 404,
            _ => false,
        }
    }

    /// Whether nothing permits the call any more, so that the same one is another. Where there was no
    /// answer, or none about the call, that is not known.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Redeem(RedeemError::Guard(error)) | Self::Guard(error) => {
                matches!(error, GuardError::NotPermitted(_) | GuardError::Rejected(_))
            }
            Self::Client(ClientError::Refused(problem)) => {
                (400..500).contains(&problem.status) && !PASSING.contains(&problem.status)
            }
            Self::NotPermitted | Self::Redeem(_) | Self::NoAction(_) => true,
            _ => false,
        }
    }

    /// Whether another process has the log that was to be opened.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        use placet::store::{OpenError as Log, StoreError};
        matches!(self, Self::Open(error)
            if matches!(&**error, OpenError::Log(Log::Store(StoreError::InUse { .. }))))
    }
}
