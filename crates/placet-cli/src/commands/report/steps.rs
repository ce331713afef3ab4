//! Amounts, counted by the round number that they stay below: 1, 2, 5, 10, 20, 50 and so on.
//!
//! A cap is a round number. So it is known exactly how many amounts a round cap lets pass, however
//! many there were, in a few dozen counters.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use placet_core::Amount;

/// The round numbers, from a hundredth up to the largest amounts.
static STEPS: LazyLock<Vec<Amount>> = LazyLock::new(|| {
    let powers = (0..15).map(|zeros| format!("1{}", "0".repeat(zeros)));
    let whole = powers.flat_map(|power| ["1", "2", "5"].map(|first| power.replacen('1', first, 1)));
    let cents = ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5"].map(str::to_owned);
    cents.into_iter().chain(whole).filter_map(|text| text.parse().ok()).collect()
});

/// Amounts by the least round number that is not below them.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    counts: BTreeMap<usize, u64>,
    total: u64,
}

impl Steps {
    /// Takes in an amount. One below zero is under no cap, one beyond the last step above all.
    pub(super) fn add(&mut self, amount: Amount) {
        if amount.is_negative() {
            return;
        }
        let step = STEPS.partition_point(|step| *step < amount);
        *self.counts.entry(step).or_default() += 1;
        self.total += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (step, count) in &other.counts {
            *self.counts.entry(*step).or_default() += count;
        }
        self.total += other.total;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// How many are surely not above a cap: exactly so many for a round one.
    pub(super) fn within(&self, cap: Amount) -> u64 {
        let below = STEPS.partition_point(|step| *step <= cap);
        self.counts.range(..below).map(|(_, count)| count).sum()
    }

    /// The least round number that so many of a hundred are not above, and that is not above `most`.
    pub(super) fn fitting(&self, percent: u64, most: Option<Amount>) -> Option<Amount> {
        let wanted = (self.total * percent).div_ceil(100);
        let mut seen = 0;
        let enough = self.counts.iter().find(|(_, count)| {
            seen += **count;
            seen >= wanted
        });
        let step = STEPS.get(*enough?.0).or(STEPS.last())?;
        match most.filter(|most| step > most) {
            None => Some(*step),
            Some(most) => STEPS.iter().rev().find(|step| **step <= most).copied(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{Amount, STEPS, Steps};

    fn steps(amounts: &[&str]) -> Steps {
        let mut steps = Steps::default();
        amounts.iter().for_each(|amount| steps.add(amount.parse().unwrap()));
        steps
    }

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn the_steps_rise() {
        assert!(STEPS.is_sorted_by(|one, next| one < next));
        assert_eq!((STEPS.len(), STEPS.first()), (51, Some(&amount("0.01"))));
    }

    #[test]
    fn a_round_cap_counts_exactly_and_equal_passes() {
        let steps = steps(&["100", "100.01", "42", "0", "-5", "999999999999999"]);
        assert_eq!(steps.within(amount("100")), 3);
        assert_eq!(steps.within(amount("200")), 4);
        // Between two steps it is a lower bound.
        assert_eq!(steps.within(amount("150")), 3);
        assert_eq!(steps.within(amount("0.001")), 0);
    }

    #[test]
    fn the_fitting_cap_lets_enough_pass_and_stays_below_the_limit() {
        let mut amounts = vec!["30"; 9];
        amounts.push("7000");
        assert_eq!(steps(&amounts).fitting(90, None), Some(amount("50")));
        assert_eq!(steps(&amounts).fitting(90, Some(amount("45"))), Some(amount("20")));
        assert_eq!(steps(&["30", "7000"]).fitting(50, None), Some(amount("50")));
        assert_eq!(steps(&["30", "7000"]).fitting(90, None), Some(amount("10000")));
        assert_eq!(steps(&[]).fitting(90, None), None);
    }
}
