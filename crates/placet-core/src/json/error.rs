//! Why a document was refused, and where.

use std::fmt;

use thiserror::Error;

use super::{NumberError, Pointer};
use crate::quote::quote;

/// A document that was refused. The message quotes keys and numbers, never strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The value that was being read.
    pub pointer: Pointer,
    /// What is wrong there.
    pub kind: ParseErrorKind,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if !self.pointer.is_root() {
            write!(f, ", at {}", quote(self.pointer.as_str()))?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl std::error::Error for ParseError {}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseErrorKind {
    /// The document stops in the middle of a value.
    #[error("the document ends where {expected} should be")]
    UnexpectedEnd {
        /// What could have followed.
        expected: &'static str,
    },
    /// A character that cannot stand there.
    #[error("found {found:?} where {expected} should be")]
    Unexpected {
        /// The character.
        found: char,
        /// What could have stood there.
        expected: &'static str,
    },
    /// Something follows the value.
    #[error("found {found:?} after the end of the value; send one value per document")]
    Trailing {
        /// The first character that follows.
        found: char,
    },
    /// Arrays and objects are nested too deeply.
    #[error("nested more than {limit} levels deep; send a flatter value")]
    TooDeep {
        /// How many levels are accepted.
        limit: u8,
    },
    /// The document is too long.
    #[error("the document has {bytes} bytes and at most {limit} are accepted")]
    TooLarge {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// An object names a key twice.
    #[error("the key {} appears twice in one object; readers differ on which one counts", quote(.key))]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// An escape that is one half of a UTF-16 pair.
    #[error(
        "\\u{code:04x} is half of a surrogate pair and no character by itself; write both halves or neither"
    )]
    LoneSurrogate {
        /// The half that stands alone.
        code: u16,
    },
    /// Bytes that are not UTF-8.
    #[error("the bytes are not UTF-8; encode the document as UTF-8")]
    InvalidUtf8,
    /// A raw control character in a string.
    #[error("a control character in a string must be escaped; write \\u{code:04x}")]
    ControlCharacter {
        /// The character.
        code: u8,
    },
    /// A backslash followed by what is no escape.
    #[error(
        "a backslash is followed by {found:?}, which is no escape; write \\\\ for a backslash itself"
    )]
    BadEscape {
        /// The character after the backslash.
        found: char,
    },
    /// `\u` without four hexadecimal digits.
    #[error("\\u must be followed by four hexadecimal digits")]
    BadUnicodeEscape,
    /// A number that is malformed or that a double does not hold exactly.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// A byte order mark begins the document.
    #[error("the document begins with a byte order mark; leave it out")]
    ByteOrderMark,
}
