//! What was decided for a tenant since the daemon started, and how long it took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use placet::Verdict;

/// Longest time that is told apart from longer ones.
const MOST: Duration = Duration::from_secs(3_600);

/// Significant digits of a time: one percent is finer than anyone looks.
const DIGITS: u8 = 2;

/// What was decided, and how long it took.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    allowed: AtomicU64,
    held: AtomicU64,
    blocked: AtomicU64,
    /// Those that only the mode let through.
    would_have: AtomicU64,
    times: Mutex<Option<Histogram<u64>>>,
}

/// The figures at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) allowed: u64,
    pub(crate) held: u64,
    pub(crate) blocked: u64,
    pub(crate) would_have: u64,
    pub(crate) times: Option<Histogram<u64>>,
}

impl Figures {
    /// Counts a decision.
    pub(crate) fn decided(&self, verdict: Verdict, would_have: Option<Verdict>, took: Duration) {
        let counter = match verdict {
            Verdict::Allow => &self.allowed,
            Verdict::RequireApproval => &self.held,
            Verdict::Block => &self.blocked,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if would_have.is_some() {
            self.would_have.fetch_add(1, Ordering::Relaxed);
        }
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let most = micros(MOST);
        if times.is_none() {
            *times = Histogram::new_with_bounds(1, most, DIGITS).ok();
        }
        if let Some(times) = times.as_mut() {
            times.saturating_record(micros(took).clamp(1, most));
        }
    }

    /// What has come together so far.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            allowed: of(&self.allowed),
            held: of(&self.held),
            blocked: of(&self.blocked),
            would_have: of(&self.would_have),
            times: self.times.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

impl Snapshot {
    /// Adds those of another tenant.
    pub(crate) fn add(&mut self, other: Self) {
        self.allowed += other.allowed;
        self.held += other.held;
        self.blocked += other.blocked;
        self.would_have += other.would_have;
        self.times = match (self.times.take(), other.times) {
            (Some(mut all), Some(more)) => {
                let _same_bounds = all.add(more).is_ok();
                Some(all)
            }
            (all, more) => all.or(more),
        };
    }

    /// How many decisions there were.
    pub(crate) fn total(&self) -> u64 {
        self.allowed + self.held + self.blocked
    }

    /// The time in microseconds that so many percent of decisions did not exceed.
    pub(crate) fn percentile(&self, percent: f64) -> Option<u64> {
        self.times.as_ref().map(|times| times.value_at_percentile(percent))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
