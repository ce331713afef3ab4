//! Identifiers: a UUID with a prefix that says what it names.
//!
//! They are version 7, so that they sort by time; the core never makes one, it is handed them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::quote::quote;

/// A text that is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not an id of this kind; it should look like \"{prefix}0198c2f4-…\"", quote(.text))]
pub struct IdError {
    text: String,
    prefix: &'static str,
}

/// Reads the one text of a UUID: one id has one text, so that comparing texts is as good as
/// comparing ids.
fn parse(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    let mut buffer = Uuid::encode_buffer();
    let is_the_one = *uuid.hyphenated().encode_lower(&mut buffer) == *text;
    is_the_one.then_some(uuid)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// An id made of the given UUID.
            #[must_use]
            pub fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID without the prefix.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                f.write_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.strip_prefix($prefix)
                    .and_then(parse)
                    .map(Self)
                    .ok_or_else(|| IdError { text: text.to_owned(), prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::text::deserialize(deserializer, concat!("an id that begins with ", $prefix))
            }
        }
    };
}

id!(
    /// Names one proposed action.
    ActionId,
    "act_"
);
id!(
    /// Names one held action that waits for people.
    ApprovalId,
    "apr_"
);
id!(
    /// Names the one warrant of an action.
    WarrantId,
    "wrt_"
);
id!(
    /// Names one standing approval.
    StandingApprovalId,
    "sta_"
);
id!(
    /// Names one API key.
    KeyId,
    "key_"
);

impl ActionId {
    /// The id of the approval that the action waits for when it is held: there is never another.
    #[must_use]
    pub fn approval(self) -> ApprovalId {
        ApprovalId(self.0)
    }

    /// The id of the action's warrant: there is never another.
    #[must_use]
    pub fn warrant(self) -> WarrantId {
        WarrantId(self.0)
    }
}

impl ApprovalId {
    /// The action that is held.
    #[must_use]
    pub fn action(self) -> ActionId {
        ActionId(self.0)
    }
}

impl WarrantId {
    /// The action that it is for.
    #[must_use]
    pub fn action(self) -> ActionId {
        ActionId(self.0)
    }
}
