//! Tells what was drawn at random from what was written by a person.

/// Least length of a text that can look random.
const MIN_RANDOM: usize = 16;

/// Least entropy, in bits for each character. Random base64 of 20 characters is near 4, English
/// prose near 3, and a counter or a repeated word far below.
const MIN_BITS: f64 = 3.3;

/// Least entropy of hexadecimal text, whose 16 digits cannot exceed 4.
const MIN_HEX_BITS: f64 = 2.8;

/// Whether a text has digits or changes between small and capital letters inside, as no word does.
pub(super) fn is_coded(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut pairs = bytes.array_windows();
    bytes.iter().any(u8::is_ascii_digit)
        || pairs.any(|[a, b]| a.is_ascii_lowercase() && b.is_ascii_uppercase())
}

/// Whether a text was most likely drawn at random: letters and digits, evenly spread, and not of a
/// form that names things in public.
pub(super) fn is_random(text: &str) -> bool {
    let has = |class: fn(&u8) -> bool| text.as_bytes().iter().any(class);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let least = if is_hex { MIN_HEX_BITS } else { MIN_BITS };
    text.len() >= MIN_RANDOM && is_mixed && !is_uuid(text) && !is_wordy(text) && bits(text) >= least
}

/// Shannon entropy, in bits for each byte.
fn bits(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count = count.saturating_add(1);
        }
    }
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / total);
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

/// 8-4-4-4-12 hexadecimal digits: the name of something, and shown everywhere.
fn is_uuid(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.split('-').all(is_hex)
}

/// Words joined by marks, such as `release-2024-notes` or `src/cards/mod2`: most parts are letters
/// of one case, or digits.
fn is_wordy(text: &str) -> bool {
    let mut parts = text.split(['-', '_', '/', '.', '+', '=']).filter(|part| !part.is_empty());
    let is_plain = |part: &str| {
        let all = |class: fn(&u8) -> bool| part.as_bytes().iter().all(class);
        all(u8::is_ascii_lowercase)
            || all(u8::is_ascii_uppercase)
            || all(u8::is_ascii_digit)
            || part.len() <= 4
            || part.get(1..).is_some_and(|tail| tail.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    parts.all(is_plain)
}
