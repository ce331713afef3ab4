//! Why a change was refused.

use std::fmt;

use super::status::Field;
use crate::limits::MAX_STATEMENT_BYTES;

/// A change that did not happen. The record is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Statements that are missing or too short.
    #[error("\"{status}\" needs a complete sign-off: {}", listed(shortfalls))]
    Incomplete {
        /// The status that was to be reached.
        status: &'static str,
        /// What is wrong, in the order of the fields.
        shortfalls: Vec<Shortfall>,
    },
    /// A statement that is longer than people write.
    #[error("\"{field}\" is {bytes} bytes long; at most {MAX_STATEMENT_BYTES} are accepted")]
    TooLong {
        /// Which statement.
        field: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// A person whose name nobody can see.
    #[error("the name of the person who signs off has no visible character; name the person")]
    Nameless,
    /// The contents are not those that the person saw.
    #[error(
        "the contents have changed since the sign-off for \"{status}\" was given; show them to the person again"
    )]
    Changed {
        /// The status that was to be reached.
        status: &'static str,
    },
    /// The contents were signed off as they are.
    #[error(
        "the contents are signed off as \"{status}\" and stay as they are; change the status before editing them"
    )]
    Locked {
        /// The status that holds them.
        status: &'static str,
    },
    /// A stored record in a gated status, without a sign-off.
    #[error("\"{status}\" needs a sign-off and there is none")]
    Unsigned {
        /// The status that was read.
        status: &'static str,
    },
    /// A stored record with a sign-off that belongs to no status.
    #[error("\"{status}\" needs no sign-off and there is one; remove it or name its status")]
    Unneeded {
        /// The status that was read.
        status: &'static str,
    },
}

/// A statement that is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// Which statement, and how long it has to be.
    pub field: Field,
    /// How long it is, as [`visible_length()`](super::visible_length()) counts.
    pub length: usize,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field: Field { name, least_length }, length } = self;
        write!(f, "\"{name}\" has {length} of at least {least_length} visible characters")
    }
}

fn listed(shortfalls: &[Shortfall]) -> String {
    shortfalls.iter().map(Shortfall::to_string).collect::<Vec<_>>().join("; ")
}
