//! Params as text, to be compared and to be edited.

use placet::{Followed, Json, escape};

use crate::limits::{MAX_FORM_BYTES, PARAMS_BYTES_PER_BYTE};

/// The params as text that can be edited.
pub(super) fn params_text(followed: &Followed) -> String {
    let action = followed.frozen.as_ref().and_then(|frozen| frozen.action.as_object());
    action.and_then(|action| action.get("params")).map(pretty).unwrap_or_default()
}

/// Params to be edited in a form: over several lines, unless the indentation would be most of what
/// the form sends.
pub(super) fn editable(params: &Json) -> String {
    let (pretty, plain) = (pretty(params), params.canonical());
    let most = plain.len().saturating_mul(PARAMS_BYTES_PER_BYTE).max(MAX_FORM_BYTES);
    if sent(&pretty) <= most {
        return pretty;
    }
    evident(&plain)
}

/// How many bytes a form sends for a text.
fn sent(text: &str) -> usize {
    let bytes = |byte| match byte {
        b'\n' => "%0D%0A".len(),
        b' ' | b'*' | b'-' | b'.' | b'_' => 1,
        byte if byte.is_ascii_alphanumeric() => 1,
        _ => "%22".len(),
    };
    text.bytes().map(bytes).sum()
}

/// JSON over several lines. Whatever does not show is written as an escape, and whatever is written
/// so means the same.
pub(super) fn pretty(json: &Json) -> String {
    evident(&serde_json::to_string_pretty(json).unwrap_or_default())
}

/// JSON in which everything shows.
fn evident(plain: &str) -> String {
    let mut text = String::with_capacity(plain.len());
    // Where something pretends to be something else, nothing but ASCII is beyond doubt.
    let is_plain = plain.lines().all(|line| escape::json(line) == line);
    for character in plain.chars() {
        if is_plain || matches!(character, '\n' | ' '..='~') {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use placet::Json;

    use super::{MAX_FORM_BYTES, editable, pretty, sent};

    #[test]
    fn params_of_any_shape_fit_into_the_form_that_changes_them() {
        let deep = format!("{}1,1,1{}", "[".repeat(50), "]".repeat(50));
        for (json, lines) in [
            (r#"{"a": 1, "b": [2, 3]}"#.to_owned(), 7),
            (format!("\"\u{202e}{}\"", "\u{7f}".repeat(20_000)), 1),
            (format!("[{deep},{}]", "1,".repeat(19_999) + "1"), 1),
            (format!("\"{}\"", "\u{6f22}".repeat(20_000)), 1),
        ] {
            let json = Json::parse(json.as_bytes()).unwrap();
            let text = editable(&json);
            assert_eq!(text.lines().count(), lines, "{text}");
            assert!(sent(&text) <= MAX_FORM_BYTES.max(8 * json.canonical().len()), "{text}");
            assert_eq!(Json::parse(text.as_bytes()).unwrap(), json);
            let mut form = form_urlencoded::Serializer::new(String::new());
            let whole = form.append_pair("p", &text.replace('\n', "\r\n")).finish();
            assert_eq!(whole.len() - "p=".len(), sent(&text));
        }
    }

    #[test]
    fn params_that_are_edited_show_everything_and_read_as_they_were() {
        let json = Json::parse(
            "{\"a\": \"x\\u202ey\\u0007\\u007f \\ud83d\\ude00 <b>\", \"b\\u200b\": [1.5, null]}"
                .as_bytes(),
        );
        let json = json.unwrap();
        let text = pretty(&json);
        assert!(
            text.contains("x\\u202ey\\u0007\\u007f \\ud83d\\ude00 <b>")
                && text.contains("b\\u200b"),
            "{text}"
        );
        assert_eq!(Json::parse(text.as_bytes()).unwrap(), json);
    }
}
