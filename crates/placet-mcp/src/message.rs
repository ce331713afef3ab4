//! Messages, read no further than they must be.
//!
//! The bytes are what counts: they are passed on as they came. Of a message only its envelope is
//! read, strictly: a member that is there twice, which two readers could understand in two ways, or
//! several messages in one, are no message at all.

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::id::Id;

/// A message: its bytes, on one line and without the end of it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    bytes: Bytes,
    kind: Kind,
}

/// What a message is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Something is asked for.
    Request(Id, String),
    /// Something is told.
    Notification(String),
    /// An answer, to a request of the other side.
    Response(Id),
    /// An error that is about no request: the other side could not read what it was sent.
    Complaint,
}

/// What is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MessageError {
    /// It is no JSON, or its members are there twice.
    #[error("this is no JSON object, or a member of it is there twice")]
    Unreadable,
    /// It is JSON, and yet no message.
    #[error("this is no JSON-RPC 2.0 message; one message at a time is expected")]
    Strange,
}

/// The members of a message. A member that is there twice is an error of the reader's.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

/// A member that is there is there, also as `null`.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

impl Message {
    /// Reads the envelope of a message.
    pub(crate) fn read(bytes: Bytes) -> Result<Self, MessageError> {
        let kind = kind(&envelope(&bytes)?)?;
        let Names(names) = serde_json::from_slice(&bytes).map_err(|_| MessageError::Unreadable)?;
        match names.iter().any(|name| imitates(name, &MEMBERS)) {
            true => Err(MessageError::Strange),
            false => Ok(Self { bytes, kind }),
        }
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The message as it came.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// The text of its params.
    pub(crate) fn params(&self) -> Option<&str> {
        Some(envelope(&self.bytes).ok()?.params?.get())
    }

    /// The text of its result; none for an error.
    pub(crate) fn result(&self) -> Option<&str> {
        Some(envelope(&self.bytes).ok()?.result?.get())
    }

    /// The text of its error.
    pub(crate) fn error(&self) -> Option<&str> {
        Some(envelope(&self.bytes).ok()?.error?.get())
    }
}

/// Whether a message is the answer to this request.
pub(crate) fn answers(message: &Message, id: &Id) -> bool {
    matches!(message.kind(), Kind::Response(of) if of.key() == id.key())
}

/// The names of the members of an object.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Names;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        from.deserialize_map(Reader)
    }
}

/// How a name is read by those who do not look closely: readers of JSON in some languages take
/// `Method` for `method`, and the last of the two counts.
pub(crate) fn folded(name: &str) -> String {
    let seen = name.chars().filter(|letter| !letter.is_control());
    seen.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Whether a name that is none of these could be taken for one of them.
pub(crate) fn imitates(name: &str, known: &[&str]) -> bool {
    !known.contains(&name) && known.iter().any(|it| folded(it) == folded(name))
}

/// A member that an object has twice, but for how it is written.
pub(crate) fn twice(object: &str) -> Option<String> {
    let Names(names) = serde_json::from_str(object).ok()?;
    let mut seen = std::collections::HashSet::new();
    names.into_iter().find(|name| !seen.insert(folded(name)))
}

const MEMBERS: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];

fn envelope(bytes: &[u8]) -> Result<Envelope<'_>, MessageError> {
    let is_list = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    // A list would be read as the members of an envelope in their order.
    if is_list {
        return Err(MessageError::Strange);
    }
    serde_json::from_slice(bytes).map_err(|_| MessageError::Unreadable)
}

fn kind(envelope: &Envelope<'_>) -> Result<Kind, MessageError> {
    if envelope.jsonrpc.as_deref() != Some("2.0") {
        return Err(MessageError::Strange);
    }
    let id = envelope.id.filter(|id| id.get() != "null");
    let id = id.map(|id| Id::read(id).ok_or(MessageError::Strange)).transpose()?;
    let is_answer = envelope.result.is_some() || envelope.error.is_some();
    match (&envelope.method, id, is_answer) {
        (Some(method), Some(id), false) => Ok(Kind::Request(id, method.to_string())),
        (Some(method), None, false) if envelope.id.is_none() => {
            Ok(Kind::Notification(method.to_string()))
        }
        (None, Some(id), true) => Ok(Kind::Response(id)),
        (None, None, true) => Ok(Kind::Complaint),
        _ => Err(MessageError::Strange),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(text: &str) -> Result<Message, MessageError> {
        Message::read(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn what_two_readers_could_understand_in_two_ways_is_no_message() {
        for text in [
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","\u006dethod":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","METHOD":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","param\u017f":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","method\u0000":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","method":"ping","ID":1}"#,
            r#"[{"jsonrpc":"2.0","id":1,"method":"tools/call"}]"#,
            r#" ["2.0", 1, "tools/call"]"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","result":{}}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"tools/call"}"#,
            r#"{"id":1,"method":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"} {}"#,
            "",
            "null",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_escaped_method_is_the_method() {
        let message = read(r#"{"jsonrpc":"2.0","id":"a","method":"tools\u002fcall"}"#).unwrap();
        assert!(matches!(message.kind(), Kind::Request(_, method) if method == "tools/call"));
    }

    #[test]
    fn an_answer_of_nothing_is_an_answer() {
        let nothing = read(r#"{"jsonrpc":"2.0","id":1,"result":null}"#).unwrap();
        assert!(matches!(nothing.kind(), Kind::Response(_)));
        let complaint = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}"#;
        assert!(matches!(read(complaint).unwrap().kind(), Kind::Complaint));
    }

    #[test]
    fn a_message_is_kept_byte_for_byte() {
        let text = r#"{ "jsonrpc":"2.0", "id":1.0, "x":123456789012345678901234567890, "result":{"a":1e400} }"#;
        let message = read(text).unwrap();
        assert_eq!(message.bytes(), text.as_bytes());
        assert!(matches!(message.kind(), Kind::Response(id) if id.as_json() == "1.0"));
    }
}
