//! Text that somebody else wrote, made safe to look at.
//!
//! An agent chooses the names, params and reasons that a person reads before saying yes. With a few
//! characters it could reverse the reading direction, hide a word or write a name that looks like
//! another. So every character that is not plainly what it seems is shown as its code point, and
//! stands out. There is no other way from such text into a page than [`filters::shown`].

use placet::escape::{MAX_MARKS, is_mark, is_visible};
use unicode_normalization::UnicodeNormalization as _;
use unicode_security::{RestrictionLevel, RestrictionLevelDetection as _, skeleton};

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
    html(text, Keeps::Lines).matches("<span class=\"odd\"").count()
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
    let is_foreign = is_foreign(text);
    let mut marks = 0;
    for word in words(text) {
        let is_disguised = is_disguised(word, is_foreign);
        for character in word.chars() {
            marks = if is_mark(character) { marks + 1 } else { 0 };
            let is_odd = !is_visible(character)
                || marks > MAX_MARKS
                || (is_disguised && !character.is_ascii());
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
    }
    out
}

fn odd(out: &mut String, character: char) {
    let code = u32::from(character);
    out.push_str(&format!("<span class=\"odd\" title=\"U+{code:04X}\">⟨U+{code:04X}⟩</span>"));
}

/// The text in pieces: runs of letters, digits and marks, and what is between them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_inside = |character: char| character.is_alphanumeric() || is_mark(character);
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let inside = is_inside(first);
        let end = rest.find(|character| is_inside(character) != inside).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(word)
    })
}

/// Whether a word seems to be another: it mixes scripts as nobody writes, is dressed up in
/// letter-like symbols, or looks Latin throughout and is not, in a text that is not written in its
/// script either.
fn is_disguised(word: &str, is_foreign: bool) -> bool {
    if word.is_ascii() {
        return false;
    }
    let is_mixed = !word.check_restriction_level(RestrictionLevel::HighlyRestrictive)
        && word.chars().any(|character| character.is_ascii_alphabetic());
    let is_costume = |character: char| {
        let mut plain = std::iter::once(character).nfkc();
        !character.is_ascii() && plain.all(|plain| plain.is_ascii_alphanumeric())
    };
    is_mixed || word.chars().any(is_costume) || (!is_foreign && looks_latin(word))
}

/// Whether a text is written in another script than Latin, because it has words that could not be
/// taken for Latin ones.
fn is_foreign(text: &str) -> bool {
    let is_word = |word: &&str| word.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
    words(text).filter(is_word).any(|word| {
        let has_latin = word.chars().any(|character| character.is_ascii_alphabetic());
        !has_latin && !looks_latin(word)
    })
}

/// Whether a reader takes a word for one in Latin letters.
fn looks_latin(word: &str) -> bool {
    let is_letter = word.chars().any(char::is_alphabetic);
    // Accents are no disguise: a Latin letter with one stays what it is.
    is_letter && !word.is_ascii() && {
        let mut bare = word.nfd().filter(|character| !is_mark(*character)).peekable();
        let is_latin_anyway = bare.clone().all(|character| character.is_ascii());
        !is_latin_anyway && bare.peek().is_some() && skeleton(word).all(|c| c.is_ascii())
    }
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
        for (text, expected) in [
            ("p\u{430}ypal", "p[U+0430]ypal"),
            ("issue_r\u{435}fund", "issue_r[U+0435]fund"),
            (
                "send to \u{430}\u{440}\u{440}\u{4cf}\u{435}",
                "send to [U+0430][U+0440][U+0440][U+04CF][U+0435]",
            ),
            ("\u{ff41}dmin", "[U+FF41]dmin"),
            ("\u{1d41a}dmin", "[U+1D41A]dmin"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn ordinary_text_of_any_language_stays() {
        for text in [
            "issue_refund",
            "größer – „so“ … 42 €",
            "返金 refund 処理",
            "e\u{301}té",
            "हिन्दी",
            "ไม่ใช่",
            "Привет, а мир как есть",
            "Ελλάδα και κόσμος",
            "😀 1",
            "Ødegård Łódź naïve",
        ] {
            assert_eq!(shown(text), text);
        }
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
