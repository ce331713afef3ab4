//! How long a statement is, as a person would count.

use unicode_segmentation::UnicodeSegmentation;

/// The length of a statement: its grapheme clusters that can be seen, and the gaps between them.
///
/// - `e` with an accent, a flag, a family of emoji are one cluster each, however many code points
///   they have, and so is a letter under a hundred combining marks.
/// - A run of white space between two visible clusters counts as one; at the ends it counts for
///   nothing. For ordinary prose this is the number of characters after trimming, and nobody
///   reaches a length by leaning on the space bar.
/// - Clusters of nothing but control, zero-width, filler or combining characters do not count.
///
/// ```
/// use placet_core::signoff::visible_length;
///
/// assert_eq!(visible_length("  I read it \n"), 9);
/// assert_eq!(visible_length("I      read\u{200b}\u{200b} it"), 9);
/// assert_eq!(visible_length("\u{2060}\u{3164}\u{301}"), 0);
/// ```
#[must_use]
pub fn visible_length(statement: &str) -> usize {
    let mut length = 0;
    let mut is_after_gap = false;
    for cluster in statement.graphemes(true) {
        if cluster.chars().any(is_visible) {
            length += 1 + usize::from(is_after_gap && length > 0);
            is_after_gap = false;
        } else {
            is_after_gap |= cluster.chars().any(char::is_whitespace);
        }
    }
    length
}

/// Whether a cluster can be seen for this character's sake.
fn is_visible(c: char) -> bool {
    c.is_ascii_graphic()
        || !(c.is_ascii() || c.is_whitespace() || is_blank(c) || is_mark(c) || is_control(c))
}

/// The characters that are letters or symbols to Unicode and yet leave the paper white: the Hangul
/// fillers, the empty Braille cell and the null notehead.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{1d159}')
}

/// Whether it only ever adds to the character before it: combining marks, joiners, selectors, tags.
fn is_mark(c: char) -> bool {
    clusters('a', c) == 1
}

/// Whether not even a combining mark attaches to it: controls, formats, separators, and the code
/// points that Unicode reserves for more of those.
fn is_control(c: char) -> bool {
    const ACUTE: char = '\u{301}';
    clusters(c, ACUTE) == 2
}

fn clusters(first: char, second: char) -> usize {
    String::from_iter([first, second]).graphemes(true).count()
}
