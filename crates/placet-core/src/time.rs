//! Points in time, to the millisecond.
//!
//! The core has no clock: every function that needs the time takes a [`Timestamp`].

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::quote::quote;

/// A point in time in UTC, with the precision that the wire carries: milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is not an RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not a time; write RFC 3339 in UTC, like \"2026-01-31T09:30:00.000Z\"", quote(.0))]
pub struct TimestampError(String);

impl Timestamp {
    /// Milliseconds since 1970-01-01T00:00:00Z, clamped to what RFC 3339 can write in any time zone:
    /// from the year 0 to the last day but one of the year 9999.
    #[must_use]
    pub fn from_millis(ms: i64) -> Self {
        const YEAR_0: i64 = -62_167_219_200_000;
        const LAST: i64 = 253_402_207_199_999;
        Self(ms.clamp(YEAR_0, LAST))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// This time moved forward; at the end of time it stays there.
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(by))
    }

    /// How much later this time is than `earlier`; zero when it is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let ms = self.0.saturating_sub(earlier.0);
        Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The constructor keeps the value in range, so the fallback is never printed.
        let text = write(self.0).unwrap_or(*EPOCH);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = match read(text) {
            Some(time) => time,
            None => text.parse().map_err(|_| TimestampError(text.to_owned()))?,
        };
        Ok(Self::from_millis(time.as_millisecond()))
    }
}

/// The one text in which times are written, at the beginning of time.
const EPOCH: &[u8; 24] = b"1970-01-01T00:00:00.000Z";

/// Writes a time without the detours of a formatter: every entry of a log has one.
fn write(ms: i64) -> Option<[u8; 24]> {
    let time = jiff::Timestamp::from_millisecond(ms).ok()?;
    let at = Offset::UTC.to_datetime(time);
    let mut text = *EPOCH;
    digits(text.get_mut(0..4)?, at.year())?;
    digits(text.get_mut(5..7)?, at.month().into())?;
    digits(text.get_mut(8..10)?, at.day().into())?;
    digits(text.get_mut(11..13)?, at.hour().into())?;
    digits(text.get_mut(14..16)?, at.minute().into())?;
    digits(text.get_mut(17..19)?, at.second().into())?;
    digits(text.get_mut(20..23)?, at.millisecond())?;
    Some(text)
}

fn digits(places: &mut [u8], mut value: i16) -> Option<()> {
    for place in places.iter_mut().rev() {
        *place = b'0' + u8::try_from(value % 10).ok()?;
        value /= 10;
    }
    Some(())
}

/// Reads the text that [`write()`] writes. Any other spelling is left to the general parser.
#[rustfmt::skip]
fn read(text: &str) -> Option<jiff::Timestamp> {
    let &[
        y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T',
        h1, h2, b':', n1, n2, b':', s1, s2, b'.', f1, f2, f3, b'Z',
    ] = text.as_bytes() else { return None };
    let year = number([y1, y2, y3, y4])?;
    let (month, day) = (small([m1, m2])?, small([d1, d2])?);
    let (hour, minute, second) = (small([h1, h2])?, small([n1, n2])?, small([s1, s2])?);
    let nanos = i32::from(number([f1, f2, f3])?) * 1_000_000;
    let at = DateTime::new(year, month, day, hour, minute, second, nanos).ok()?;
    Offset::UTC.to_timestamp(at).ok()
}

fn small(digits: [u8; 2]) -> Option<i8> {
    number(digits).and_then(|number| number.try_into().ok())
}

fn number<const N: usize>(digits: [u8; N]) -> Option<i16> {
    digits.iter().try_fold(0, |number: i16, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
    })
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize(deserializer, "a time such as \"2026-01-31T09:30:00.000Z\"")
    }
}

/// Durations in the log and in snapshots: whole milliseconds.
pub(crate) mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(of: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(of.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

/// A duration as a person writes it: `15m`, `24h`, `90s`.
#[must_use]
pub fn human_duration(duration: Duration) -> String {
    const UNITS: [(u128, &str); 4] =
        [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let ms = duration.as_millis();
    UNITS
        .iter()
        .find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit))
        .map_or_else(|| format!("{ms}ms"), |(unit, name)| format!("{}{name}", ms / unit))
}
