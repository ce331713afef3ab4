//! Amounts of money: exact decimals, from the wire to the log, never doubles.
//!
//! `0.1 + 0.2` is not `0.3` in binary, and a cap that is missed by a rounding error is a cap that
//! does not hold. An [`Amount`] is a whole number of 10^-18 units, so every sum and comparison is
//! exact.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::Json;
use crate::json::Number;
use crate::limits::{MAX_AMOUNT_FRACTION_DIGITS, MAX_AMOUNT_INTEGER_DIGITS, MAX_CURRENCY_CHARS};
use crate::quote::quote;

/// Units in 1.
const ONE: i128 = 10_i128.pow(MAX_AMOUNT_FRACTION_DIGITS);

/// An exact decimal of at most 15 digits before the point and 18 after it.
///
/// ```
/// use placet_core::Amount;
///
/// let refund: Amount = "19.90".parse()?;
/// let total = refund.checked_add("0.10".parse()?).ok_or("too large")?;
/// assert_eq!(total.to_string(), "20");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(
    /// INVARIANT: within [`Amount::MIN`] and [`Amount::MAX`], so that the text of every amount
    /// can be read back.
    i128,
);

/// Why something is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AmountError {
    /// There is no text.
    #[error("the amount is empty; write a decimal number such as \"12.50\"")]
    Empty,
    /// The text is not a plain decimal number.
    #[error("{} is not a decimal number; {remedy}", quote(.text))]
    NotDecimal {
        /// What was written.
        text: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// More digits before the point than an amount holds.
    #[error(
        "{} has more than {MAX_AMOUNT_INTEGER_DIGITS} digits before the decimal point; \
         use a larger unit", quote(.text)
    )]
    TooManyIntegerDigits {
        /// What was written.
        text: String,
    },
    /// More digits after the point than an amount holds.
    #[error(
        "{} has more than {MAX_AMOUNT_FRACTION_DIGITS} digits after the decimal point; \
         round it first", quote(.text)
    )]
    TooManyFractionDigits {
        /// What was written.
        text: String,
    },
    /// A JSON value that is neither a string nor a number.
    #[error("an amount is a string such as \"12.50\" or a number, not {kind}")]
    WrongKind {
        /// What was found.
        kind: &'static str,
    },
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The largest amount: 15 nines, the point, 18 nines.
    pub const MAX: Self =
        Self(10_i128.pow(MAX_AMOUNT_INTEGER_DIGITS + MAX_AMOUNT_FRACTION_DIGITS) - 1);

    /// The smallest amount: the largest, negative.
    pub const MIN: Self = Self(-Self::MAX.0);

    /// The amount in a string or a number. A number counts as its shortest decimal text.
    pub fn from_json(value: &Json) -> Result<Self, AmountError> {
        match value {
            Json::String(text) => text.parse(),
            Json::Number(number) => Self::from_number(*number),
            other => Err(AmountError::WrongKind { kind: other.kind() }),
        }
    }

    /// Whether this is below zero.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The amount in units of 10^-`digits`, if it is a whole number of them.
    pub fn at_scale(self, digits: u32) -> Option<i128> {
        let unit = 10_i128.checked_pow(MAX_AMOUNT_FRACTION_DIGITS.checked_sub(digits)?)?;
        (self.0 % unit == 0).then_some(self.0 / unit)
    }

    /// The sum, unless it has too many digits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::in_range(self.0.checked_add(other.0)?)
    }

    /// The difference, unless it has too many digits.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Self::in_range(self.0.checked_sub(other.0)?)
    }

    /// The sum, or the nearest amount where it has too many digits. A budget that overflows is
    /// thus exhausted, not reset.
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0).clamp(Self::MIN.0, Self::MAX.0))
    }

    fn in_range(units: i128) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&units).then_some(Self(units))
    }

    fn from_number(number: Number) -> Result<Self, AmountError> {
        // Most numbers are whole and small, and need no text to be taken apart.
        if let Some(whole) = number.as_i64()
            && let Some(amount) = Self::in_range(i128::from(whole) * ONE)
        {
            return Ok(amount);
        }
        let decimal = number.decimal();
        let shift = decimal.exponent.saturating_add(MAX_AMOUNT_FRACTION_DIGITS.into());
        if shift < 0 {
            return Err(AmountError::TooManyFractionDigits { text: number.to_string() });
        }
        let magnitude = u32::try_from(shift)
            .ok()
            .and_then(|shift| 10_i128.checked_pow(shift))
            .and_then(|scale| scale.checked_mul(decimal.coefficient.into()));
        magnitude
            .and_then(|units| Self::in_range(if decimal.negative { -units } else { units }))
            .ok_or_else(|| AmountError::TooManyIntegerDigits { text: number.to_string() })
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        if text.is_empty() {
            return Err(AmountError::Empty);
        }
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (integer, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        if let Some(remedy) = remedy(text, integer, fraction) {
            return Err(AmountError::NotDecimal { text: text.to_owned(), remedy });
        }
        if exceeds(integer, MAX_AMOUNT_INTEGER_DIGITS) {
            return Err(AmountError::TooManyIntegerDigits { text: text.to_owned() });
        }
        if exceeds(fraction, MAX_AMOUNT_FRACTION_DIGITS) {
            return Err(AmountError::TooManyFractionDigits { text: text.to_owned() });
        }
        let magnitude = units(integer, fraction);
        Ok(Self(if unsigned.len() < text.len() { -magnitude } else { magnitude }))
    }
}

/// The shortest decimal text: `42`, `0.5`, `-3.25`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.abs();
        let integer = magnitude / ONE;
        let fraction = magnitude - integer * ONE;
        let sign = if self.is_negative() { "-" } else { "" };
        if fraction == 0 {
            return f.pad(&format!("{sign}{integer}"));
        }
        let fraction = format!("{fraction:018}");
        let text = format!("{sign}{integer}.{fraction}");
        f.pad(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize(deserializer, "an amount as a string, such as \"12.50\"")
    }
}

/// The code of a currency: three capital letters as in ISO 4217, or the 4 to 12 letters and digits
/// of a token. Case is kept and counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(Box<str>);

/// A text that is not the code of a currency.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{} is not a currency; write three capital letters such as \"EUR\", \
     or 4 to {MAX_CURRENCY_CHARS} letters and digits", quote(.text)
)]
pub struct CurrencyError {
    /// What was written.
    pub text: String,
}

impl Currency {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let is_code = match text.len() {
            3 => text.bytes().all(|byte| byte.is_ascii_uppercase()),
            4..=MAX_CURRENCY_CHARS => text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            _ => false,
        };
        is_code.then(|| Self(text.into())).ok_or_else(|| CurrencyError { text: text.to_owned() })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize(deserializer, "a currency such as \"EUR\"")
    }
}

/// What to do about a text that is not a plain decimal number; `None` if it is one.
fn remedy(text: &str, integer: &str, fraction: &str) -> Option<&'static str> {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(integer) || !digits(fraction) {
        Some(remedy_for_characters(text))
    } else if integer.is_empty() {
        Some("write a digit before the decimal point, as in \"0.5\"")
    } else if fraction.is_empty() {
        Some("write a digit after the decimal point or leave the point out")
    } else if integer.len() > 1 && integer.starts_with('0') {
        Some("leave out the leading zeros")
    } else {
        None
    }
}

fn remedy_for_characters(text: &str) -> &'static str {
    let is_number_like = text.bytes().any(|byte| byte.is_ascii_digit());
    if text.starts_with('+') {
        "leave out the plus sign"
    } else if text.contains(char::is_whitespace) {
        "leave out the spaces"
    } else if is_number_like && text.contains([',', '_', '\'']) {
        "leave out the separators between digits and write the decimal point as a point"
    } else if is_number_like && text.contains(['e', 'E']) {
        "write the digits out, without an exponent"
    } else {
        "write digits with at most one decimal point, as in \"12.50\""
    }
}

fn exceeds(digits: &str, limit: u32) -> bool {
    u32::try_from(digits.len()).map_or(true, |len| len > limit)
}

/// The units in digits that were counted: at most 33 of them, so nothing overflows.
fn units(integer: &str, fraction: &str) -> i128 {
    let padding = std::iter::repeat(b'0');
    let places = usize::try_from(MAX_AMOUNT_FRACTION_DIGITS).unwrap_or_default();
    let fraction = fraction.bytes().chain(padding).take(places);
    integer.bytes().chain(fraction).fold(0, |sum, byte| sum * 10 + i128::from(byte - b'0'))
}
