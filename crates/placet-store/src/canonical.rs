//! The canonical text of a leaf, fast.
//!
//! Leaves are written and checked by the hundred thousand, so they are not taken apart into a
//! document and put together again. serde already writes the strings and whole numbers of an entry
//! as RFC 8785 wants them, without spaces; what is left to do is to put the members of each object
//! in order. An entry has neither fractions nor keys from outside, on which the two would differ.
//! Payloads have both, and go the long way.

use placet_core::Entry;

/// The canonical JSON of an entry.
///
/// # Errors
/// When serde cannot write it.
pub(crate) fn leaf(entry: &Entry) -> Result<Vec<u8>, serde_json::Error> {
    let text = serde_json::to_vec(entry)?;
    let mut sorted = Vec::with_capacity(text.len());
    let rest = value(&text, &mut sorted);
    match rest {
        Some([]) => Ok(sorted),
        _ => Err(serde::ser::Error::custom("the entry is not one JSON value")),
    }
}

/// Copies the value that `text` begins with, its members in order, and returns what is after it.
fn value<'a>(text: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    match text.split_first()? {
        (b'{', rest) => object(rest, out),
        (b'[', rest) => array(rest, out),
        (b'"', _) => Some(copy(text, string_length(text)?, out)?.1),
        _ => {
            let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']');
            let length = text.iter().position(is_end).unwrap_or(text.len());
            Some(copy(text, length, out)?.1)
        }
    }
}

fn array<'a>(mut rest: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    out.push(b'[');
    if let Some((b']', after)) = rest.split_first() {
        out.push(b']');
        return Some(after);
    }
    loop {
        rest = value(rest, out)?;
        let (next, after) = rest.split_first()?;
        out.push(*next);
        match next {
            b',' => rest = after,
            b']' => return Some(after),
            _ => return None,
        }
    }
}

fn object<'a>(mut rest: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    out.push(b'{');
    if let Some((b'}', after)) = rest.split_first() {
        out.push(b'}');
        return Some(after);
    }
    let start = out.len();
    let mut members: Vec<(&[u8], usize)> = Vec::with_capacity(16);
    let after = loop {
        let from = out.len();
        let (key, after_key) = copy(rest, string_length(rest)?, out)?;
        let (b':', after_colon) = after_key.split_first()? else { return None };
        out.push(b':');
        rest = value(after_colon, out)?;
        members.push((key, out.len() - from));
        match rest.split_first()? {
            (b',', after) => rest = after,
            (b'}', after) => break after,
            _ => return None,
        }
    };
    write_in_order(start, &members, out)?;
    out.push(b'}');
    Some(after)
}

/// Puts members, which stand one after the other from `start` on, in order and commas between.
fn write_in_order(start: usize, members: &[(&[u8], usize)], out: &mut Vec<u8>) -> Option<()> {
    let unsorted = out.split_off(start);
    let mut rest = unsorted.as_slice();
    let mut pieces = Vec::with_capacity(members.len());
    for (key, length) in members {
        let (member, after) = rest.split_at_checked(*length)?;
        // The closing quote must not take part: it is greater than an exclamation mark.
        pieces.push((key.strip_suffix(b"\"")?, member));
        rest = after;
    }
    pieces.sort_unstable_by_key(|(key, _)| *key);
    for (number, (_, member)) in pieces.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        out.extend_from_slice(member);
    }
    Some(())
}

fn copy<'a>(text: &'a [u8], length: usize, out: &mut Vec<u8>) -> Option<(&'a [u8], &'a [u8])> {
    let (copied, rest) = text.split_at_checked(length)?;
    out.extend_from_slice(copied);
    Some((copied, rest))
}

/// The length of the string that `text` begins with, with its quotes.
fn string_length(text: &[u8]) -> Option<usize> {
    let (b'"', inside) = text.split_first()? else { return None };
    let mut is_escaped = false;
    let end = inside.iter().position(|byte| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    });
    end.map(|end| end + 2)
}
