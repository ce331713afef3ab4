//! Text that somebody else wrote, made safe to print.
//!
//! An agent chooses the names, params and reasons that end up on a terminal. With a few characters
//! it could move the cursor, recolour the line above, reverse the reading direction or hide half of
//! a command, or write a name that looks like another. So every character that is not what it seems
//! is shown as its code point, for example `<U+202E>`, and everything becomes one line.

mod seems;

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

pub use seems::judged;

/// Combining marks in a row that are shown. Writing systems stack two or three; more of them
/// paint over the lines around.
pub const MAX_MARKS: usize = 4;

/// The words beside a text of which something was spelled out.
pub const ODD: &str = "[not what it seems]";

/// `text` on one line, with every character spelled out that a terminal would obey or hide, or a
/// reader take for another.
pub fn line(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(spelled(judged(text)))
}

/// The same for JSON, in which a letter behind a backslash is no part of a word.
pub fn json(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let bare = without_escapes(text);
    // An escape itself is plain, whatever it stands for.
    let judged = text
        .chars()
        .zip(judged(&bare))
        .map(|(written, (_, is_odd))| (written, is_odd && !matches!(written, ' '..='~')));
    Cow::Owned(spelled(judged))
}

/// The same for text of several lines: line feeds stay.
pub fn lines(text: &str) -> String {
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// JSON over several lines, in the same way as on one.
pub fn json_lines(text: &str) -> String {
    text.split('\n').map(json).collect::<Vec<_>>().join("\n")
}

/// `text` on one line of at most `width` columns; what is cut off is counted.
pub fn clipped(text: &str, width: usize) -> String {
    let safe = line(text);
    if safe.width() <= width {
        return safe.into_owned();
    }
    let mut kept = String::new();
    let mut columns = 0;
    for character in safe.chars() {
        let mut buffer = [0; 4];
        columns += character.encode_utf8(&mut buffer).width();
        if columns >= width {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

/// JSON with other characters, as many, where its texts have escapes.
fn without_escapes(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match rest.next() {
            Some('u') => {
                let digits = rest.by_ref().take(4).map(|_| '\0');
                text.extend(['\0', '\0'].into_iter().chain(digits));
            }
            Some('b' | 'f') => text.push_str("\0\0"),
            Some('n' | 'r' | 't') => text.push_str("  "),
            Some(plain) => text.extend([plain, plain]),
            None => text.push('\\'),
        }
    }
    text
}

fn spelled(judged: impl Iterator<Item = (char, bool)>) -> String {
    let mut safe = String::new();
    for (character, is_odd) in judged {
        match is_odd {
            // Writing to a text cannot fail.
            true => drop(write!(safe, "<U+{:04X}>", u32::from(character))),
            false => safe.push(character),
        }
    }
    safe
}

/// Whether there is nothing in it but what is surely what it seems.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether a reader sees the character for what it is: no control or format character, nothing that
/// hides, reverses or is not there.
#[must_use]
pub fn is_visible(character: char) -> bool {
    match character {
        ' '..='~' => true,
        // These count as letters or marks and show nothing: joiners, fillers, the braille blank,
        // and selectors that only choose between glyphs.
        '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{ffa0}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}' => false,
        other => is_printable(other),
    }
}

/// Whether the standard library would print it as it is: no control or format character, no space
/// but the ordinary one, nothing unassigned or private. Behind a letter it lets marks through.
fn is_printable(character: char) -> bool {
    let behind_a_letter = ['a', character].iter().collect::<String>();
    behind_a_letter.escape_debug().eq(behind_a_letter.chars())
}

/// Whether it combines with the character before it.
#[must_use]
pub fn is_mark(character: char) -> bool {
    !character.is_ascii() && is_printable(character) && character.escape_debug().len() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_or_hides_is_spelled_out() {
        for (text, shown) in [
            ("\u{1b}[2J", "<U+001B>[2J"),
            ("a\nb\tc\rd", "a<U+000A>b<U+0009>c<U+000D>d"),
            ("\u{9b}31m", "<U+009B>31m"),
            ("pay \u{202e}001\u{202c}", "pay <U+202E>001<U+202C>"),
            ("a\u{2066}b\u{2069}", "a<U+2066>b<U+2069>"),
            ("re\u{200b}fund", "re<U+200B>fund"),
            ("\u{feff}x\u{ad}y\u{2060}", "<U+FEFF>x<U+00AD>y<U+2060>"),
            ("\u{e0041}\u{e0042}", "<U+E0041><U+E0042>"),
            ("a\u{a0}b\u{3000}c\u{2028}", "a<U+00A0>b<U+3000>c<U+2028>"),
            ("\u{e000}\u{10ffff}\u{fe0f}", "<U+E000><U+10FFFF><U+FE0F>"),
            ("\u{2800}\u{3164}\u{34f}", "<U+2800><U+3164><U+034F>"),
            ("\0\u{7f}", "<U+0000><U+007F>"),
        ] {
            assert_eq!(line(text), shown);
        }
    }

    #[test]
    fn ordinary_text_of_any_language_stays() {
        for text in
            ["issue_refund", "größer \"als\" 'x' \\", "返金", "e\u{301}té", "हिन्दी", "ไม่ใช่", "😀"]
        {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn piled_up_marks_end_somewhere() {
        let piled = format!("a{}", "\u{301}".repeat(9));
        assert_eq!(line(&piled).matches("<U+0301>").count(), 9 - MAX_MARKS);
    }

    #[test]
    fn clipping_counts_columns_and_never_splits_a_character() {
        assert_eq!(clipped("issue_refund", 12), "issue_refund");
        assert_eq!(clipped("issue_refund", 6), "issue…");
        assert_eq!(clipped("返金処理", 5), "返金…");
    }

    #[test]
    fn a_value_as_json_is_judged_as_what_it_says() {
        for (json, shown) in [
            (r#"{"b": "42", "a": 42}"#, r#"{"b": "42", "a": 42}"#),
            (r#""Привет\nа мир""#, r#""Привет\nа мир""#),
            (r#""а\\b \u0007а\"""#, r#""<U+0430>\\b \u0007<U+0430>\"""#),
            (
                r#"{"pаy": ["Привет", "аррӏе.com"]}"#,
                r#"{"p<U+0430>y": ["Привет", "<U+0430><U+0440><U+0440><U+04CF><U+0435>.com"]}"#,
            ),
            ("\"x\u{202e}y\u{7f}\"", "\"x<U+202E>y<U+007F>\""),
        ] {
            assert_eq!(super::json(json), shown);
        }
    }

    #[test]
    fn text_of_several_lines_keeps_them() {
        assert_eq!(lines("a\u{1b}\nb"), "a<U+001B>\nb");
    }
}
