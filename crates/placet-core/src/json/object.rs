//! Objects: entries in the order that RFC 8785 prescribes, each key once.

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

use super::Json;
use crate::quote::quote;

/// The entries of a JSON object.
///
/// INVARIANT: sorted by the UTF-16 code units of the keys, without duplicates. Canonical text is
/// written straight from this order, and look-ups are binary searches in it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Object {
    entries: Vec<(String, Json)>,
}

/// A key that appears twice in one object.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the key {} appears twice in one object", quote(.key))]
pub struct DuplicateKey {
    /// The key.
    pub key: String,
}

impl Object {
    /// An object without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// An object with `entries`, in whatever order they come.
    pub fn from_entries(mut entries: Vec<(String, Json)>) -> Result<Self, DuplicateKey> {
        entries.sort_unstable_by(|(a, _), (b, _)| utf16_order(a, b));
        let twin = entries.array_windows().find(|[(a, _), (b, _)]| a == b);
        match twin {
            Some([(key, _), _]) => Err(DuplicateKey { key: key.clone() }),
            None => Ok(Self { entries }),
        }
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Json> {
        let place = self.search(key).ok()?;
        self.entries.get(place).map(|(_, value)| value)
    }

    /// The value of `key`, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Json> {
        let place = self.search(key).ok()?;
        self.entries.get_mut(place).map(|(_, value)| value)
    }

    /// Sets `key` and returns the value that it had.
    pub fn insert(&mut self, key: String, value: Json) -> Option<Json> {
        match self.search(&key) {
            Ok(place) => self.entries.get_mut(place).map(|(_, old)| std::mem::replace(old, value)),
            Err(place) => {
                self.entries.insert(place, (key, value));
                None
            }
        }
    }

    /// Takes `key` out and returns its value.
    pub fn remove(&mut self, key: &str) -> Option<Json> {
        let place = self.search(key).ok()?;
        Some(self.entries.remove(place).1)
    }

    /// Whether there is an entry for `key`.
    pub fn contains_key(&self, key: &str) -> bool {
        self.search(key).is_ok()
    }

    /// The entries in canonical order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Json)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The entries in canonical order, to change their values.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&str, &mut Json)> {
        self.entries.iter_mut().map(|(key, value)| (key.as_str(), value))
    }

    /// The entries in canonical order, taken out of the object.
    pub fn into_entries(self) -> Vec<(String, Json)> {
        self.entries
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether nothing in it is nested deeper than `limit` levels, its own included.
    pub fn is_within_depth(&self, limit: u8) -> bool {
        match limit.checked_sub(1) {
            Some(below) => self.entries.iter().all(|(_, value)| value.is_within_depth(below)),
            None => false,
        }
    }

    fn search(&self, key: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|(other, _)| utf16_order(other, key))
    }
}

/// Shows the shape only, because the content may be secret.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({} entries)", self.len())
    }
}

/// The order of the UTF-16 code units of `a` and `b`, without converting them.
fn utf16_order(a: &str, b: &str) -> Ordering {
    utf16_order_of_bytes(a.as_bytes(), b.as_bytes())
}

/// The same for UTF-8 that is known to be such.
pub(super) fn utf16_order_of_bytes(a: &[u8], b: &[u8]) -> Ordering {
    match a.iter().zip(b).find(|(a, b)| a != b) {
        Some((a, b)) => utf16_weight(*a).cmp(&utf16_weight(*b)),
        None => a.len().cmp(&b.len()),
    }
}

/// UTF-8 bytes sort like code points. UTF-16 differs in one respect: code points from U+10000 are
/// written with surrogates (D800–DFFF) and so sort before U+E000–U+FFFF. In UTF-8 the former begin
/// with F0–F4 and the latter with EE or EF, so these two move to the end.
fn utf16_weight(byte: u8) -> u8 {
    match byte {
        0xee => 0xfe,
        0xef => 0xff,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn order_is_that_of_utf16(a: String, b: String, shared: String) {
            for (a, b) in [(a.clone(), b.clone()), (shared.clone() + &a, shared + &b)] {
                prop_assert_eq!(utf16_order(&a, &b), a.encode_utf16().cmp(b.encode_utf16()));
            }
        }
    }

    #[test]
    fn surrogates_sort_before_the_end_of_the_basic_plane() {
        assert_eq!(utf16_order("\u{10000}", "\u{e000}"), Ordering::Less);
        assert_eq!(utf16_order("\u{10ffff}", "\u{ffff}"), Ordering::Less);
        assert_eq!(utf16_order("\u{d7ff}", "\u{10000}"), Ordering::Less);
    }
}
