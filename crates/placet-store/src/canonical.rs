//! The canonical text of a leaf, fast.
//!
//! Leaves are written and checked by the hundred thousand, so they are not taken apart into a
//! document and put together again. serde already writes the strings and whole numbers of an entry
//! as RFC 8785 wants them, without spaces; what is left to do is to put the members of each object
//! in order. An entry has neither fractions nor keys from outside, on which the two would differ.
//! Payloads have both, and go the long way.

use std::ops::Range;

use placet_core::Entry;

/// How long most leaves are, at most. A longer one costs another allocation.
const USUAL_BYTES: usize = 1024;

/// How many members most leaves have, at most.
const USUAL_MEMBERS: usize = 64;

/// The canonical JSON of an entry.
///
/// # Errors
/// When serde cannot write it.
pub(crate) fn leaf(entry: &Entry) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::with_capacity(USUAL_BYTES);
    serde_json::to_writer(&mut text, entry)?;
    sorted(&text).ok_or_else(|| serde::ser::Error::custom("the entry is not one JSON value"))
}

fn sorted(text: &[u8]) -> Option<Vec<u8>> {
    let mut document = Document::default();
    let (value, rest) = document.read(text)?;
    let mut out = Vec::with_capacity(text.len());
    document.write(&value, &mut out)?;
    rest.is_empty().then_some(out)
}

/// The parts of a text, which stay where they are; only their order is worked out.
struct Document<'a> {
    /// The members of every object and the items of every array that was read, each in one piece.
    members: Vec<Member<'a>>,
    /// Those of the objects and arrays that are being read.
    open: Vec<Member<'a>>,
}

/// A member of an object, or an item of an array, whose key is empty.
#[derive(Clone)]
struct Member<'a> {
    /// The key without its closing quote, which must not take part in the order: it is greater
    /// than an exclamation mark.
    key: &'a [u8],
    value: Value<'a>,
}

#[derive(Clone)]
enum Value<'a> {
    /// Neither an object nor an array: the bytes themselves.
    Plain(&'a [u8]),
    Object(Range<usize>),
    Array(Range<usize>),
}

impl Default for Document<'_> {
    fn default() -> Self {
        let [members, open] = [USUAL_MEMBERS; 2].map(Vec::with_capacity);
        Self { members, open }
    }
}

impl<'a> Document<'a> {
    /// Reads the value that `text` begins with, and returns what is after it.
    fn read(&mut self, text: &'a [u8]) -> Option<(Value<'a>, &'a [u8])> {
        match text.split_first()? {
            (b'{', rest) => self.object(rest),
            (b'[', rest) => self.array(rest),
            (b'"', _) => plain(text, string_length(text)?),
            _ => {
                let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']');
                plain(text, text.iter().position(is_end).unwrap_or(text.len()))
            }
        }
    }

    fn object(&mut self, mut rest: &'a [u8]) -> Option<(Value<'a>, &'a [u8])> {
        let start = self.open.len();
        if let Some(after) = rest.strip_prefix(b"}") {
            return Some((Value::Object(self.close(start)), after));
        }
        loop {
            let (key, after_key) = rest.split_at_checked(string_length(rest)?)?;
            let (value, after) = self.read(after_key.strip_prefix(b":")?)?;
            self.open.push(Member { key: key.strip_suffix(b"\"")?, value });
            match after.split_first()? {
                (b',', after) => rest = after,
                (b'}', after) => {
                    self.open.get_mut(start..)?.sort_unstable_by_key(|member| member.key);
                    return Some((Value::Object(self.close(start)), after));
                }
                _ => return None,
            }
        }
    }

    fn array(&mut self, mut rest: &'a [u8]) -> Option<(Value<'a>, &'a [u8])> {
        let start = self.open.len();
        if let Some(after) = rest.strip_prefix(b"]") {
            return Some((Value::Array(self.close(start)), after));
        }
        loop {
            let (value, after) = self.read(rest)?;
            self.open.push(Member { key: b"", value });
            match after.split_first()? {
                (b',', after) => rest = after,
                (b']', after) => return Some((Value::Array(self.close(start)), after)),
                _ => return None,
            }
        }
    }

    /// Puts away what was opened from `start` on.
    fn close(&mut self, start: usize) -> Range<usize> {
        let from = self.members.len();
        self.members.extend(self.open.drain(start..));
        from..self.members.len()
    }

    fn write(&self, value: &Value<'a>, out: &mut Vec<u8>) -> Option<()> {
        let (range, [begin, end]) = match value {
            Value::Plain(bytes) => {
                out.extend_from_slice(bytes);
                return Some(());
            }
            Value::Object(range) => (range, *b"{}"),
            Value::Array(range) => (range, *b"[]"),
        };
        out.push(begin);
        for (number, Member { key, value }) in self.members.get(range.clone())?.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            if begin == b'{' {
                out.extend_from_slice(key);
                out.extend_from_slice(b"\":");
            }
            self.write(value, out)?;
        }
        out.push(end);
        Some(())
    }
}

fn plain(text: &[u8], length: usize) -> Option<(Value<'_>, &[u8])> {
    let (bytes, rest) = text.split_at_checked(length)?;
    Some((Value::Plain(bytes), rest))
}

/// The length of the string that `text` begins with, with its quotes.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        let at = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        let (stop, after) = rest.get(at..)?.split_first()?;
        rest = after;
        if *stop == b'"' {
            return Some(text.len() - rest.len());
        }
        // Whatever was escaped is not an end.
        rest = rest.get(1..)?;
    }
}
