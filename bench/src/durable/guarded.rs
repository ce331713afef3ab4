//! Callers of a guard.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use placet::{Action, Config, Guard, LogPlace, PolicySource};
use tokio::runtime::{Builder, Runtime};

use super::{Throughput, rate};
use crate::machine;
use crate::measure::Times;
use crate::sample::{self, Refund};

/// Classes in the policy.
pub(super) const CLASSES: usize = 10;

/// A guard on a file, and a runtime for its callers.
pub(super) struct Guarded {
    guard: Guard,
    actions: Arc<Vec<Action>>,
    runtime: Runtime,
}

impl Guarded {
    pub(super) fn open(log: &Path) -> Result<Self> {
        let policy = PolicySource::Files(sample::policy(CLASSES));
        let guard = Guard::open(Config { policy, log: LogPlace::File(log.to_owned()) })?;
        for number in 0..CLASSES {
            guard.blocking().report(sample::evidence(number)?)?;
        }
        // The log has a thread of its own; the callers get the other cores.
        let workers = machine::cores().saturating_sub(1).max(1);
        let runtime = Builder::new_multi_thread().worker_threads(workers).build()?;
        let actions = Arc::new(sample::actions(&Refund::several(CLASSES, false))?);
        Ok(Self { guard, actions, runtime })
    }

    /// Lets callers propose until the time is over.
    pub(super) fn propose_for(&self, callers: usize, turn: Duration) -> Result<Throughput> {
        let begin = Instant::now();
        let times = self.propose_while(callers, move |_| begin.elapsed() < turn)?;
        let seconds = begin.elapsed().as_secs_f64();
        let (p50, p99) = (times.percentile(50.0), times.percentile(99.0));
        Ok(Throughput { rate: rate(times.len(), seconds), p50, p99 })
    }

    /// Proposes from this thread, which may block, until the time is over.
    pub(super) fn propose_alone_for(&self, turn: Duration) -> Result<Throughput> {
        let (begin, mut times) = (Instant::now(), Times::default());
        for action in self.actions.iter().cycle().take_while(|_| begin.elapsed() < turn) {
            let answer = times.time(|| self.guard.blocking().propose(action))?;
            ensure!(answer.is_allowed(), "a small refund was not allowed: {:?}", answer.findings);
        }
        let seconds = begin.elapsed().as_secs_f64();
        let (p50, p99) = (times.percentile(50.0), times.percentile(99.0));
        Ok(Throughput { rate: rate(times.len(), seconds), p50, p99 })
    }

    /// Lets callers propose, as long as `more` says so to the number of the next proposal.
    fn propose_while(
        &self,
        callers: usize,
        more: impl Fn(usize) -> bool + Clone + Send + 'static,
    ) -> Result<Times> {
        let next = Arc::new(AtomicUsize::new(0));
        let caller = |_| {
            let (guard, actions) = (self.guard.clone(), Arc::clone(&self.actions));
            let (next, more) = (Arc::clone(&next), more.clone());
            self.runtime.spawn(async move { call(&guard, &actions, &next, more).await })
        };
        let callers: Vec<_> = (0..callers).map(caller).collect();
        let mut times = Times::default();
        for caller in callers {
            times.extend(self.runtime.block_on(caller)??);
        }
        Ok(times)
    }
}

/// One caller: proposes, waits for the answer, and proposes again.
async fn call(
    guard: &Guard,
    actions: &[Action],
    next: &AtomicUsize,
    more: impl Fn(usize) -> bool,
) -> Result<Times> {
    let mut times = Times::default();
    loop {
        let nth = next.fetch_add(1, Ordering::Relaxed);
        let Some(action) = actions.get(nth % actions.len()).filter(|_| more(nth)) else {
            return Ok(times);
        };
        let begin = Instant::now();
        let answer = guard.propose(action).await?;
        times.add(begin.elapsed());
        ensure!(answer.is_allowed(), "a small refund was not allowed: {:?}", answer.findings);
    }
}

/// Fills a log until it has so many entries, and leaves it open.
pub(crate) fn fill(log: &Path, entries: u64) -> Result<Guard> {
    const CALLERS: usize = 512;
    let guarded = Guarded::open(log)?;
    let missing = entries.saturating_sub(guarded.guard.log().size());
    let missing = usize::try_from(missing)?;
    guarded.propose_while(CALLERS, move |nth| nth < missing)?;
    Ok(guarded.guard)
}
