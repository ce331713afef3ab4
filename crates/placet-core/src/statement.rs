//! How much a text says to a person: what counts toward the least length of a statement.

use unicode_segmentation::UnicodeSegmentation as _;

/// How many grapheme clusters of a text show something. White space counts between words, and not
/// at the ends; what is invisible never counts.
#[must_use]
pub fn visible_length(text: &str) -> usize {
    text.trim_matches(is_blank)
        .graphemes(true)
        .filter(|cluster| !cluster.chars().all(is_invisible))
        .count()
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// Whether a character shows nothing by itself: controls, and what Unicode lists as ignorable or
/// as a filler.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164
            | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0xE0000..=0xE0FFF
            | 0x1D173..=0x1D17A)
}
