//! Numbers that a double holds exactly.
//!
//! RFC 8785 writes numbers as ECMAScript does: the shortest decimal that reads back as the same
//! double. A literal that denotes another decimal than that one would change on its way through
//! the canonical form, and two such literals could share a digest. They are refused.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::decimal::{Decimal, Literal, is_digits};
use crate::limits::MAX_SAFE_INTEGER;
use crate::quote::quote;

/// From here on canonical text has an exponent, so it is no longer an integer literal.
const EXPONENT_FORM: f64 = 1e21;

/// A number whose canonical text denotes the same decimal as the literal it was read from.
///
/// INVARIANT: finite, not negative zero, and its canonical text reads back as the same number.
#[derive(Clone, Copy, PartialEq)]
pub struct Number(f64);

/// Why a number was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NumberError {
    /// It is not written as JSON numbers are.
    #[error("{} is not a JSON number; write digits as in -12.5 or 1e9", quote(.text))]
    Malformed {
        /// What was written.
        text: String,
    },
    /// It is `NaN` or infinite.
    #[error("{text} is not a number that JSON can express; leave the field out or write null")]
    NotFinite {
        /// What was written.
        text: String,
    },
    /// It is larger than every double.
    #[error("{0} is too large for a double; write {q}, a string", Shown(.text), q = quote(.text))]
    TooLarge {
        /// What was written.
        text: String,
    },
    /// The nearest double is written differently.
    #[error("{0} would be changed by a double; write {q}, a string", Shown(.text), q = quote(.text))]
    Inexact {
        /// What was written.
        text: String,
    },
    /// A whole number beyond ±(2^53 − 1).
    #[error(
        "{0} is beyond {MAX_SAFE_INTEGER}, where readers of JSON begin to confuse whole numbers; \
         write {q}, a string", Shown(.text), q = quote(.text)
    )]
    UnsafeInteger {
        /// What was written.
        text: String,
    },
}

impl Number {
    /// Zero.
    pub const ZERO: Self = Self(0.0);

    /// The number `value`, if canonical text can carry it.
    pub fn new(value: f64) -> Result<Self, NumberError> {
        if !value.is_finite() {
            return Err(NumberError::NotFinite { text: value.to_string() });
        }
        let number = Self::unchecked(value);
        if number.is_unsafe_integer() {
            return Err(NumberError::UnsafeInteger { text: number.to_string() });
        }
        Ok(number)
    }

    /// The number as a double.
    pub fn as_f64(self) -> f64 {
        self.0
    }

    /// The number as an integer, if it is a whole number within ±(2^53 − 1).
    pub fn as_i64(self) -> Option<i64> {
        let magnitude = i64::try_from(magnitude(self.0)?).ok()?;
        Some(if self.0 < 0.0 { -magnitude } else { magnitude })
    }

    pub(super) fn write_canonical(self, out: &mut Vec<u8>) {
        // Most numbers are whole, and their digits need no search for the shortest text.
        if let Some(magnitude) = magnitude(self.0) {
            if self.0 < 0.0 {
                out.push(b'-');
            }
            return write_digits(magnitude, out);
        }
        out.extend_from_slice(ryu_js::Buffer::new().format_finite(self.0).as_bytes());
    }

    /// The decimal that the canonical text denotes.
    pub(crate) fn decimal(self) -> Decimal {
        Decimal::of(self.0)
    }

    /// RFC 8785 writes negative zero as `0`.
    fn unchecked(value: f64) -> Self {
        Self(if value == 0.0 { 0.0 } else { value })
    }

    /// Whether the canonical text is an integer literal that other readers of JSON could confuse
    /// with its neighbour. `1e20` is one: canonically it is `100000000000000000000`.
    fn is_unsafe_integer(self) -> bool {
        let magnitude = self.0.abs();
        magnitude > whole(MAX_SAFE_INTEGER) && magnitude < EXPONENT_FORM
    }
}

/// Equality is that of finite doubles.
impl Eq for Number {}

impl std::hash::Hash for Number {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl FromStr for Number {
    type Err = NumberError;

    /// Reads a JSON number literal.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        if let Some(number) = short_integer(text) {
            return Ok(number);
        }
        let Some(literal) = Literal::scan(text) else { return Err(malformed(text)) };
        let value: f64 = text.parse().map_err(|_| malformed(text))?;
        if value.is_infinite() {
            return Err(NumberError::TooLarge { text: text.to_owned() });
        }
        let number = Self::unchecked(value);
        // An integer literal beyond the safe range is refused even where the double is exact:
        // 9007199254740992 is, but a reader cannot tell it from a rounded 9007199254740993.
        if number.is_unsafe_integer() || (literal.is_integer && value.abs() >= EXPONENT_FORM) {
            return Err(NumberError::UnsafeInteger { text: text.to_owned() });
        }
        if literal.denotes(value) {
            Ok(number)
        } else {
            Err(NumberError::Inexact { text: text.to_owned() })
        }
    }
}

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        Self(value.into())
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Self {
        Self(value.into())
    }
}

impl TryFrom<u64> for Number {
    type Error = NumberError;

    fn try_from(value: u64) -> Result<Self, NumberError> {
        if value > MAX_SAFE_INTEGER {
            return Err(NumberError::UnsafeInteger { text: value.to_string() });
        }
        Ok(Self(whole(value)))
    }
}

impl TryFrom<i64> for Number {
    type Error = NumberError;

    fn try_from(value: i64) -> Result<Self, NumberError> {
        if value.unsigned_abs() > MAX_SAFE_INTEGER {
            return Err(NumberError::UnsafeInteger { text: value.to_string() });
        }
        let magnitude = whole(value.unsigned_abs());
        Ok(Self(if value < 0 { -magnitude } else { magnitude }))
    }
}

/// The canonical text.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ryu_js::Buffer::new().format_finite(self.0))
    }
}

/// Hides the value, because it may be secret.
impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number(..)")
    }
}

/// Shows a literal without quotes; it consists of the characters of numbers only.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(quote(self.0).trim_matches('"'))
    }
}

/// Most numbers are whole and short; they need no comparison.
fn short_integer(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_short = digits.len() <= 15 && is_digits(digits);
    if !is_short || (digits.starts_with('0') && digits.len() > 1) {
        return None;
    }
    let magnitude = digits.bytes().fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0'));
    let signed = if digits.len() < text.len() { -whole(magnitude) } else { whole(magnitude) };
    Some(Number::unchecked(signed))
}

fn malformed(text: &str) -> NumberError {
    let word = text.trim_start_matches(['-', '+']).to_ascii_lowercase();
    let text = text.to_owned();
    match word.as_str() {
        "nan" | "inf" | "infinity" => NumberError::NotFinite { text },
        _ => NumberError::Malformed { text },
    }
}

/// `value` as a double; exact up to 2^53, which is all it is used for.
fn whole(value: u64) -> f64 {
    let half = |bits: u64| f64::from(u32::try_from(bits & 0xffff_ffff).unwrap_or(u32::MAX));
    half(value >> 32) * 4_294_967_296.0 + half(value)
}

/// The absolute value as an integer, if it is one below 2^53: read from the bits of the double, a
/// 52-bit fraction with a hidden leading one and an exponent biased by 1023.
fn magnitude(value: f64) -> Option<u64> {
    const FRACTION_BITS: u64 = 52;
    const HIDDEN_ONE: u64 = 1 << FRACTION_BITS;
    const BIAS: u64 = 1023;
    let bits = value.abs().to_bits();
    if bits == 0 {
        return Some(0);
    }
    let shift = (BIAS + FRACTION_BITS).checked_sub(bits >> FRACTION_BITS)?;
    let significand = (bits & (HIDDEN_ONE - 1)) | HIDDEN_ONE;
    let is_whole =
        shift <= FRACTION_BITS && significand.trailing_zeros() >= u32::try_from(shift).ok()?;
    is_whole.then(|| significand >> shift)
}

fn write_digits(mut rest: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 16];
    let mut start = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        start -= 1;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}
