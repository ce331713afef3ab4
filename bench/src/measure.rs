//! Timing: rounds in turn, medians, percentiles.

use std::time::{Duration, Instant};

use anyhow::Result;

/// How much is measured.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    /// How often each contestant has its turn.
    pub(crate) rounds: usize,
    /// How long a turn takes that measures something small over and over.
    pub(crate) turn: Duration,
    /// How long a turn takes that waits for a disk.
    pub(crate) disk_turn: Duration,
    /// Numbers of classes.
    pub(crate) classes: &'static [usize],
    /// Numbers of callers.
    pub(crate) callers: &'static [usize],
    /// Numbers of connections.
    pub(crate) connections: &'static [usize],
    /// Actions that wait for people at the same time.
    pub(crate) waits: usize,
    /// Whether what has to be installed first is measured as well.
    pub(crate) is_full: bool,
    /// Entries of the log that is verified and opened.
    pub(crate) entries: u64,
    /// Decisions that the daemon makes while its memory is watched.
    pub(crate) soaked: u64,
    /// Decisions whose stages are timed one by one.
    pub(crate) staged: usize,
}

impl Scale {
    pub(crate) const FULL: Self = Self {
        rounds: 5,
        turn: Duration::from_millis(200),
        disk_turn: Duration::from_millis(1_500),
        classes: &[10, 100, 1_000, 10_000],
        callers: &[1, 8, 64, 512],
        connections: &[1, 8, 64, 256],
        waits: 15_000,
        is_full: true,
        entries: 1_000_000,
        soaked: 10_000_000,
        staged: 20_480,
    };

    /// Enough to see that everything still runs.
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        turn: Duration::from_millis(5),
        disk_turn: Duration::from_millis(40),
        classes: &[10, 40],
        callers: &[1, 8],
        connections: &[1, 4],
        waits: 40,
        is_full: false,
        entries: 600,
        soaked: 2_000,
        staged: 128,
    };
}

/// One of the things that are compared: each call of it is one turn, and gives one figure.
pub(crate) type Contestant<'a, T> = Box<dyn FnMut() -> Result<T> + 'a>;

/// Gives each contestant its turn, round by round. The figures of one contestant are together.
pub(crate) fn in_turn<T>(
    rounds: usize,
    contestants: &mut [Contestant<'_, T>],
) -> Result<Vec<Vec<T>>> {
    let mut figures: Vec<Vec<T>> = contestants.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (contestant, figures) in contestants.iter_mut().zip(&mut figures) {
            figures.push(contestant()?);
        }
    }
    Ok(figures)
}

/// The median time that one call of `work` takes, in nanoseconds, over as many as fit in a turn.
pub(crate) fn median_ns<T>(turn: Duration, mut work: impl FnMut(usize) -> T) -> f64 {
    let mut times = Times::default();
    let begin = Instant::now();
    for nth in 0.. {
        times.time(|| work(nth));
        if begin.elapsed() >= turn {
            break;
        }
    }
    times.percentile(50.0)
}

/// How long each of many things took.
#[derive(Debug, Default)]
pub(crate) struct Times {
    nanos: Vec<f64>,
}

impl Times {
    /// Times one thing.
    pub(crate) fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let result = std::hint::black_box(work());
        self.add(begin.elapsed());
        result
    }

    pub(crate) fn add(&mut self, time: Duration) {
        self.nanos.push(time.as_secs_f64() * 1e9);
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.nanos.extend(others.nanos);
    }

    pub(crate) fn len(&self) -> usize {
        self.nanos.len()
    }

    /// The time within which so many of a hundred were done, in nanoseconds.
    pub(crate) fn percentile(&self, of_hundred: f64) -> f64 {
        percentile(&self.nanos, of_hundred)
    }

    /// All of it, in nanoseconds.
    pub(crate) fn total(&self) -> f64 {
        self.nanos.iter().sum()
    }
}

pub(crate) fn median(figures: &[f64]) -> f64 {
    percentile(figures, 50.0)
}

fn percentile(figures: &[f64], of_hundred: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = float(sorted.len().saturating_sub(1)) * of_hundred / 100.0;
    let at = (0..sorted.len()).find(|at| float(*at) >= rank);
    at.and_then(|at| sorted.get(at)).copied().unwrap_or(f64::NAN)
}

/// A count as a float.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts here are far below what a double holds exactly"
)]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_figures_that_were_seen() {
        let figures = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(
            [0.0, 50.0, 99.0, 100.0].map(|at| percentile(&figures, at)),
            [1.0, 3.0, 5.0, 5.0]
        );
        assert!(percentile(&[], 50.0).is_nan());
    }

    #[test]
    fn contestants_take_turns() {
        let order = std::cell::RefCell::new(String::new());
        let turn = |name: char| {
            let order = &order;
            let contestant: Contestant<'_, char> = Box::new(move || {
                order.borrow_mut().push(name);
                Ok(name)
            });
            contestant
        };
        let figures = in_turn(2, &mut [turn('a'), turn('b')]);
        assert_eq!(figures.ok(), Some(vec![vec!['a', 'a'], vec!['b', 'b']]));
        assert_eq!(*order.borrow(), "abab");
    }
}
