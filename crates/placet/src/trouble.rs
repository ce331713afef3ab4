//! Which kind of trouble an error is, for whoever tells somebody else: a daemon its clients, a
//! package of another language its users.

use placet_core::warrant::WarrantError;
use placet_core::{Refusal, Rejection};
use placet_store::SubmitError;

use crate::error::GuardError;
use crate::warrant::RedeemError;

/// The kinds of trouble. Each has one word, which does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// What was asked for makes no sense.
    Invalid,
    /// Nobody knows who asks.
    Unauthorized,
    /// Who asks may not do this.
    Forbidden,
    /// What was asked for is not there.
    Missing,
    /// It was there and is no more.
    Gone,
    /// It does not fit what is so by now.
    Conflict,
    /// Too much at once; later there may be room.
    TooMany,
    /// It cannot be done now.
    Unavailable,
}

impl Trouble {
    /// The word used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Missing => "missing",
            Self::Gone => "gone",
            Self::Conflict => "conflict",
            Self::TooMany => "too_many",
            Self::Unavailable => "unavailable",
        }
    }
}

impl GuardError {
    /// Which kind of trouble it is.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Rejected(rejection) => of_rejection(rejection),
            Self::Policy(_)
            | Self::Password(_)
            | Self::Untypable
            | Self::NoSuchParam(_)
            | Self::NotPermitted(_) => Trouble::Invalid,
            Self::SecretGone | Self::Erased => Trouble::Conflict,
            Self::WrongPassword => Trouble::Unauthorized,
            Self::Busy => Trouble::TooMany,
            // It would be so again.
            Self::Unrecorded(SubmitError::TooLarge { .. } | SubmitError::Unwritable(_)) => {
                Trouble::Invalid
            }
            Self::Unrecorded(SubmitError::NotErasable(_)) => Trouble::Conflict,
            Self::PolicyUnreadable(_) | Self::Log(_) | Self::TooLong | Self::Unrecorded(_) => {
                Trouble::Unavailable
            }
        }
    }

    /// The part of a request that it is about, as a JSON Pointer, where it is about one.
    #[must_use]
    pub fn pointer(&self) -> Option<String> {
        match self {
            Self::Rejected(
                Rejection::ShortField { field, .. } | Rejection::LongField { field, .. },
            ) => Some(format!("/{field}")),
            Self::Rejected(Rejection::NoClass | Rejection::StandingBounds) => {
                Some("/standing".to_owned())
            }
            Self::NoSuchParam(_) => Some("/standing/params".to_owned()),
            Self::NotPermitted(_) => Some("/treatment".to_owned()),
            _ => None,
        }
    }
}

impl RedeemError {
    /// Which kind of trouble it is.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Guard(error) => error.trouble(),
            Self::Warrant(WarrantError::Form | WarrantError::Algorithm) => Trouble::Invalid,
            Self::Warrant(WarrantError::Expired)
            | Self::Refused(Refusal::Expired(_) | Refusal::OldKey) => Trouble::Gone,
            Self::Refused(Refusal::Spent) => Trouble::Conflict,
            Self::Warrant(
                WarrantError::Signature | WarrantError::Issuer | WarrantError::Audience,
            )
            | Self::Refused(
                Refusal::NotGranted
                | Refusal::Stopped(_)
                | Refusal::OtherPolicy
                | Refusal::OtherAction
                | Refusal::OtherAudience
                | Refusal::OtherIssuer,
            ) => Trouble::Forbidden,
        }
    }
}

fn of_rejection(rejection: &Rejection) -> Trouble {
    match rejection {
        Rejection::DeadKey(_) => Trouble::Unauthorized,
        Rejection::Forbidden(_) | Rejection::OwnAction | Rejection::OtherGroup(_) => {
            Trouble::Forbidden
        }
        Rejection::TooMany { .. } | Rejection::TooManyWarrantKeys { .. } => Trouble::TooMany,
        Rejection::NotTripped(_)
        | Rejection::UnknownApproval(_)
        | Rejection::UnknownAction(_)
        | Rejection::UnknownKey(_)
        | Rejection::UnknownPerson(_)
        | Rejection::UnknownStanding(_)
        | Rejection::UnknownEntry { .. } => Trouble::Missing,
        Rejection::StalePolicy
        | Rejection::KnownAction(_)
        | Rejection::KnownKey(_)
        | Rejection::SignedAlready
        | Rejection::KnownPerson(_)
        | Rejection::KnownStanding(_)
        | Rejection::StandingPolicy
        | Rejection::Blocked
        | Rejection::NotRun(_) => Trouble::Conflict,
        Rejection::ApprovalExpired(..) | Rejection::DeadInvite => Trouble::Gone,
        Rejection::ShortField { .. }
        | Rejection::LongField { .. }
        | Rejection::NoClass
        | Rejection::StandingBounds
        | Rejection::UnknownClass(_)
        | Rejection::UnknownSource(_)
        | Rejection::NoSamples
        | Rejection::TooManySamples
        | Rejection::NotRatifiable(_)
        | Rejection::ReservedSource
        | Rejection::UnknownField(_)
        | Rejection::OtherSubject
        | Rejection::EditBlocked
        | Rejection::LongOutcome
        | Rejection::Reason
        | Rejection::PolicyEntry(_)
        | Rejection::NoScope
        | Rejection::NoTenant
        | Rejection::AdminOfAgent
        | Rejection::BeyondPerson(_)
        | Rejection::Roles
        | Rejection::InviteTime
        | Rejection::Verifier
        | Rejection::SessionTime
        | Rejection::OtherRequest => Trouble::Invalid,
    }
}
