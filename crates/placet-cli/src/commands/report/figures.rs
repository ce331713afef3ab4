//! The figures of a report that are counted over time.

use std::collections::BTreeMap;

use placet::Timestamp;
use serde::Serialize;

use super::gather::{HOUR_MS, Verdicts};

/// Most bars of the chart over time: more are too thin on a phone.
const MAX_BARS: i64 = 60;

/// How many hours a bar may stand for.
const HOURS: [i64; 6] = [1, 6, 24, 7 * 24, 30 * 24, 365 * 24];

/// What was decided in a part of the time.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    pub(super) allowed: u64,
    pub(super) held: u64,
    pub(super) blocked: u64,
}

/// How long people took to answer.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Answers {
    pub(super) count: u64,
    /// Half of them took no longer.
    pub(super) p50_seconds: Option<u64>,
    /// So did 95 of 100.
    pub(super) p95_seconds: Option<u64>,
}

/// The time from the first decision to the last, in equal parts.
pub(super) fn spans(hours: &BTreeMap<i64, Verdicts>) -> Vec<Span> {
    let (Some((first, _)), Some((last, _))) = (hours.first_key_value(), hours.last_key_value())
    else {
        return Vec::new();
    };
    let fits = |each: &i64| last.div_euclid(*each) - first.div_euclid(*each) < MAX_BARS;
    let length = HOURS.into_iter().find(fits).unwrap_or(last - first + 1);
    let (from, until) = (first.div_euclid(length), last.div_euclid(length));
    (from..=until).map(|part| span(hours, part.saturating_mul(length), length)).collect()
}

fn span(hours: &BTreeMap<i64, Verdicts>, from: i64, length: i64) -> Span {
    let mut sum = Verdicts::default();
    for verdicts in hours.range(from..from.saturating_add(length)).map(|(_, verdicts)| verdicts) {
        sum.allowed += verdicts.allowed;
        sum.held += verdicts.held;
        sum.blocked += verdicts.blocked;
    }
    let Verdicts { allowed, held, blocked } = sum;
    Span { from: Timestamp::from_millis(from.saturating_mul(HOUR_MS)), allowed, held, blocked }
}

impl Answers {
    /// From how many took so many seconds.
    pub(super) fn new(seconds: &BTreeMap<u64, u64>) -> Self {
        let count: u64 = seconds.values().sum();
        let within = |percent: u64| {
            let wanted = (count * percent).div_ceil(100);
            let mut seen = 0;
            let mut each = seconds.iter();
            each.find(|(_, count)| {
                seen += **count;
                seen >= wanted
            })
            .map(|(seconds, _)| *seconds)
        };
        Self { count, p50_seconds: within(50), p95_seconds: within(95) }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::{Answers, BTreeMap, Verdicts, spans};

    fn decided(hours: &[i64]) -> BTreeMap<i64, Verdicts> {
        let one = Verdicts { allowed: 1, held: 2, blocked: 3 };
        hours.iter().map(|hour| (*hour, one)).collect()
    }

    #[test]
    fn parts_cover_all_and_are_few() {
        assert!(spans(&BTreeMap::new()).is_empty());
        for hours in [vec![7], vec![7, 9], vec![-5, 300], vec![0, 1_000_000], vec![0, 80_000_000]] {
            let spans = spans(&decided(&hours));
            assert!(spans.len() <= 60 || hours[1] > 60 * 365 * 24, "{hours:?}: {}", spans.len());
            let held: u64 = spans.iter().map(|span| span.held).sum();
            assert_eq!(held, 2 * u64::try_from(hours.len()).unwrap_or(0));
        }
        assert_eq!(spans(&decided(&[7, 9])).len(), 3);
    }

    #[test]
    fn percentiles_are_times_that_were_taken() {
        let answers = Answers::new(&(1..=100).map(|second| (second, 1)).collect());
        assert_eq!((answers.p50_seconds, answers.p95_seconds), (Some(50), Some(95)));
        let none = Answers::new(&BTreeMap::new());
        assert_eq!((none.count, none.p50_seconds), (0, None));
        let one = Answers::new(&[(9, 1)].into());
        assert_eq!((one.p50_seconds, one.p95_seconds), (Some(9), Some(9)));
    }
}
