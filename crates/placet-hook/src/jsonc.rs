//! JSON with comments, as editors write it: read without them, and changed in one place so that all else
//! stays as it is, byte by byte.

use std::ops::Range;

/// The same text as plain JSON: every comment and every comma before an end becomes blanks, so that each
/// byte keeps its place.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = if text.starts_with('\u{feff}') { blank(&mut bytes, 0..3) } else { 0 };
    let mut comma = None;
    while let Some(byte) = bytes.get(at).copied() {
        match (byte, bytes.get(at + 1)) {
            (b'"', _) => {
                at = string_end(&bytes, at);
                comma = None;
                continue;
            }
            (b'/', Some(b'/')) => {
                let line = bytes.iter().skip(at).take_while(|byte| **byte != b'\n').count();
                at = blank(&mut bytes, at..at + line);
                continue;
            }
            (b'/', Some(b'*')) => {
                let rest = bytes.get(at + 2..).unwrap_or_default();
                let end = rest.windows(2).position(|pair| pair == b"*/");
                let end = end.map_or(bytes.len(), |end| at + 2 + end + 2);
                at = blank(&mut bytes, at..end);
                continue;
            }
            (b',', _) => comma = Some(at),
            (b'}' | b']', _) => {
                if let Some(comma) = comma.take() {
                    blank(&mut bytes, comma..comma + 1);
                }
            }
            (byte, _) if !byte.is_ascii_whitespace() => comma = None,
            _ => {}
        }
        at += 1;
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// Puts blanks there, but for the ends of lines, and says where that ends.
fn blank(bytes: &mut [u8], range: Range<usize>) -> usize {
    let end = range.end;
    let part = bytes.get_mut(range).unwrap_or_default();
    part.iter_mut().filter(|byte| !matches!(**byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    end
}

/// Where the value is that these keys lead to, in JSON that was read before.
#[must_use]
pub fn span(plain: &str, keys: &[String]) -> Option<Range<usize>> {
    let bytes = plain.as_bytes();
    let mut at = white(bytes, 0);
    for key in keys {
        at = member(plain, at, key)?;
    }
    (at < bytes.len()).then(|| at..value_end(bytes, at))
}

/// Where the value of a member begins.
fn member(plain: &str, object: usize, wanted: &str) -> Option<usize> {
    let bytes = plain.as_bytes();
    if bytes.get(object) != Some(&b'{') {
        return None;
    }
    let mut at = white(bytes, object + 1);
    while bytes.get(at) == Some(&b'"') {
        let end = string_end(bytes, at);
        let key: String = serde_json::from_str(plain.get(at..end)?).ok()?;
        let value = white(bytes, white(bytes, end) + 1);
        if key == wanted {
            return Some(value);
        }
        at = white(bytes, value_end(bytes, value));
        if bytes.get(at) == Some(&b',') {
            at = white(bytes, at + 1);
        }
    }
    None
}

fn white(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.iter().skip(at);
    at + rest.take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn value_end(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return if depth == 1 { at + 1 } else { at },
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return at,
            byte if depth == 0 && byte.is_ascii_whitespace() => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

/// Behind the string that begins there.
fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The text with other words there, which are indented as the line is in which they begin.
#[must_use]
pub fn spliced(text: &str, span: &Range<usize>, words: &str) -> Option<String> {
    let (before, after) = (text.get(..span.start)?, text.get(span.end..)?);
    let line = before.rsplit('\n').next().unwrap_or_default();
    let white: String = line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    let words = words.trim_end().replace('\n', &format!("\n{white}"));
    Some(format!("{before}{words}{after}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

    use super::*;

    const TEXT: &str = "\u{feff}{\n  // mine, é /* \n  \"a\": [1, \"x, ] // no\", {\"b\\\"\": 1,},],\n\
        \t/* \"s\": 1, */ \"s\" : {\"n\": {\"t\": -1.5e3 ,}} , // end\n}\n";

    #[test]
    fn comments_and_last_commas_become_blanks_and_nothing_else() {
        let plain = plain(TEXT);
        assert_eq!(plain.len(), TEXT.len());
        let value: serde_json::Value = serde_json::from_str(&plain).unwrap();
        let expected = serde_json::json!({
            "a": [1, "x, ] // no", { "b\"": 1 }], "s": { "n": { "t": -1500.0 } },
        });
        assert_eq!(value, expected);
        for broken in ["{,}", "{\"a\" 1}", "/", "{\"a\": 1 /* ", "{\"a", "[1,,2]"] {
            let plain = super::plain(broken);
            assert_eq!(plain.len(), broken.len());
            let is_read = serde_json::from_str::<serde_json::Value>(&plain).is_ok();
            assert_eq!(is_read, broken == "{,}", "{broken}: {plain}");
        }
    }

    #[test]
    fn a_value_is_found_where_it_stands() {
        let plain = plain(TEXT);
        let at = |keys: &[&str]| {
            let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            span(&plain, &keys).map(|span| &TEXT[span])
        };
        assert_eq!(at(&["s", "n", "t"]), Some("-1.5e3"));
        assert_eq!(at(&["s"]), Some("{\"n\": {\"t\": -1.5e3 ,}}"));
        assert_eq!(at(&["a"]), Some("[1, \"x, ] // no\", {\"b\\\"\": 1,},]"));
        for missing in [&["b"][..], &["a", "b"], &["s", "n", "t", "x"]] {
            assert_eq!(at(missing), None);
        }
        let keys = ["s".to_owned()];
        let changed = spliced(TEXT, &span(&plain, &keys).unwrap(), "{\n 1\n}\n").unwrap();
        assert!(changed.contains("\"s\" : {\n\t 1\n\t} , // end\n}\n"), "{changed}");
    }

    proptest::proptest! {
        #[test]
        fn any_text_keeps_its_length(text in "[ \\n{}\\[\\],:\"/*\\\\aé\u{feff}]{0,40}") {
            let plain = plain(&text);
            proptest::prop_assert_eq!(plain.len(), text.len());
            let keys = ["a".to_owned()];
            if let Some(span) = span(&plain, &keys) {
                drop(spliced(&text, &span, "{}"));
            }
        }
    }
}
