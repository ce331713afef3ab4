//! The types of params that a class declares, so that rules can be checked against them.
//!
//! A rule such as `context.params.amount > 500` means something only where `amount` is a number.
//! A class that declares `amount = "long"` says so: the rule is then checked when the policy is
//! loaded, and a call whose `amount` is anything else is bad input.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The type of a declared param, and whether a call may leave it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParamType {
    /// What its value must be.
    pub kind: ParamKind,
    /// Whether a call may leave it out. `null` is not leaving it out.
    pub optional: bool,
}

/// What the value of a declared param must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamKind {
    /// A string.
    String,
    /// A whole number within ±(2^53 − 1).
    Long,
    /// `true` or `false`.
    Boolean,
    /// A decimal number, or a string that is one. Rules can compare at most four digits after
    /// the point; with more, every rule that looks at the param fails.
    Decimal,
    /// An array of strings.
    Strings,
}

/// A text that is not the type of a param.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not the type of a param; write string, long, boolean, decimal or strings, \
     and a \"?\" after it if a call may leave the param out"
)]
pub struct ParamTypeError(pub String);

impl ParamType {
    /// Reads `string`, `long`, `boolean`, `decimal` or `strings`; with a `?` at the end the param
    /// is optional.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn parse(text: &str) -> Result<Self, ParamTypeError> {
        let (word, optional) = text.strip_suffix('?').map_or((text, false), |word| (word, true));
        let kind = ParamKind::ALL.into_iter().find(|kind| kind.as_str() == word);
        kind.map(|kind| Self { kind, optional }).ok_or_else(|| ParamTypeError(text.to_owned()))
    }
}

impl fmt::Display for ParamType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.as_str(), if self.optional { "?" } else { "" })
    }
}

impl ParamKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::String, Self::Long, Self::Boolean, Self::Decimal, Self::Strings];

    /// The word used in the policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Long => "long",
            Self::Boolean => "boolean",
            Self::Decimal => "decimal",
            Self::Strings => "strings",
        }
    }
}
