//! Watching the daemon meanwhile.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::child::DaemonProcess;
use super::load::Load;
use crate::machine;
use crate::measure::{float, median};
use crate::progress;
use crate::report::{mebibytes, per_second};

/// How often it is looked at, at most: often enough for a short soak, and no burden in a long one.
const EVERY: Duration = Duration::from_millis(20);

/// What came of a tenth of the decisions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tenth {
    /// Decisions a second.
    pub(super) rate: f64,
    /// All memory of the daemon, in bytes.
    pub(super) resident: f64,
    /// The part of it that is no page of a file.
    pub(super) own: f64,
    /// What the log takes on the disk at the end of it.
    pub(super) log: f64,
}

/// Who watches.
pub(super) struct Watch {
    daemon: u32,
    log: PathBuf,
    decisions: u64,
}

impl Watch {
    pub(super) fn new(daemon: &DaemonProcess, log: &Path, decisions: u64) -> Self {
        Self { daemon: daemon.id(), log: log.to_owned(), decisions }
    }

    /// Looks at the daemon again and again, until nobody asks it any more.
    pub(super) fn follow(&self, load: &Load) -> Result<Vec<Tenth>> {
        let mut tenths = Vec::new();
        let (mut from, mut begin) = (0, Instant::now());
        for tenth in 1..=10 {
            let end = self.decisions * tenth / 10;
            let [resident, own] = self.until(load, end)?;
            let (answered, now) = (load.answered(), Instant::now());
            let rate = float(usize::try_from(answered - from)?) / (now - begin).as_secs_f64();
            (from, begin) = (answered, now);
            progress(&format!(
                "  {answered} decisions, {}, {} resident, {} its own",
                per_second(rate),
                mebibytes(resident),
                mebibytes(own)
            ));
            tenths.push(Tenth { rate, resident, own, log: self.on_disk() });
        }
        Ok(tenths)
    }

    /// The memory at the median, until so many are answered.
    fn until(&self, load: &Load, end: u64) -> Result<[f64; 2]> {
        let mut seen = [Vec::new(), Vec::new()];
        loop {
            let figures = machine::memory_of(self.daemon).context("the daemon is gone")?;
            for (seen, figure) in seen.iter_mut().zip(figures) {
                seen.push(figure);
            }
            if load.answered() >= end || load.is_over() {
                return Ok(seen.map(|seen| median(&seen)));
            }
            std::thread::sleep(EVERY);
        }
    }

    /// What the log takes, with what is not yet moved into its file.
    fn on_disk(&self) -> f64 {
        let ahead = self.log.with_extension("db-wal");
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        let bytes = size(&self.log) + size(&ahead);
        usize::try_from(bytes).map_or(f64::NAN, float)
    }
}
