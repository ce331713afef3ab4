//! Durations as people write them: `15m`, `24h`, `1h30m`.

use std::time::Duration;

/// The units, the longest first, with their length in milliseconds.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a duration as a policy has it, such as `1h30m`: whole numbers, each with its unit, the
/// longest unit first; `None` for anything else.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let mut units = UNITS.iter();
    let mut rest = text;
    let mut total: u64 = 0;
    loop {
        let digits_end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (digits, after) = rest.split_at_checked(digits_end)?;
        let unit_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit_end)?;
        // The iterator goes on behind the unit that it finds, so none comes twice or too late.
        let (_, ms) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(digits.parse::<u64>().ok()?.checked_mul(*ms)?)?;
        rest = after;
        if rest.is_empty() {
            return Some(Duration::from_millis(total));
        }
    }
}
