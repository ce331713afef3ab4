//! Values of thirty-two bytes and their text.
//!
//! Digests, hashes, tags and salts are all thirty-two bytes that people and other programs meet
//! as lower-case hexadecimal. There is one way to write each of them and no other is read:
//! comparing two texts is then as good as comparing two values.

use std::fmt;
use std::str::from_utf8;

use serde::de::{Deserializer, Error, Visitor};

/// Size in bytes: that of a SHA-256 output, which these values are or are as strong as.
const LEN: usize = 32;

/// How much of a refused text an error repeats: enough to recognise it, too little to flood a log.
const EXCERPT_CHARS: usize = 80;

/// A text that does not have the one form its value is written in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not {expected}")]
pub struct FormatError {
    found: String,
    expected: &'static str,
}

/// The text form of one kind of value.
pub(crate) struct Form {
    /// What stands before the digits.
    pub(crate) prefix: &'static str,
    /// What an error says should have been there.
    pub(crate) expected: &'static str,
}

impl Form {
    pub(crate) fn parse(&self, text: &str) -> Result<[u8; LEN], FormatError> {
        text.strip_prefix(self.prefix)
            .and_then(decode)
            .ok_or_else(|| FormatError { found: excerpt(text), expected: self.expected })
    }

    pub(crate) fn deserialize<'de, D>(&'static self, source: D) -> Result<[u8; LEN], D::Error>
    where
        D: Deserializer<'de>,
    {
        source.deserialize_str(self)
    }
}

impl Visitor<'_> for &'static Form {
    type Value = [u8; LEN];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.parse(text).map_err(E::custom)
    }
}

/// Writes bytes as lower-case hexadecimal, without allocating.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8; LEN]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; LEN * 2];
        for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(self.0) {
            *pair = [digit(byte >> 4), digit(byte & 0xf)];
        }
        f.write_str(from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// The start of a text, for an error to repeat.
pub(crate) fn excerpt(text: &str) -> String {
    let mut chars = text.chars();
    let mut start: String = chars.by_ref().take(EXCERPT_CHARS).collect();
    if chars.next().is_some() {
        start.push('…');
    }
    start
}

fn decode(text: &str) -> Option<[u8; LEN]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != LEN || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; LEN];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}

const fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble }
}

const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Gives a public value of thirty-two bytes its conversions and its text: `Display`, `FromStr`,
/// serde as that text, and a `Debug` that shows it.
macro_rules! public_bytes32 {
    ($type:ident, $prefix:literal, $expected:literal) => {
        impl $type {
            const FORM: $crate::bytes32::Form =
                $crate::bytes32::Form { prefix: $prefix, expected: $expected };

            /// The value with these bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The bytes of the value.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($prefix)?;
                $crate::bytes32::Hex(&self.0).fmt(f)
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($type))
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::bytes32::FormatError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::FORM.parse(text).map(Self)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
                sink.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                const FORM: &$crate::bytes32::Form = &$type::FORM;
                FORM.deserialize(source).map(Self)
            }
        }
    };
}

pub(crate) use public_bytes32;
