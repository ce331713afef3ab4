//! Every limit of the core, each with the reason for its size.

/// Levels of arrays and objects that a document may nest. Real tool calls stay under ten; parsing,
/// writing and dropping a value recurse once per level, so this also bounds their stack.
pub const MAX_JSON_DEPTH: u8 = 64;

/// Bytes of one JSON document. It fits a file that an agent writes, and a few hundred of them in
/// flight at once still fit the memory of a small machine.
pub const MAX_JSON_BYTES: usize = 1024 * 1024;

/// The largest whole number whose neighbours a double can still tell apart: 2^53 − 1. Beyond it
/// two different literals become one number, so two different actions would share a digest.
pub const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;

/// Digits before the decimal point of an amount: just under a quadrillion, more than any account
/// holds in a currency in use.
pub const MAX_AMOUNT_INTEGER_DIGITS: u32 = 15;

/// Digits after the decimal point of an amount: the smallest unit of the finest-grained currency
/// in wide use (one wei is 10^-18 ether).
pub const MAX_AMOUNT_FRACTION_DIGITS: u32 = 18;

/// Characters of a currency code: ISO 4217 codes have three, names of tokens are longer.
pub const MAX_CURRENCY_CHARS: usize = 12;

/// Characters of the caller's own text that an error message quotes: enough to find the place,
/// too little to flood a log.
pub const MAX_QUOTED_CHARS: usize = 40;

const _: () = assert!(
    MAX_AMOUNT_INTEGER_DIGITS + MAX_AMOUNT_FRACTION_DIGITS <= 37,
    "the sum of two amounts must fit an i128, which holds 38 digits"
);
