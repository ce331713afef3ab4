//! Whether a text is what it seems.
//!
//! `pаypal.com` with a Cyrillic а is another address than the one that a person reads. A word is in
//! disguise when it mixes scripts as nobody writes, is dressed up in letter-like symbols, or looks
//! Latin throughout and is not. The last is how ordinary Russian words look, too: `а` and `как` in
//! a Russian sentence are what they seem. So a word may look Latin where the text has words of the
//! same script that cannot be taken for Latin ones, unless it is joined to Latin text, as the parts
//! of addresses and names are: what is beside `.com` is read as Latin, whatever stands around it.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization as _;
use unicode_script::{Script, UnicodeScript as _};
use unicode_security::{RestrictionLevel, RestrictionLevelDetection as _, skeleton};

use super::{MAX_MARKS, is_mark, is_visible};

/// What joins words to one address, path or name.
const JOINERS: &str = "./\\@:-_=?&#%+~";

/// Those of them that separate the parts of an address: where something looks like one of these and
/// is not, the address leads elsewhere.
const SEPARATORS: &str = "./\\@:";

/// Each character of `text`, and whether it is not what it seems: it cannot be seen, moves what
/// can, paints over the lines around, or stands in for another.
pub fn judged(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut marks = 0;
    disguises(text).flat_map(|(piece, disguise)| piece.chars().map(move |c| (c, disguise))).map(
        move |(character, is_disguised)| {
            marks = if is_mark(character) { marks + 1 } else { 0 };
            let is_odd = !is_visible(character) || marks > MAX_MARKS;
            (character, is_odd || (is_disguised && !character.is_ascii()))
        },
    )
}

/// The pieces of a text, and whether each is in disguise.
fn disguises(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let pieces: Vec<&str> = pieces(text).collect();
    let native: HashSet<Script> =
        pieces.iter().copied().filter(|piece| is_beyond_doubt(piece)).map(script).collect();
    let latin = joined_to_latin(&pieces);
    let mut judged = Vec::with_capacity(pieces.len());
    for (place, piece) in pieces.iter().enumerate() {
        let is_in_latin = latin.get(place).copied().unwrap_or(true);
        judged.push((
            *piece,
            match is_word(piece) {
                true => is_disguised(piece, !is_in_latin && native.contains(&script(piece))),
                false => is_in_latin && pretends_to_separate(&pieces, place),
            },
        ));
    }
    judged.into_iter()
}

/// The text in pieces: runs of letters, digits and marks, and what is between them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let inside = is_inside(rest.chars().next()?);
        let end = rest.find(|character| is_inside(character) != inside).unwrap_or(rest.len());
        let (piece, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(piece)
    })
}

/// Whether a character is part of a word. Letters that show nothing are part of none: they would
/// make any word look like no other.
fn is_inside(character: char) -> bool {
    (character.is_alphanumeric() || is_mark(character)) && is_visible(character)
}

fn is_word(piece: &str) -> bool {
    piece.chars().next().is_some_and(is_inside)
}

/// For each piece, whether it belongs to an address, path or name with Latin letters in it.
fn joined_to_latin(pieces: &[&str]) -> Vec<bool> {
    let mut all = Vec::with_capacity(pieces.len());
    for group in pieces.split_inclusive(|piece| !is_word(piece) && !is_joint(piece)) {
        let has_latin = group.iter().any(|piece| has_latin(piece));
        all.extend(group.iter().map(|_| has_latin));
    }
    all
}

/// Whether what stands between two words joins them. What cannot be seen does.
fn is_joint(piece: &str) -> bool {
    let joins = |character: char| match character.is_ascii() && is_visible(character) {
        true => JOINERS.contains(character),
        false if is_visible(character) => skeleton_of(character).all(|c| JOINERS.contains(c)),
        false => !character.is_whitespace(),
    };
    piece.chars().all(joins)
}

/// Whether what stands between two words of an address only looks like what separates its parts.
fn pretends_to_separate(pieces: &[&str], place: usize) -> bool {
    let near = [place.checked_sub(1), place.checked_add(1)];
    let is_between = near
        .iter()
        .all(|place| place.and_then(|place| pieces.get(place)).is_some_and(|piece| is_word(piece)));
    let piece = pieces.get(place).copied().unwrap_or_default();
    let looks = |c: char| !c.is_ascii() && skeleton_of(c).all(|plain| SEPARATORS.contains(plain));
    is_between && is_joint(piece) && piece.chars().any(looks)
}

fn skeleton_of(character: char) -> impl Iterator<Item = char> {
    skeleton(character.encode_utf8(&mut [0; 4])).collect::<Vec<_>>().into_iter()
}

fn has_latin(word: &str) -> bool {
    word.chars().any(|character| character.is_ascii_alphabetic())
}

/// Whether a word seems to be another one. `is_native`: the text has words of its script that could
/// not be taken for Latin ones.
fn is_disguised(word: &str, is_native: bool) -> bool {
    if word.is_ascii() {
        return false;
    }
    let is_mixed =
        has_latin(word) && !word.check_restriction_level(RestrictionLevel::HighlyRestrictive);
    is_mixed || word.chars().any(is_costume) || (!is_native && looks_latin(word))
}

/// Whether a character is a Latin letter or digit dressed up: wide, bold, in a circle.
fn is_costume(character: char) -> bool {
    let mut plain = std::iter::once(character).nfkc();
    !character.is_ascii() && plain.all(|plain| plain.is_ascii_alphanumeric())
}

/// Whether a word could not be taken for a Latin one.
fn is_beyond_doubt(piece: &str) -> bool {
    let is_foreign = piece.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
    is_word(piece) && is_foreign && !has_latin(piece) && !looks_latin(piece)
}

/// Whether a reader takes a word for one in Latin letters that it is not.
fn looks_latin(word: &str) -> bool {
    // Accents are no disguise, neither of a Latin letter nor of another one.
    let bare: String = word.nfd().filter(|character| !is_mark(*character)).collect();
    let is_latin_anyway = bare.chars().all(|c| c.is_ascii() || is_european(c));
    let has_letter = bare.chars().any(char::is_alphabetic);
    has_letter && !is_latin_anyway && skeleton(&bare).all(|c| c.is_ascii() || is_european(c))
}

/// Letters of European languages that keep their own look: æ, ø, ł, œ, ß. Those that look like
/// others, such as ı, do not count.
fn is_european(character: char) -> bool {
    matches!(character, '\u{c0}'..='\u{17f}')
        && !matches!(character, '×' | '÷' | '\u{131}' | '\u{138}' | '\u{149}' | '\u{17f}')
}

/// The script of a word: that of its first letter that has one.
fn script(word: &str) -> Script {
    let mut scripts = word.chars().map(|character| character.script());
    let own = scripts.find(|script| !matches!(script, Script::Common | Script::Inherited));
    own.unwrap_or(Script::Common)
}

#[cfg(test)]
mod tests {
    use super::judged;

    /// The text with odd characters as `[U+202E]`.
    fn spelled(text: &str) -> String {
        let one = |(character, is_odd): (char, bool)| match is_odd {
            true => format!("[U+{:04X}]", u32::from(character)),
            false => character.to_string(),
        };
        judged(text).map(one).collect()
    }

    const APPLE: &str = "\u{430}\u{440}\u{440}\u{4cf}\u{435}";
    const SPELLED: &str = "[U+0430][U+0440][U+0440][U+04CF][U+0435]";

    #[test]
    fn a_word_that_pretends_to_be_another_is_spelled_out() {
        for (text, expected) in [
            ("p\u{430}ypal", "p[U+0430]ypal"),
            ("issue_r\u{435}fund", "issue_r[U+0435]fund"),
            (&format!("send to {APPLE}"), &format!("send to {SPELLED}")),
            ("\u{ff41}dmin", "[U+FF41]dmin"),
            ("\u{1d41a}dmin", "[U+1D41A]dmin"),
            ("\u{261}oogle", "[U+0261]oogle"),
            ("adm\u{131}n", "adm[U+0131]n"),
        ] {
            assert_eq!(spelled(text), expected, "{text:?}");
        }
    }

    #[test]
    fn no_other_word_vouches_for_one_that_is_joined_to_latin_text() {
        for (before, after) in [
            ("Привет ", ".com"),
            ("Привет, mail to bob@", ".com"),
            ("Привет https://", ""),
            ("Привет https://", "/login"),
            ("Привет x-", ""),
            ("Привет C:\\", ""),
            ("Привет env:", ""),
            ("Привет user_", ""),
            ("Привет a.1.", ""),
            ("Привет ", "\u{200b}.com"),
        ] {
            let text = format!("{before}{APPLE}{after}");
            assert!(spelled(&text).contains(SPELLED), "{text:?}: {}", spelled(&text));
        }
    }

    #[test]
    fn a_word_of_another_script_or_without_a_shape_vouches_for_nothing() {
        for text in [
            format!("返金 {APPLE}"),
            format!("Ω ω {APPLE}"),
            format!("{APPLE}\u{3164}"),
            format!("{APPLE}\u{115f} pay"),
        ] {
            assert!(spelled(&text).contains(SPELLED), "{text:?}: {}", spelled(&text));
        }
        // An accent does not make it another one; it is spelled out with the rest.
        assert_eq!(spelled("\u{430}\u{440}\u{440}\u{4cf}\u{435}\u{301}").matches("[U+").count(), 6);
    }

    #[test]
    fn what_only_looks_like_a_dot_or_a_stroke_is_spelled_out() {
        for (text, expected) in [
            ("https://bank.com\u{2215}login.evil.com", "https://bank.com[U+2215]login.evil.com"),
            ("bank\u{2024}com", "bank[U+2024]com"),
            ("ann\u{ff20}bank.com", "ann[U+FF20]bank.com"),
        ] {
            assert_eq!(spelled(text), expected, "{text:?}");
        }
        for text in ["返金：返品", "Monday–Friday", "1 ∕ 2"] {
            assert_eq!(spelled(text), text);
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
            "Письмо на а@почта.рф: а и о",
            "Ελλάδα και κόσμος",
            "😀 1",
            "Ødegård Łódź naïve sœur æble straße Æther",
            "https://ru.wikipedia.org/wiki/Москва",
        ] {
            assert_eq!(spelled(text), text);
        }
    }
}
