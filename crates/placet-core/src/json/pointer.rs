//! JSON Pointers (RFC 6901): the name of a place in a value, such as `/items/0/price`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{Json, Object};
use crate::quote::quote;

/// A place in a JSON value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer {
    /// INVARIANT: empty, or each token is preceded by `/` and holds `~` only as `~0` or `~1`.
    text: String,
}

/// Why a text is not a JSON Pointer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PointerError {
    /// It does not begin with a slash.
    #[error("the pointer {} must begin with a slash; write {}", quote(.text), quote(&format!("/{text}")))]
    NoSlash {
        /// What was written.
        text: String,
    },
    /// A tilde that escapes nothing.
    #[error("the pointer {} has a bare ~; write ~0 for a tilde and ~1 for a slash in a key", quote(.text))]
    BareTilde {
        /// What was written.
        text: String,
    },
}

impl Pointer {
    /// The whole value.
    pub fn root() -> Self {
        Self::default()
    }

    /// Whether this names the whole value.
    pub fn is_root(&self) -> bool {
        self.text.is_empty()
    }

    /// The pointer as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The keys and indices on the way, unescaped.
    pub fn tokens(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.text.split('/').skip(1).map(unescape)
    }

    /// Goes one step further, to the entry `token` of an object or an array.
    pub fn push(&mut self, token: &str) {
        self.text.push('/');
        for character in token.chars() {
            match character {
                '~' => self.text.push_str("~0"),
                '/' => self.text.push_str("~1"),
                other => self.text.push(other),
            }
        }
    }

    /// Whether `other` is this place or one inside it.
    pub fn contains(&self, other: &Pointer) -> bool {
        let rest = other.text.strip_prefix(&self.text);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Runs `inner` one step further and comes back.
    pub(super) fn with(&mut self, token: &str, inner: impl FnOnce(&mut Self)) {
        let len = self.text.len();
        self.push(token);
        inner(self);
        self.text.truncate(len);
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        let text = text.to_owned();
        if !text.is_empty() && !text.starts_with('/') {
            return Err(PointerError::NoSlash { text });
        }
        if text.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
            return Err(PointerError::BareTilde { text });
        }
        Ok(Self { text })
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Json {
    /// The value at `pointer`, if there is one.
    pub fn pointer(&self, pointer: &Pointer) -> Option<&Json> {
        pointer.tokens().try_fold(self, |value, token| value.child(&token))
    }

    fn child(&self, token: &str) -> Option<&Json> {
        match self {
            Self::Object(object) => object.get(token),
            Self::Array(items) => items.get(index(token)?),
            _ => None,
        }
    }

    /// Puts `value` in the place of the one at `pointer`; `false` if there is none.
    pub fn replace(&mut self, pointer: &Pointer, value: Json) -> bool {
        let place = pointer.tokens().try_fold(self, |place, token| match place {
            Self::Object(object) => object.get_mut(&token),
            Self::Array(items) => items.get_mut(index(&token)?),
            _ => None,
        });
        match place {
            Some(place) => {
                *place = value;
                true
            }
            None => false,
        }
    }
}

impl Object {
    /// The value at `pointer`, if there is one. The root is the object itself and no value in it.
    pub fn pointer(&self, pointer: &Pointer) -> Option<&Json> {
        let mut tokens = pointer.tokens();
        let first = self.get(&tokens.next()?)?;
        tokens.try_fold(first, |value, token| value.child(&token))
    }
}

/// An array index: digits without a leading zero. Anything else names no item.
fn index(token: &str) -> Option<usize> {
    let is_index = token.bytes().all(|byte| byte.is_ascii_digit())
        && (token == "0" || !token.starts_with('0'));
    if is_index { token.parse().ok() } else { None }
}

/// `~1` first, so that `~01` becomes `~1` and not a slash.
fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}
