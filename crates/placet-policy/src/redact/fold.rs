//! Sees through disguised characters, so that `４１１１` and `4<zero width>111` are still digits.
//!
//! Detectors look at a folded copy of a text that is not plain ASCII: characters that show nothing
//! are left out, and what only looks like an ASCII character becomes one. What they find is
//! mapped back, so that the replaced part of the original covers the disguise as well.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// Separates digits of different kinds. Whoever writes it by hand shows digits that nobody can tell
/// from joined ones, so it means the same there.
pub(super) const BREAK: char = '\u{1f}';

/// A folded text that knows where each of its bytes comes from.
pub(super) struct Folded {
    text: String,
    /// For each byte of `text`, and for its end, the place in the original.
    origins: Vec<usize>,
}

impl Folded {
    pub(super) fn of(original: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(original.len()), origins: Vec::new() };
        for (at, c) in original.char_indices().filter(|(_, c)| !is_invisible(*c)) {
            fold(c, &mut folded.text);
            folded.origins.resize(folded.text.len(), at);
        }
        folded.origins.push(original.len());
        folded
    }

    /// The folded text with a [`BREAK`] wherever digits of one kind stand beside those of another,
    /// and so perhaps beside a number that they are no part of.
    pub(super) fn with_breaks(original: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(original.len()), origins: Vec::new() };
        let mut last = None;
        for (at, c) in original.char_indices().filter(|(_, c)| !is_invisible(*c)) {
            let form = Form::of(c);
            if form.is_some() && last.is_some() && form != last {
                folded.text.push(BREAK);
            }
            last = form;
            fold(c, &mut folded.text);
            folded.origins.resize(folded.text.len(), at);
        }
        folded.origins.push(original.len());
        folded
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The part of the original that a part of the folded text comes from.
    pub(super) fn original(&self, range: Range<usize>) -> Option<Range<usize>> {
        Some(*self.origins.get(range.start)?..*self.origins.get(range.end)?)
    }
}

/// What digits that belong to one number have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Ascii,
    /// A script, by its zero.
    Script(u32),
    Superscript,
    Subscript,
    /// In a circle.
    Circled,
    /// Anything else that stands for one or more digits, mostly with marks: `⒈`, `⑴`, `🄀`.
    Other,
}

impl Form {
    fn of(c: char) -> Option<Self> {
        match c {
            '0'..='9' => Some(Self::Ascii),
            _ if c.is_ascii() => None,
            '\u{b2}'..='\u{b3}' | '\u{b9}' | '\u{2070}'..='\u{2079}' => Some(Self::Superscript),
            '\u{2080}'..='\u{2089}' => Some(Self::Subscript),
            '\u{2460}'..='\u{2473}' | '\u{24ea}' => Some(Self::Circled),
            _ => match zero_of(c) {
                Some((zero, _)) => Some(Self::Script(zero)),
                None => c.nfkc().any(|folded| folded.is_ascii_digit()).then_some(Self::Other),
            },
        }
    }
}

fn fold(c: char, to: &mut String) {
    if c.is_ascii() {
        to.push(c);
    } else if let Some(ascii) = decimal_digit(c).or_else(|| dash_or_space(c)) {
        to.push(ascii);
    } else if c.nfkc().all(|folded| folded.is_ascii()) {
        to.extend(c.nfkc());
    } else {
        to.push(c);
    }
}

/// The characters that take no room on a screen: Unicode's `Default_Ignorable_Code_Point` as far as
/// it is assigned.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn dash_or_space(c: char) -> Option<char> {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => Some('-'),
        // The only space of a line that compatibility does not make a plain one.
        '\u{1680}' => Some(' '),
        _ => None,
    }
}

/// The ASCII digit for a decimal digit of any script: each script has its ten in a row.
fn decimal_digit(c: char) -> Option<char> {
    zero_of(c).map(|(_, digit)| digit)
}

/// The zero of a decimal digit's script, and the ASCII digit for it.
fn zero_of(c: char) -> Option<(u32, char)> {
    let code = u32::from(c);
    let before = ZEROS.partition_point(|zero| *zero <= code);
    let zero = *ZEROS.get(before.checked_sub(1)?)?;
    Some((zero, char::from_digit(code - zero, 10)?))
}

/// The zero of each script: the code points of category Nd with the value 0, in Unicode 15.
const ZEROS: [u32; 65] = [
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66,
    0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50,
    0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::string_slice, reason = "tests may fail loudly")]

    use super::*;

    #[test]
    fn digits_of_every_script_and_width_are_digits() {
        let folded = Folded::of("４１ ٤١ 𝟒𝟏 ④① ४१");
        assert_eq!(folded.as_str(), "41 41 41 41 41");
    }

    #[test]
    fn what_cannot_be_seen_is_left_out_and_comes_back_with_the_range() {
        let original = "é4\u{200b}1\u{ad}1x";
        let folded = Folded::of(original);
        assert_eq!(folded.as_str(), "é411x");
        let range = folded.original(2..5).unwrap();
        assert_eq!(&original[range], "4\u{200b}1\u{ad}1");
    }

    #[test]
    fn spaces_within_a_line_are_plain_spaces() {
        let is_space = |c: &char| c.is_whitespace() && !c.is_ascii();
        for c in ('\0'..=char::MAX).filter(is_space) {
            let ends_line = matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
            let expected = if ends_line { c } else { ' ' };
            assert_eq!(Folded::of(&c.to_string()).as_str(), expected.to_string(), "{c:?}");
        }
    }

    #[test]
    fn other_letters_stay() {
        assert_eq!(Folded::of("Grüße, 東京").as_str(), "Grüße, 東京");
    }
}
