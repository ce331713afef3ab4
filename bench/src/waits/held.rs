//! Held actions, and tasks that wait for their answers, in one process with the log.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use placet::{ActionId, Guard, Scope};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::path::{Office, approve};
use super::{Waited, answered, each};
use crate::machine;
use crate::measure::Times;
use crate::scratch::Scratch;

/// How many are proposed at a time.
const AT_A_TIME: usize = 256;

/// Longest time until everybody is awake.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) fn measure(waits: usize) -> Result<Waited> {
    let scratch = Scratch::new("held")?;
    let office = Office::open(&scratch.file("placet.db"))?;
    let guard = &office.guard;
    // The log's first entries, its threads and the runtime are no part of a wait.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
    let first = runtime.block_on(office.hold(0))?;
    runtime.block_on(approve(guard, first))?;
    let before = machine::memory().context("this process has no known size")?;

    let begin = Instant::now();
    let held = runtime.block_on(office.hold_many(waits, AT_A_TIME))?;
    let (woken, awake) = unbounded_channel();
    let open = Arc::new(AtomicUsize::new(0));
    for &action in &held {
        let (guard, open, woken) = (guard.clone(), Arc::clone(&open), woken.clone());
        runtime.spawn(async move {
            wait(&guard, action, &open).await;
            let _measured = woken.send(Instant::now());
        });
    }
    while open.load(Ordering::Acquire) < waits {
        ensure!(begin.elapsed() < PATIENCE, "not everybody waits");
        std::thread::yield_now();
    }
    let opened = begin.elapsed();
    let grown = machine::memory().context("this process has no known size")? - before;
    let (one, rest) = held.split_at(answered(waits));
    let (times, all) = runtime.block_on(wake(guard, one, rest.len(), awake))?;
    Ok(Waited {
        waits: crate::measure::float(waits),
        bytes: each(grown, waits),
        open: each(opened.as_secs_f64() * 1e9, waits),
        p50: times.percentile(50.0),
        p99: times.percentile(99.0),
        all: all.as_secs_f64() * 1e9,
    })
}

/// Waits for an answer, and says when it has begun to.
async fn wait(guard: &Guard, action: ActionId, open: &AtomicUsize) {
    let mut settled = std::pin::pin!(guard.settled(action));
    let mut is_new = true;
    let _found = poll_fn(|context| {
        let polled = settled.as_mut().poll(context);
        if std::mem::take(&mut is_new) {
            open.fetch_add(1, Ordering::AcqRel);
        }
        match polled {
            Poll::Ready(found) => Poll::Ready(found),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
}

/// Answers some one by one, and ends the others with a kill switch.
async fn wake(
    guard: &Guard,
    one_by_one: &[ActionId],
    rest: usize,
    mut awake: UnboundedReceiver<Instant>,
) -> Result<(Times, Duration)> {
    let mut times = Times::default();
    for &action in one_by_one {
        let begin = Instant::now();
        approve(guard, action).await?;
        times.add(next(&mut awake).await?.duration_since(begin));
    }
    let begin = Instant::now();
    guard.trip(Scope::ALL, "everybody is woken", None).await?;
    let mut last = begin;
    for _ in 0..rest {
        last = last.max(next(&mut awake).await?);
    }
    Ok((times, last - begin))
}

async fn next(awake: &mut UnboundedReceiver<Instant>) -> Result<Instant> {
    let woken = tokio::time::timeout(PATIENCE, awake.recv()).await?;
    woken.context("nobody waits any more")
}
