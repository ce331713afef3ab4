//! Times are read and written as RFC 3339 says, by whichever way.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use placet_core::Timestamp;
use proptest::prelude::*;

fn general(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
}

proptest! {
    #[test]
    fn a_time_is_written_as_a_general_formatter_writes_it(ms in any::<i64>(), wide in any::<bool>()) {
        let time = Timestamp::from_millis(if wide { ms } else { ms % 10_000_000_000_000 });
        let expected = jiff::Timestamp::from_millisecond(time.as_millis()).unwrap();
        prop_assert_eq!(time.to_string(), format!("{expected:.3}"));
        prop_assert_eq!(time.to_string().parse(), Ok(time));
    }

    #[test]
    fn a_text_means_what_a_general_parser_reads(
        text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{3}Z",
    ) {
        prop_assert_eq!(text.parse().ok(), general(&text));
    }

    #[test]
    fn a_damaged_text_means_what_a_general_parser_reads(ms in any::<i64>(), at in 0..24_usize, by in " -~") {
        let mut text = Timestamp::from_millis(ms).to_string();
        text.replace_range(at..=at, &by);
        prop_assert_eq!(text.parse().ok(), general(&text));
    }
}

#[test]
fn leap_days_and_leap_seconds_are_told_from_days_that_never_were() {
    for (text, exists) in [
        ("2024-02-29T00:00:00.000Z", true),
        ("2023-02-29T00:00:00.000Z", false),
        ("1900-02-29T00:00:00.000Z", false),
        ("2000-02-29T23:59:59.999Z", true),
        ("2016-12-31T23:59:60.000Z", true),
        ("2026-04-31T00:00:00.000Z", false),
        ("2026-01-01T24:00:00.000Z", false),
    ] {
        let time = text.parse::<Timestamp>();
        assert_eq!(time.is_ok(), exists, "{text}");
        assert_eq!(time.ok(), general(text), "{text}");
    }
}
