//! Decimals as they are written, to tell whether a double keeps them.

/// Any decimal of at most this many significant digits is the shortest text of its double (the
/// precision that every normal double guarantees), so it need not be compared.
const ALWAYS_EXACT_DIGITS: u32 = 15;

/// A decimal in lowest terms: `coefficient × 10^exponent`, the coefficient without trailing zeros.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) negative: bool,
    pub(crate) coefficient: u64,
    pub(crate) exponent: i64,
}

impl Decimal {
    /// The decimal that the shortest text of `value` denotes.
    pub(super) fn of(value: f64) -> Self {
        let zero = Self { negative: false, coefficient: 0, exponent: 0 };
        let mut buffer = ryu_js::Buffer::new();
        Literal::scan(buffer.format_finite(value)).and_then(|it| it.decimal).unwrap_or(zero)
    }

    fn digits(self) -> u32 {
        self.coefficient.checked_ilog10().map_or(0, |log| log + 1)
    }
}

/// A number literal, taken apart.
pub(super) struct Literal {
    /// Without fraction and exponent.
    pub(super) is_integer: bool,
    /// `None` if there are more significant digits than fit, and so more than any double's
    /// shortest text has.
    decimal: Option<Decimal>,
}

impl Literal {
    /// Takes `text` apart if it follows the grammar of RFC 8259, section 6.
    pub(super) fn scan(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = split(unsigned, &['e', 'E']);
        let (integer, fraction) = split(mantissa, &['.']);
        let well_formed = is_digits(integer)
            && (integer == "0" || !integer.starts_with('0'))
            && fraction.is_none_or(is_digits)
            && exponent.is_none_or(|text| is_digits(text.strip_prefix(['+', '-']).unwrap_or(text)));
        well_formed.then(|| Self {
            is_integer: fraction.is_none() && exponent.is_none(),
            decimal: decimal(negative, integer, fraction.unwrap_or(""), exponent.unwrap_or("0")),
        })
    }

    /// Whether the shortest text of `value` denotes this decimal.
    pub(super) fn denotes(&self, value: f64) -> bool {
        let Some(decimal) = self.decimal else { return false };
        let obvious = decimal.digits() <= ALWAYS_EXACT_DIGITS && value.is_normal();
        obvious || decimal.coefficient == 0 || decimal == Decimal::of(value)
    }
}

fn decimal(negative: bool, integer: &str, fraction: &str, exponent: &str) -> Option<Decimal> {
    let mut coefficient: u64 = 0;
    let mut zeros: u32 = 0;
    for byte in integer.bytes().chain(fraction.bytes()) {
        if byte == b'0' {
            zeros = zeros.saturating_add(1);
            continue;
        }
        // Zeros count once a digit follows them; before the first digit they shift nothing.
        if coefficient != 0 {
            coefficient = coefficient.checked_mul(10_u64.checked_pow(zeros.checked_add(1)?)?)?;
        }
        coefficient = coefficient.checked_add(u64::from(byte - b'0'))?;
        zeros = 0;
    }
    if coefficient == 0 {
        return Some(Decimal { negative: false, coefficient, exponent: 0 });
    }
    let places = i64::try_from(fraction.len()).ok()?;
    let exponent = power(exponent).saturating_sub(places).saturating_add(zeros.into());
    Some(Decimal { negative, coefficient, exponent })
}

/// The exponent, saturating: one that does not fit is beyond every double anyway.
fn power(text: &str) -> i64 {
    let digits = text.trim_start_matches(['+', '-']);
    let magnitude = digits
        .bytes()
        .fold(0_i64, |sum, byte| sum.saturating_mul(10).saturating_add(i64::from(byte - b'0')));
    if text.starts_with('-') { -magnitude } else { magnitude }
}

fn split<'a>(text: &'a str, separators: &[char]) -> (&'a str, Option<&'a str>) {
    match text.split_once(separators) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
