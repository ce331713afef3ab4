//! How many decisions there were over time, for people to look at.
//!
//! It is counted from the log and not from requests, so it is right after a restart and on every
//! node. What was counted once is kept: a look at it reads only what the log got since.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use placet::store::StoreError;
use placet::store::projection::ActionRow;
use placet::{Guard, TenantId, Timestamp, Verdict};

/// Decisions that are read at a time.
const CHUNK: usize = 4_096;

/// Furthest back that the first look reads, in entries: more would take more than a few seconds.
const MOST_ENTRIES: u64 = 500_000;

/// How much time is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Hour,
    Day,
    Week,
}

impl Span {
    pub(crate) const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    /// How much time one bar stands for, in milliseconds.
    pub(crate) fn step_ms(self) -> i64 {
        match self {
            Self::Hour => 60_000,
            Self::Day => 15 * 60_000,
            Self::Week => 2 * 3_600_000,
        }
    }

    /// How many bars there are.
    pub(crate) fn steps(self) -> i64 {
        match self {
            Self::Hour => 60,
            Self::Day => 96,
            Self::Week => 84,
        }
    }
}

/// What was decided within one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) allowed: u64,
    pub(crate) held: u64,
    pub(crate) blocked: u64,
    /// Those that only the mode let through.
    pub(crate) would_have: u64,
}

impl Tally {
    pub(crate) fn total(self) -> u64 {
        self.allowed + self.held + self.blocked
    }

    fn count(&mut self, row: &ActionRow) {
        match row.verdict {
            Verdict::Allow => self.allowed += 1,
            Verdict::RequireApproval => self.held += 1,
            Verdict::Block => self.blocked += 1,
        }
        self.would_have += u64::from(row.would_have.is_some());
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.allowed += other.allowed;
        self.held += other.held;
        self.blocked += other.blocked;
        self.would_have += other.would_have;
    }
}

/// The decisions of the last week.
#[derive(Debug, Default)]
pub(crate) struct Series(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// The first entry that is not counted yet.
    next: Option<u64>,
    /// For all tenants together and for each.
    tallies: BTreeMap<Option<TenantId>, [BTreeMap<i64, Tally>; 3]>,
}

impl Series {
    /// The tallies up to now, the oldest first, each with the time at which it begins.
    ///
    /// Blocks while the log is read.
    pub(crate) fn tallies(
        &self,
        guard: &Guard,
        tenant: Option<&TenantId>,
        span: Span,
    ) -> Result<Vec<(Timestamp, Tally)>, StoreError> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.catch_up(guard)?;
        let of = counted.tallies.get(&tenant.cloned()).and_then(|all| all.get(index(span)));
        let last = guard.now().as_millis().div_euclid(span.step_ms());
        let tally = |step: i64| {
            let tally = of.and_then(|of| of.get(&step)).copied().unwrap_or_default();
            (Timestamp::from_millis(step.saturating_mul(span.step_ms())), tally)
        };
        Ok((last - span.steps() + 1..=last).map(tally).collect())
    }
}

impl Counted {
    fn catch_up(&mut self, guard: &Guard) -> Result<(), StoreError> {
        let log = guard.log();
        let size = log.size();
        let mut next = match self.next {
            Some(next) => next,
            None => {
                let week = Duration::from_secs(7 * 86_400).as_millis();
                let week = i64::try_from(week).unwrap_or(i64::MAX);
                let since = Timestamp::from_millis(guard.now().as_millis().saturating_sub(week));
                log.first_since(since)?.max(size.saturating_sub(MOST_ENTRIES))
            }
        };
        while next < size {
            let rows = log.decisions(next, CHUNK)?;
            rows.iter().for_each(|row| self.count(row));
            // Decisions may have come in since the size was looked up; they are counted as well.
            next = match rows.last() {
                Some(last) if rows.len() == CHUNK => last.entry.saturating_add(1),
                Some(last) => size.max(last.entry.saturating_add(1)),
                None => size,
            };
            self.next = Some(next);
        }
        self.next = Some(next);
        Ok(())
    }

    fn count(&mut self, row: &ActionRow) {
        for tenant in [None, Some(row.tenant.clone())] {
            let of = self.tallies.entry(tenant).or_default();
            for (span, steps) in Span::ALL.into_iter().zip(of) {
                let step = row.at.as_millis().div_euclid(span.step_ms());
                steps.entry(step).or_default().count(row);
                while steps.first_key_value().is_some_and(|(old, _)| *old <= step - span.steps()) {
                    steps.pop_first();
                }
            }
        }
    }
}

fn index(span: Span) -> usize {
    match span {
        Span::Hour => 0,
        Span::Day => 1,
        Span::Week => 2,
    }
}
