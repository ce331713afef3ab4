//! Finds the numbers of payment cards.
//!
//! A card number is 13 to 19 digits that begin with the prefix of an issuer and end with a check
//! digit (Luhn, ISO/IEC 7812-1), written in one piece or in the usual groups. One number in ten
//! passes the check digit by chance, so prefix, length and grouping must fit as well. The networks'
//! test numbers count: a detector that knew them would have to be trusted to know all of them.

use std::ops::Range;

use super::fold::BREAK;

/// Fewest digits of a card number.
const MIN_DIGITS: usize = 13;
/// Most digits of a card number.
const MAX_DIGITS: usize = 19;
/// Most characters between two groups of digits that still belong together.
const MAX_GAP: usize = 3;
/// From this length on, letters and digits that are all hexadecimal are a hash and no number.
const MIN_HASH: usize = 24;

/// Where card numbers stand in a text. Only ASCII digits count; fold the text first.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    if bytes.iter().filter(|byte| byte.is_ascii_digit()).count() < MIN_DIGITS {
        return found;
    }
    let groups = groups(bytes);
    for chain in groups.chunk_by(|a, b| are_linked(bytes, a, b)) {
        search(bytes, chain, &mut found);
    }
    found
}

/// Where card numbers stand in a text in which [`BREAK`]s keep digits of different kinds apart: on
/// one side of a break or across several of them.
pub(super) fn find_mixed(text: &str) -> Vec<Range<usize>> {
    let mut found = find(text);
    let bytes = text.as_bytes();
    let is_broken = |a: &Range<usize>, b: &Range<usize>| {
        text.get(a.end..b.start).is_some_and(|gap| gap.chars().eq([BREAK]))
    };
    for chain in groups(bytes).chunk_by(is_broken) {
        for start in 0..chain.len() {
            let pieces = chain.get(start..).unwrap_or_default();
            let heads = (2..=MAX_DIGITS).rev().filter_map(|count| pieces.get(..count));
            found.extend(heads.filter(|head| is_card(bytes, head)).find_map(spanning));
        }
    }
    found
}

/// Every maximal run of digits.
fn groups(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
        match groups.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            _ => groups.push(at..at + 1),
        }
    }
    groups
}

fn are_linked(bytes: &[u8], a: &Range<usize>, b: &Range<usize>) -> bool {
    let gap = bytes.get(a.end..b.start).unwrap_or_default();
    gap.len() <= MAX_GAP && gap.iter().all(|byte| b" -._/\t".contains(byte))
}

/// Looks for card numbers among groups of digits that stand together.
fn search(bytes: &[u8], mut chain: &[Range<usize>], found: &mut Vec<Range<usize>>) {
    let total: usize = chain.iter().map(Range::len).sum();
    if is_even(chain) && total <= MAX_DIGITS && is_card(bytes, chain) {
        found.extend(spanning(chain));
        return;
    }
    let mut before: Option<&Range<usize>> = None;
    while let Some((first, rest)) = chain.split_first() {
        let count = if is_in_hash(bytes, first) || is_fraction(bytes, before, first) {
            0
        } else {
            grouped(bytes, chain)
        };
        found.extend(chain.get(..count).and_then(spanning));
        before = chain.get(count.max(1) - 1);
        chain = if count == 0 { rest } else { chain.get(count..).unwrap_or_default() };
    }
}

/// How many groups, from the first on, make up a card number; the longest that fits, or 0.
fn grouped(bytes: &[u8], chain: &[Range<usize>]) -> usize {
    let fits = |count: &usize| {
        let groups = chain.get(..*count).unwrap_or_default();
        groups.len() == *count && is_usual(groups) && is_card(bytes, groups)
    };
    [5, 4, 3, 1].into_iter().find(fits).unwrap_or(0)
}

/// The ways in which card numbers are printed: in one piece, in fours, 4-6-5 and 4-6-4.
fn is_usual(groups: &[Range<usize>]) -> bool {
    let Some((last, first)) = groups.split_last() else { return false };
    let in_fours = first.iter().all(|group| group.len() == 4) && last.len() <= 4;
    let lengths = || groups.iter().map(Range::len);
    first.is_empty() || in_fours || lengths().eq([4, 6, 5]) || lengths().eq([4, 6, 4])
}

/// Whether all groups have one length; the last may be shorter. In a list of such a length, only the
/// whole can be a card number.
fn is_even(groups: &[Range<usize>]) -> bool {
    let length = groups.first().map_or(0, Range::len);
    groups.split_last().is_some_and(|(last, first)| {
        !first.is_empty() && last.len() <= length && first.iter().all(|group| group.len() == length)
    })
}

fn is_card(bytes: &[u8], groups: &[Range<usize>]) -> bool {
    let mut digits = [0; MAX_DIGITS];
    let mut length = 0;
    for byte in groups.iter().filter_map(|group| bytes.get(group.clone())).flatten() {
        let Some(digit) = digits.get_mut(length) else { return false };
        *digit = byte.wrapping_sub(b'0');
        length += 1;
    }
    let digits = digits.get(..length).unwrap_or_default();
    length >= MIN_DIGITS && has_issuer(digits) && luhn(digits) && !is_barcode(digits)
}

/// Issuer prefixes and the lengths that go with them, as the networks publish them.
fn has_issuer(digits: &[u8]) -> bool {
    let prefix = |length: usize| {
        let head = digits.iter().take(length);
        head.fold(0_u32, |value, digit| value * 10 + u32::from(*digit))
    };
    match (digits.len(), prefix(2), prefix(4)) {
        (13 | 16 | 19, 40..=49, _) => true,              // Visa
        (16, 51..=55, _) | (16, _, 2221..=2720) => true, // Mastercard
        (15, 34 | 37, _) => true,                        // American Express
        (16..=19, 65, _) | (16..=19, _, 6011 | 6440..=6499) => true, // Discover
        (14..=19, 36 | 38 | 39, _) | (14..=19, _, 3000..=3059 | 3095) => true, // Diners Club
        (16..=19, _, 3528..=3589) => true,               // JCB
        (16..=19, 62 | 81, _) => true,                   // UnionPay
        (16..=19, _, 2200..=2204) => true,               // Mir
        (16, 60 | 82, _) | (16, _, 5080..=5089) => true, // RuPay
        (13..=19, _, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763) => true, // Maestro
        (16, _, 9792) => true,                           // Troy
        _ => false,
    }
}

/// The check digit: from the right, every second digit counts double, with its digits summed.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(*digit) * if at % 2 == 1 { 2 } else { 1 };
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Thirteen digits with the check digit of an EAN barcode, in which a shop's texts abound, while
/// cards of that length are no longer issued.
fn is_barcode(digits: &[u8]) -> bool {
    let weighted = digits
        .iter()
        .enumerate()
        .map(|(at, digit)| u32::from(*digit) * if at % 2 == 1 { 3 } else { 1 });
    digits.len() == 13 && weighted.sum::<u32>().is_multiple_of(10)
}

/// Whether digits belong to a hash: a run of hexadecimal digits that is longer than any card number.
fn is_in_hash(bytes: &[u8], group: &Range<usize>) -> bool {
    let is_hex = |byte: &&u8| byte.is_ascii_hexdigit();
    let before = bytes
        .get(..group.start)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(is_hex)
        .take(MIN_HASH)
        .count();
    let after =
        bytes.get(group.end..).unwrap_or_default().iter().take_while(is_hex).take(MIN_HASH).count();
    before + group.len() + after >= MIN_HASH
}

/// Whether digits are what follows the point of a decimal number.
fn is_fraction(bytes: &[u8], before: Option<&Range<usize>>, group: &Range<usize>) -> bool {
    let gap = before.and_then(|before| bytes.get(before.end..group.start));
    gap == Some(b".") && group.len() >= MIN_DIGITS
}

fn spanning(groups: &[Range<usize>]) -> Option<Range<usize>> {
    Some(groups.first()?.start..groups.last()?.end)
}
