//! Names: one type for each kind of thing that is named by text from outside.
//!
//! Every name is 1 to [`limits::MAX_NAME_BYTES`] bytes of UTF-8 without control characters, and is
//! kept exactly as it was written: two names are equal only when their bytes are.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits;

/// A text that cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing there.
    #[error("{0} is empty; leave it out or name it")]
    Empty(&'static str),
    /// Longer than any honest name.
    #[error("{kind} is {bytes} bytes long; at most {} are accepted", limits::MAX_NAME_BYTES)]
    TooLong {
        /// What was being named.
        kind: &'static str,
        /// How long the text is.
        bytes: usize,
    },
    /// A character that would break or disguise a line of output.
    #[error("{kind} contains the control character U+{code:04X}; remove it")]
    Control {
        /// What was being named.
        kind: &'static str,
        /// The character's code point.
        code: u32,
    },
    /// A tenant with a slash, which scopes use as their separator.
    #[error(
        "{0} contains \"/\"; use another character, because \"/\" separates the parts of a scope"
    )]
    Slash(&'static str),
}

fn check(kind: &'static str, text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty(kind));
    }
    if text.len() > limits::MAX_NAME_BYTES {
        return Err(NameError::TooLong { kind, bytes: text.len() });
    }
    match text.chars().find(|c| c.is_control()) {
        Some(c) => Err(NameError::Control { kind, code: u32::from(c) }),
        None => Ok(()),
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal $(, $extra:path)?) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as a name, exactly as written.
            ///
            /// # Errors
            /// When it is empty, too long or contains control characters.
            pub fn new(text: impl AsRef<str>) -> Result<Self, NameError> {
                let text = text.as_ref();
                check($kind, text)?;
                $($extra($kind, text)?;)?
                Ok(Self(text.into()))
            }

            /// A name that is written in the code, and therefore one.
            #[allow(dead_code, reason = "not every kind of name has one that is built in")]
            pub(crate) fn constant(text: &'static str) -> Self {
                debug_assert!(check($kind, text).is_ok());
                Self(text.into())
            }

            /// The name as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::text::deserialize(deserializer, $kind)
            }
        }
    };
}

fn no_slash(kind: &'static str, text: &str) -> Result<(), NameError> {
    if text.contains('/') { Err(NameError::Slash(kind)) } else { Ok(()) }
}

name!(
    /// The organisation on whose behalf an action happens; nothing is shared between two.
    TenantId,
    "the tenant",
    no_slash
);
name!(
    /// The software that proposes actions.
    AgentId,
    "the agent"
);
name!(
    /// A tool's whole name, as the agent calls it.
    ToolName,
    "the tool"
);
name!(
    /// The key of an [`ActionClass`](crate::ActionClass) in the policy: a tool's name or a pattern.
    ClassName,
    "the class"
);
name!(
    /// One conversation or task of an agent.
    SessionId,
    "the session"
);
name!(
    /// A person: an approver, an operator, or the one an agent acts for.
    PersonId,
    "the person"
);
name!(
    /// People who may answer for the same things, as approval terms name them.
    GroupName,
    "the group"
);
name!(
    /// A version of an agent's code, where evidence is kept apart for each.
    BuildId,
    "the build"
);
name!(
    /// Where evidence comes from: a suite, a monitor, a reviewer's tool.
    SourceName,
    "the source"
);
name!(
    /// The name of a budget, under which its windows are kept.
    BudgetName,
    "the budget"
);
name!(
    /// What an API key is for, in the words of whoever made it.
    KeyName,
    "the key's name"
);

impl KeyName {
    /// The name of the key that a session is.
    pub(crate) fn session() -> Self {
        Self("session".into())
    }
}

impl Default for TenantId {
    /// The tenant of an action that names none: `default`.
    fn default() -> Self {
        Self("default".into())
    }
}
