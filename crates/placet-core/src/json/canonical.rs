//! The writer: the one text of a value, as RFC 8785 prescribes it.

use serde::Serialize;
use thiserror::Error;

use super::scan::plain_len;
use super::{Json, Limits, Object, ParseError, direct};

/// Why a value has no canonical text.
#[derive(Debug, Error)]
pub enum CanonicalError {
    /// It cannot be written as JSON at all.
    #[error("the value cannot be written as JSON")]
    Serialize(#[from] serde_json::Error),
    /// Its JSON could be read in two ways.
    #[error("the value has no single JSON text")]
    Ambiguous(#[from] ParseError),
}

/// The canonical text of anything that serializes.
///
/// A map with equal keys or a number that a double does not hold exactly is an error. Size is not
/// limited here: what comes from outside was bounded when it was read. Doubles that are not finite
/// are beyond help, because the JSON serializer turns them into `null` unasked; keep [`Json`]
/// numbers or amounts in types that are signed.
pub fn canonical_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    direct::write(value).map_or_else(|| over_the_tree(value), Ok)
}

/// Whatever it is, and an error where there is no canonical text.
pub(super) fn over_the_tree<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let text = serde_json::to_vec(value)?;
    let mut out = Vec::with_capacity(text.len());
    Json::parse_with(&text, &Limits::OWN)?.write_canonical(&mut out);
    Ok(out)
}

impl Json {
    /// The canonical text.
    pub fn canonical(&self) -> String {
        let mut out = Vec::with_capacity(256);
        self.write_canonical(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Appends the canonical text to `out`.
    pub fn write_canonical(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Number(number) => number.write_canonical(out),
            Self::String(text) => write_string(text, out),
            Self::Array(items) => write_array(items, out),
            Self::Object(object) => write_object(object, out),
        }
    }
}

impl Object {
    /// Appends the canonical text to `out`.
    pub fn write_canonical(&self, out: &mut Vec<u8>) {
        write_object(self, out);
    }
}

fn write_array(items: &[Json], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        item.write_canonical(out);
    }
    out.push(b']');
}

fn write_object(object: &Object, out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (key, value)) in object.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(key, out);
        out.push(b':');
        value.write_canonical(out);
    }
    out.push(b'}');
}

pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    write_text(text, out);
    out.push(b'"');
}

/// What stands between the quotes.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some((plain, tail)) = rest.split_at_checked(plain_len(rest)) {
        out.extend_from_slice(plain);
        let Some((special, after)) = tail.split_first() else { break };
        write_escape(*special, out);
        rest = after;
    }
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => {
            let [high, low] = [byte >> 4, byte & 0xf].map(hex_digit);
            return out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}
