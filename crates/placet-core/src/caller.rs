//! On whose word a command is carried out, and how a repeated request is known again.

use serde::{Deserialize, Serialize};

use crate::bytes32::public_bytes32;
use crate::id::KeyId;

/// Who gives a command, by the key that they showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The key.
    pub key: KeyId,
    /// Which of its secrets they showed; see [`ApiKey::generation`](crate::ApiKey::generation).
    pub generation: u32,
    /// The request that the command came in, where it may be repeated.
    pub request: Option<Request>,
}

/// A request that may be sent again, because its sender never saw the answer.
///
/// Both parts are keyed with the log's pepper, so the log tells nobody what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Which request it is: the same for every repetition.
    pub id: RequestTag,
    /// What it asks for: another body under the same id is another request, and is refused.
    pub body: RequestTag,
}

/// Recognises a request, or what it asked for, for the holder of the pepper only. Text form: 64
/// hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestTag([u8; 32]);

public_bytes32!(RequestTag, "", "64 lower-case hexadecimal digits");

/// What an entry says of the request that led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The key of whoever asked.
    pub key: KeyId,
    /// The request, if it may be repeated. Only the first entry that it led to names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// How many entries it led to, where that is more than this one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub entries: u32,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(entries: &u32) -> bool {
    *entries == 1
}
