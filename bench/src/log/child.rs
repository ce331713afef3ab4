//! Measurements that need a process of their own: how much memory something took can only be told
//! of a process that did nothing else.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use placet::{Config, Guard, LogPlace, PolicySource};

use super::plain;
use crate::args::Child;
use crate::measure::{float, median};
use crate::{durable, machine};

/// What opening took.
#[derive(Clone, Copy)]
pub(super) struct Opened {
    pub(super) nanos: f64,
    /// The most memory that the process had in use.
    pub(super) bytes: f64,
}

impl Opened {
    pub(super) const NONE: Self = Self { nanos: f64::NAN, bytes: f64::NAN };

    pub(super) fn median(turns: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(&turns.iter().map(figure).collect::<Vec<_>>());
        Self { nanos: of(|opened| opened.nanos), bytes: of(|opened| opened.bytes) }
    }
}

/// Has a process of its own do it.
pub(super) fn in_child(child: &Child) -> Result<Opened> {
    let output = child.command()?.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "a measurement in another process failed");
    let text = String::from_utf8(output.stdout)?;
    let (nanos, bytes) = text.trim().split_once(' ').context("it said something else")?;
    Ok(Opened { nanos: nanos.parse()?, bytes: bytes.parse()? })
}

/// Does it in this process, which is about to end, and says how long it took and how much memory.
pub(crate) fn run(child: &Child) -> Result<String> {
    let begin = Instant::now();
    let nanos = match child {
        Child::Fill(log, entries) => leave(durable::fill(log, *entries)?, begin),
        Child::Open(log) => leave(open(log)?, begin),
        Child::Close(log) => {
            open(log)?.close();
            begin.elapsed().as_secs_f64() * 1e9
        }
        Child::Count(log) => {
            let connection = plain::open(log)?;
            ensure!(plain::count(&connection)? > 0, "the log is empty");
            begin.elapsed().as_secs_f64() * 1e9
        }
        Child::Wait(..) | Child::Daemon(_) | Child::Spin | Child::Echo | Child::Placet(_) => {
            bail!("this measures logs")
        }
    };
    let bytes = machine::peak_memory().and_then(|bytes| usize::try_from(bytes).ok());
    Ok(format!("{nanos} {}", bytes.map_or(f64::NAN, float)))
}

fn open(log: &Path) -> Result<Guard> {
    Ok(Guard::open(Config { policy: PolicySource::Log, log: LogPlace::File(log.to_owned()) })?)
}

/// Leaves a log open, so that it is found as after a crash; says how long it took until then.
fn leave(guard: Guard, begin: Instant) -> f64 {
    std::mem::forget(guard);
    begin.elapsed().as_secs_f64() * 1e9
}
