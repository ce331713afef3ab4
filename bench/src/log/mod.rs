//! Verifying a log, and opening it.

mod child;
mod plain;

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use placet::store::store::Reader as _;
use placet::store::verify::verify;
use placet::store::{Keys, Sqlite, SqliteReader};

use crate::args::Child;
use crate::measure::{Contestant, Scale, in_turn, median};
use crate::progress;
use crate::report::{Section, Table, Target, mebibytes, nanos, per_second, ratio};
use crate::scratch::Scratch;
pub(crate) use child::run as run_child;
use child::{Opened, in_child};

/// Entries that should be verified in a second.
const GOAL_VERIFIED: f64 = 500_000.0;

/// How long opening a log of a million entries should take, and how much memory.
const GOAL_OPEN_NS: f64 = 2e9;
const GOAL_OPEN_BYTES: f64 = 200e6;

pub(crate) fn measure(scale: &Scale) -> Result<Section> {
    let scratch = Scratch::new("log")?;
    let path = scratch.file("placet.db");
    progress(&format!("  writing {} entries", scale.entries));
    in_child(&Child::Fill(path.clone(), scale.entries))?;
    progress("  verifying");
    let verified = verifying(&path, scale)?;
    progress("  opening");
    let opening = Opening::measure(&path, scale)?;
    let crashed = opening.crashed;
    Ok(Section {
        title: "The log",
        about: ABOUT,
        targets: vec![
            Target::at_least("entries verified", verified.ours, GOAL_VERIFIED, per_second),
            Target::at_most("opening a million entries", crashed.nanos, GOAL_OPEN_NS, nanos),
            Target::at_most("memory to open them", crashed.bytes, GOAL_OPEN_BYTES, mebibytes),
        ],
        tables: vec![verified.table(scale), opening.table(scale)],
        charts: Vec::new(),
    })
}

const ABOUT: &str = "\
A log of decisions that callers made through `Guard`, left as a crash would leave it, in the \
system's cache of files. Verifying it reads every entry with all that is stored beside it, decodes \
it, writes its canonical text again, hashes it, opens the commitment of its payload, judges the \
decision afresh and compares tiles and projections. Beside it are SHA-256 over the same leaves and \
payloads, with and without reading them by SQLite, on one thread. Opening is measured in a process \
of its own, which has the log's policy and state when it is done; beside it SQLite alone opens the \
file and counts the entries.";

/// Entries per second.
struct Verified {
    ours: f64,
    read_and_hash: f64,
    hash: f64,
}

fn verifying(path: &Path, scale: &Scale) -> Result<Verified> {
    let keys = Keys::open(&Sqlite::key_path(path))?;
    let mut contestants: [Contestant<'_, [f64; 2]>; 2] = [
        Box::new(|| verify_once(path, &keys, scale.entries).map(|rate| [rate; 2])),
        Box::new(|| plain::hash_rates(path)),
    ];
    let figures = in_turn(scale.rounds.min(3), &mut contestants)?;
    let of = |contestant: usize, which: fn(&[f64; 2]) -> f64| {
        let turns = figures.get(contestant).map_or(&[][..], Vec::as_slice);
        median(&turns.iter().map(which).collect::<Vec<_>>())
    };
    let [first, second]: [fn(&[f64; 2]) -> f64; 2] = [|[first, _]| *first, |[_, second]| *second];
    Ok(Verified { ours: of(0, first), read_and_hash: of(1, first), hash: of(1, second) })
}

/// Entries verified per second.
fn verify_once(path: &Path, keys: &Keys, least: u64) -> Result<f64> {
    let mut reader = SqliteReader::open(path)?;
    let begin = Instant::now();
    let report = verify(&mut reader, std::slice::from_ref(keys.verifier()), &|_, _| {})?;
    let seconds = begin.elapsed().as_secs_f64();
    ensure!(report.is_sound(), "the log does not verify: {:?}", report.problems);
    ensure!(report.entries >= least, "only {} entries were verified", report.entries);
    Ok(f64::from(u32::try_from(report.entries)?) / seconds)
}

impl Verified {
    fn table(&self, scale: &Scale) -> Table {
        let columns = ["entries", "against Placet"].map(str::to_owned).to_vec();
        let mut table = Table::new(&format!("{} entries", scale.entries), columns);
        let rows = [
            ("Placet, all of it", self.ours),
            ("SQLite reads, SHA-256", self.read_and_hash),
            ("SHA-256 alone", self.hash),
        ];
        for (name, rate) in rows {
            table.row(name, vec![per_second(rate), ratio(rate / self.ours)]);
        }
        table
    }
}

/// What opening takes.
struct Opening {
    /// How many entries came after the snapshot when the process was gone.
    tail: u64,
    crashed: Opened,
    closed: Opened,
    plain: Opened,
}

impl Opening {
    fn measure(path: &Path, scale: &Scale) -> Result<Self> {
        let tail = tail(path)?;
        let [crashed, plain] = turns(path, scale)?;
        // From here on a snapshot covers all of it.
        in_child(&Child::Close(path.to_owned()))?;
        let [closed, _] = turns(path, scale)?;
        Ok(Self { tail, crashed, closed, plain })
    }

    fn table(&self, scale: &Scale) -> Table {
        let columns = ["time", "peak memory"].map(str::to_owned).to_vec();
        let mut table = Table::new(&format!("opening {} entries", scale.entries), columns);
        let after_crash = format!("Placet, after a crash {} entries past a snapshot", self.tail);
        let rows = [
            (after_crash.as_str(), self.crashed),
            ("Placet, after it was closed", self.closed),
            ("SQLite opens and counts", self.plain),
        ];
        for (name, Opened { nanos: time, bytes }) in rows {
            table.row(name, vec![nanos(time), mebibytes(bytes)]);
        }
        table
    }
}

/// Opens the log with Placet and with SQLite alone, in turns.
fn turns(path: &Path, scale: &Scale) -> Result<[Opened; 2]> {
    let ways = [Child::Open(path.to_owned()), Child::Count(path.to_owned())];
    let mut contestants = ways.each_ref().map(|way| {
        let contestant: Contestant<'_, Opened> = Box::new(move || in_child(way));
        contestant
    });
    let figures = in_turn(scale.rounds, &mut contestants)?;
    let medians: Vec<Opened> = figures.iter().map(|turns| Opened::median(turns)).collect();
    Ok([0, 1].map(|at| medians.get(at).copied().unwrap_or(Opened::NONE)))
}

/// How many entries are not in the snapshot.
fn tail(path: &Path) -> Result<u64> {
    let mut reader = SqliteReader::open(path)?;
    let view = reader.view()?;
    let size = view.head()?.map_or(0, |head| head.size);
    Ok(size - view.snapshot()?.map_or(0, |snapshot| snapshot.size))
}
