//! Folding: one spelling for everything that looks the same.
//!
//! `dеlete` with a Cyrillic `е` is not the word `delete` to a lexicon, but it is to a person and,
//! after normalisation, often to the tool. So text is folded before it is matched (NFKC, then the
//! prototypes of UTS 39 where they lead to ASCII), and a character that needed it is reported.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_security::{MixedScript as _, skeleton};

/// A kind of character that is not what it seems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trick {
    /// It cannot be seen: zero width, soft hyphen, variation selector, tag.
    Invisible,
    /// It changes the direction in which its neighbours are shown.
    Bidi,
    /// A control character other than tab and line ends.
    Control,
    /// It looks like an ASCII character.
    Lookalike,
}

impl Trick {
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Invisible => "an invisible character",
            Self::Bidi => "a character that reverses the text's direction",
            Self::Control => "a control character",
            Self::Lookalike => "a character that looks like an ASCII one",
        }
    }
}

/// `text` as it looks, in ASCII as far as it looks like ASCII.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { text.into() } else { folded(text).into() }
}

/// The first word with letters of other scripts that look like ASCII ones, among those that are.
#[must_use]
pub fn disguised(text: &str) -> Option<&str> {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.find(|word| {
        let looks = |c: char| ascii_lookalike(c).is_some_and(|c| c.is_ascii_alphabetic());
        word.contains(|c: char| c.is_ascii_alphabetic())
            && word.contains(looks)
            && !word.is_single_script()
    })
}

fn folded(text: &str) -> String {
    text.nfkc().filter(|c| !is_hidden(*c)).map(|c| ascii_lookalike(c).unwrap_or(c)).collect()
}

/// The first character of a name that is not what it seems.
pub(super) fn trick_in_name(name: &str) -> Option<Trick> {
    if name.is_ascii() {
        return name.chars().find_map(hidden_trick);
    }
    name.chars().find_map(|c| hidden_trick(c).or_else(|| lookalike_trick(c)))
}

/// The first character of a command, query or address that is not what it seems. Letters of other
/// scripts are at home in there as literals, so only what cannot be seen counts.
pub(super) fn trick_in_command(text: &str) -> Option<Trick> {
    text.chars().find_map(hidden_trick)
}

/// The first character of running text that hides or reverses other text. Joiners and variation
/// selectors have their place in prose and emoji.
pub(super) fn trick_in_text(text: &str) -> Option<Trick> {
    if text.is_ascii() {
        return None;
    }
    text.chars().find_map(|c| match c {
        '\u{E0000}'..='\u{E007F}' => Some(Trick::Invisible),
        c if is_bidi(c) => Some(Trick::Bidi),
        _ => None,
    })
}

fn hidden_trick(c: char) -> Option<Trick> {
    match c {
        '\t' | '\n' | '\r' => None,
        c if c.is_control() => Some(Trick::Control),
        c if c.is_ascii() => None,
        c if is_bidi(c) => Some(Trick::Bidi),
        c if is_hidden(c) => Some(Trick::Invisible),
        _ => None,
    }
}

fn lookalike_trick(c: char) -> Option<Trick> {
    if c.is_ascii() {
        return None;
    }
    let compatible = std::iter::once(c).nfkc().all(|c| c.is_ascii());
    (compatible || ascii_lookalike(c).is_some()).then_some(Trick::Lookalike)
}

fn ascii_lookalike(c: char) -> Option<char> {
    if c.is_ascii() {
        return None;
    }
    let mut buffer = [0_u8; 4];
    let mut prototype = skeleton(c.encode_utf8(&mut buffer));
    let first = prototype.next().filter(char::is_ascii)?;
    prototype.next().is_none().then_some(first)
}

fn is_bidi(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_hidden(c: char) -> bool {
    is_bidi(c)
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200D}' | '\u{2028}' | '\u{2029}'
            | '\u{2060}'..='\u{2064}' | '\u{206A}'..='\u{206F}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{fold, folded};

    proptest! {
        #[test]
        fn ascii_folds_to_itself(text in "[\\x00-\\x7fé]{0,12}") {
            prop_assert_eq!(fold(&text), folded(&text));
        }
    }
}
