//! Finding the next byte of a string that needs attention, eight bytes at a time.

const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

/// How many leading bytes stand for themselves in a JSON string: all before the first quote,
/// backslash or control character.
pub(super) fn plain_len(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut len = 0;
    for word in words {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return len + usize::try_from(marks.trailing_zeros() / 8).unwrap_or(0);
        }
        len += 8;
    }
    len + tail.iter().position(|byte| is_special(*byte)).unwrap_or(tail.len())
}

/// Whether a byte cannot stand for itself in a JSON string.
fn is_special(byte: u8) -> bool {
    matches!(byte, 0..=0x1f | b'"' | b'\\')
}

/// The high bit of every special byte. A borrow can only mark a byte *after* a special one, so the
/// lowest mark is always right.
fn marks(word: u64) -> u64 {
    (below(word, 0x20) | equal(word, b'"') | equal(word, b'\\')) & HIGH_BITS
}

fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES.wrapping_mul(u64::from(limit))) & !word
}

fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ ONES.wrapping_mul(u64::from(byte)), 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_looking_at_each_byte(bytes: Vec<u8>, pad in 0usize..20) {
            let padded: Vec<u8> = std::iter::repeat_n(b'x', pad).chain(bytes).collect();
            let slow = padded.iter().position(|b| is_special(*b)).unwrap_or(padded.len());
            prop_assert_eq!(plain_len(&padded), slow);
        }
    }
}
