//! Deciding durably: an answer comes when the decision is on the disk.

mod guarded;
mod plain;
mod stages;

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::measure::{Contestant, Scale, float, in_turn, median};
use crate::priority::Awake;
use crate::progress;
use crate::report::{Chart, Line, Section, Table, Target, nanos, per_second, ratio};
use crate::scratch::Scratch;
use guarded::Guarded;
pub(crate) use guarded::fill;
use plain::Plain;

/// Durable decisions per second that there should be with [`GOAL_CALLERS`].
const GOAL: f64 = 25_000.0;
const GOAL_CALLERS: usize = 64;

/// What one caller may wait at most, in times of a plain commit.
const GOAL_ALONE: f64 = 1.5;

pub(crate) fn measure(scale: &Scale) -> Result<Section> {
    let _awake = Awake::keep();
    let mut rows = Vec::new();
    for callers in std::iter::once(Callers::Thread).chain(scale.callers.iter().map(Callers::tasks))
    {
        progress(&format!("  {callers}"));
        rows.push(Row { callers, figures: compare(callers, scale)? });
    }
    progress("  stages");
    let stages = stages::measure(scale)?;
    let many = rows.iter().rev().find(|row| row.callers.number() <= GOAL_CALLERS);
    let alone = rows.first().map_or(f64::NAN, |row| row.placet().p50 / row.plain().p50);
    Ok(Section {
        title: "Deciding durably",
        about: ABOUT,
        targets: vec![
            Target::at_least(
                "durable decisions, 64 callers",
                many.map_or(f64::NAN, |row| row.placet().rate),
                GOAL,
                per_second,
            ),
            Target::at_most(
                "one caller against a plain commit of one row",
                alone,
                GOAL_ALONE,
                ratio,
            ),
        ],
        charts: vec![chart(&rows)],
        tables: vec![table(&rows), stages],
    })
}

const ABOUT: &str = "\
`Guard::propose` on a SQLite file, by so many callers at once, each of which proposes its next \
action when it has its answer: tasks of an async runtime, or one thread that blocks. Each core \
is kept awake by a process that runs when nobody else wants to. Beside it plain SQLite, which \
knows nothing of decisions: one thread that inserts the rows of a log that Placet wrote, byte \
for byte, as many in a commit as there are callers, with the same `journal_mode = WAL` and \
`synchronous = FULL`. The second table says what the time is spent on; its stages ran one after \
the other on one thread, so the callers' part and the log's part happen side by side in the \
first table.";

/// Who proposes.
#[derive(Clone, Copy)]
enum Callers {
    /// One thread, which blocks.
    Thread,
    /// So many tasks of a runtime.
    Tasks(usize),
}

impl Callers {
    fn tasks(number: &usize) -> Self {
        Self::Tasks(*number)
    }

    fn number(self) -> usize {
        match self {
            Self::Thread => 1,
            Self::Tasks(number) => number,
        }
    }
}

impl std::fmt::Display for Callers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Thread => f.write_str("1 thread"),
            Self::Tasks(1) => f.write_str("1 task"),
            Self::Tasks(number) => write!(f, "{number} tasks"),
        }
    }
}

/// Plain commits of one row, for those who compare something else with them.
pub(crate) struct OneRow(Plain);

impl OneRow {
    /// Of the rows that are in a log, into a file beside it.
    pub(crate) fn like(log: &Path, file: &Path) -> Result<Self> {
        Plain::create(file, plain::rows_of(log)?).map(Self)
    }

    /// Commits a second, and what one took at the median and for the slowest of a hundred.
    pub(crate) fn commit_for(&mut self, turn: Duration) -> Result<[f64; 3]> {
        self.0.commit_for(1, turn).map(|figures| [figures.rate, figures.p50, figures.p99])
    }
}

/// What came of some turns with so many callers.
struct Row {
    callers: Callers,
    figures: Vec<Throughput>,
}

/// How fast something went.
#[derive(Clone, Copy, Debug)]
struct Throughput {
    /// Rows or decisions per second.
    rate: f64,
    /// What one commit or one caller took at the median, in nanoseconds.
    p50: f64,
    /// The same for the slowest of a hundred.
    p99: f64,
}

impl Throughput {
    const NONE: Self = Self { rate: f64::NAN, p50: f64::NAN, p99: f64::NAN };

    /// The median of several turns.
    fn median(turns: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(&turns.iter().map(figure).collect::<Vec<_>>());
        Self { rate: of(|turn| turn.rate), p50: of(|turn| turn.p50), p99: of(|turn| turn.p99) }
    }
}

impl Row {
    fn placet(&self) -> Throughput {
        self.figures.first().copied().unwrap_or(Throughput::NONE)
    }

    fn plain(&self) -> Throughput {
        self.figures.get(1).copied().unwrap_or(Throughput::NONE)
    }
}

fn compare(callers: Callers, scale: &Scale) -> Result<Vec<Throughput>> {
    let scratch = Scratch::new("durable")?;
    let log = scratch.file("placet.db");
    let guarded = Guarded::open(&log)?;
    // Also warms up, and leaves rows for the other one.
    guarded.propose_for(callers.number(), scale.disk_turn / 5)?;
    let mut plain = Plain::create(&scratch.file("plain.db"), plain::rows_of(&log)?)?;
    let turn = scale.disk_turn;
    let mut contestants: [Contestant<'_, Throughput>; 2] = [
        Box::new(|| match callers {
            Callers::Thread => guarded.propose_alone_for(turn),
            Callers::Tasks(number) => guarded.propose_for(number, turn),
        }),
        Box::new(|| plain.commit_for(callers.number(), turn)),
    ];
    let figures = in_turn(scale.rounds.min(3), &mut contestants)?;
    Ok(figures.iter().map(|turns| Throughput::median(turns)).collect())
}

fn table(rows: &[Row]) -> Table {
    let columns = [
        "Placet",
        "p50",
        "p99",
        "plain SQLite, same rows per commit",
        "commit p50",
        "commit p99",
        "Placet / plain, p50",
    ];
    let mut table = Table::new("callers", columns.map(str::to_owned).to_vec());
    for row in rows {
        let (ours, plain) = (row.placet(), row.plain());
        table.row(
            &row.callers.to_string(),
            vec![
                per_second(ours.rate),
                nanos(ours.p50),
                nanos(ours.p99),
                per_second(plain.rate),
                nanos(plain.p50),
                nanos(plain.p99),
                ratio(ours.p50 / plain.p50),
            ],
        );
    }
    table
}

fn chart(rows: &[Row]) -> Chart {
    let line = |name: &str, figures: fn(&Row) -> Throughput| Line {
        name: name.to_owned(),
        points: rows.iter().map(|row| figures(row).rate).collect(),
    };
    Chart {
        title: "Durable decisions, by number of callers",
        ticks: rows.iter().map(|row| row.callers.to_string()).collect(),
        lines: vec![line("Placet", Row::placet), line("plain SQLite, same rows", Row::plain)],
        goal: GOAL,
        unit: per_second,
    }
}

/// A rate from a number of things and the seconds that they took.
fn rate(things: usize, seconds: f64) -> f64 {
    float(things) / seconds
}
