//! Text that somebody else wrote, made safe to look at.
//!
//! An agent chooses the names, params and reasons that a person reads before saying yes. With a few
//! characters it could reverse the reading direction, hide a word or write a name that looks like
//! another. So every character that is not plainly what it seems is shown as its code point, and
//! stands out. There is no other way from such text into a page than [`filters::shown`].

use placet::escape::judged;

/// The filters of the templates.
#[expect(unreachable_pub, reason = "what the macro makes of them is public")]
pub(crate) mod filters {
    use askama::filters::Safe;

    use super::Keeps;

    /// Text of one line, with everything odd spelled out.
    #[askama::filter_fn]
    pub(crate) fn shown<T: std::fmt::Display>(
        text: T,
        _: &dyn askama::Values,
    ) -> askama::Result<Safe<String>> {
        Ok(Safe(super::html(&text.to_string(), Keeps::Neither)))
    }

    /// The same for text of several lines: line feeds stay.
    #[askama::filter_fn]
    pub(crate) fn shown_lines<T: std::fmt::Display>(
        text: T,
        _: &dyn askama::Values,
    ) -> askama::Result<Safe<String>> {
        Ok(Safe(super::html(&text.to_string(), Keeps::Lines)))
    }

    /// The same for one line of source text: tabs stay.
    #[askama::filter_fn]
    pub(crate) fn shown_source<T: std::fmt::Display>(
        text: T,
        _: &dyn askama::Values,
    ) -> askama::Result<Safe<String>> {
        Ok(Safe(super::html(&text.to_string(), Keeps::Tabs)))
    }
}

/// Text of several lines as HTML, with a mark at the end of each, so that no line feed goes unseen.
pub(super) fn marked(text: &str) -> String {
    html(text, Keeps::Lines).replace('\n', "<span class=\"eol\" aria-hidden=\"true\">⏎</span>\n")
}

/// How many characters of a text are not what they seem.
pub(super) fn odd_ones(text: &str) -> usize {
    judged(text).filter(|(character, is_odd)| *is_odd && *character != '\n').count()
}

/// Which control characters are what they seem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeps {
    Neither,
    Lines,
    Tabs,
}

/// `text` as HTML.
fn html(text: &str, keeps: Keeps) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for (character, is_odd) in judged(text) {
        match character {
            '\n' if keeps == Keeps::Lines => out.push('\n'),
            '\t' if keeps == Keeps::Tabs => out.push('\t'),
            _ if is_odd => odd(&mut out, character),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            plain => out.push(plain),
        }
    }
    out
}

fn odd(out: &mut String, character: char) {
    let code = u32::from(character);
    out.push_str(&format!("<span class=\"odd\" title=\"U+{code:04X}\">⟨U+{code:04X}⟩</span>"));
}

#[cfg(test)]
mod tests {
    use super::{Keeps, html};

    /// The text with odd characters as `<U+202E>`.
    fn shown(text: &str) -> String {
        let mut plain = html(text, Keeps::Neither);
        while let Some((before, rest)) = plain.split_once("<span class=\"odd\"") {
            let (_, rest) = rest.split_once('⟨').unwrap_or_default();
            let (code, rest) = rest.split_once("⟩</span>").unwrap_or_default();
            plain = format!("{before}[{code}]{rest}");
        }
        plain
    }

    #[test]
    fn what_a_browser_obeys_or_hides_is_spelled_out() {
        for (text, expected) in [
            ("pay \u{202e}001\u{202c}", "pay [U+202E]001[U+202C]"),
            ("a\u{2066}b\u{2069}", "a[U+2066]b[U+2069]"),
            ("re\u{200b}fund", "re[U+200B]fund"),
            ("\u{feff}x\u{ad}y\u{2060}", "[U+FEFF]x[U+00AD]y[U+2060]"),
            ("\u{e0041}\u{e0042}", "[U+E0041][U+E0042]"),
            ("a\u{a0}b\u{3000}c\u{2028}", "a[U+00A0]b[U+3000]c[U+2028]"),
            ("\u{2800}\u{3164}\u{34f}", "[U+2800][U+3164][U+034F]"),
            ("a\nb\tc\rd\u{1b}[2J\0", "a[U+000A]b[U+0009]c[U+000D]d[U+001B][2J[U+0000]"),
            ("<b onclick='x'>&amp;\"", "&lt;b onclick=&#39;x&#39;&gt;&amp;amp;&quot;"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_word_that_pretends_to_be_another_is_spelled_out() {
        assert_eq!(shown("Привет p\u{430}ypal"), "Привет p[U+0430]ypal");
    }

    #[test]
    fn piled_up_marks_end_somewhere() {
        assert_eq!(shown(&format!("a{}", "\u{301}".repeat(9))).matches("[U+0301]").count(), 5);
    }

    #[test]
    fn lines_stay_where_they_may() {
        assert!(html("a\nb", Keeps::Lines).contains("a\nb"));
    }
}
