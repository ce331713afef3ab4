//! Actions that wait for people: what a wait takes, how soon it hears the answer, and the whole way
//! from a proposal to its outcome.

mod agentguard;
mod held;
mod path;
mod poll;

use std::process::Stdio;

use anyhow::{Result, ensure};

use crate::args::{Child, Waiter};
use crate::measure::{Scale, float, in_turn, median};
use crate::progress;
use crate::report::{Section, Table, bytes, nanos, per_second};
use crate::scratch::Scratch;
use agentguard::Installed;

const ABOUT: &str = "\
So many actions are held, and somebody waits for each of them in one process; then some are answered \
one after the other, and the others all at once. \"Memory\" is what the process grew by for each, \
the held action together with its wait. \"To open one\" is from the first proposal until everybody \
waits, for each; Placet's proposals are durable. \"Wake\" is the time from the answer to the moment when who \
waited runs on. Placet's answers are durable before they wake anybody, and all at once is a kill \
switch that is tripped. Beside it a bare axum handler that parks a request until another one comes \
for it, on loopback, where client and server are in the measured process and each wait has a \
connection, as many as its limit on open files allows; and agentguard-hitl 0.2.0 in its external \
mode, with a thread for each wait. Neither of these writes anything down. The second table is the \
whole way, as often a second as it goes: proposed, held, approved, run, reported; for \
agentguard-hitl: asked, approved, run.";

/// What waiting took.
#[derive(Clone, Copy, Debug)]
struct Waited {
    waits: f64,
    /// What the process grew by for each, in bytes.
    bytes: f64,
    /// How long it took until one more waited, in nanoseconds.
    open: f64,
    /// From the answer until who waited runs on.
    p50: f64,
    p99: f64,
    /// Until the last of all the others runs on.
    all: f64,
}

impl Waited {
    fn read(text: &str) -> Result<Self> {
        let figures: Vec<f64> =
            text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [waits, bytes, open, p50, p99, all] = figures[..] else {
            anyhow::bail!("{text:?} is not what was measured")
        };
        Ok(Self { waits, bytes, open, p50, p99, all })
    }

    fn write(self) -> String {
        let Self { waits, bytes, open, p50, p99, all } = self;
        format!("{waits} {bytes} {open} {p50} {p99} {all}")
    }

    fn median(turns: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(&turns.iter().map(figure).collect::<Vec<_>>());
        Self {
            waits: of(|it| it.waits),
            bytes: of(|it| it.bytes),
            open: of(|it| it.open),
            p50: of(|it| it.p50),
            p99: of(|it| it.p99),
            all: of(|it| it.all),
        }
    }

    fn cells(self) -> Vec<String> {
        let Self { waits, bytes: memory, open, p50, p99, all } = self;
        let mut cells = vec![format!("{waits:.0}"), bytes(memory)];
        cells.extend([open, p50, p99, all].map(nanos));
        cells
    }
}

pub(crate) fn measure(scale: &Scale) -> Result<Section> {
    let scratch = Scratch::new("waits")?;
    let other = if scale.is_full { Some(Installed::new(&scratch)?) } else { None };
    progress(&format!("  {} waits", scale.waits));
    let of = |waiter| Box::new(move || in_child(waiter, scale.waits));
    let mut contestants: Vec<crate::measure::Contestant<'_, Waited>> =
        vec![of(Waiter::Guard), of(Waiter::Poll)];
    let mut names = vec!["Placet", "bare axum long poll"];
    if let Some(other) = &other {
        contestants.push(Box::new(|| Waited::read(&other.run("waits", scale.waits)?)));
        names.push("agentguard-hitl");
    }
    let figures = in_turn(scale.rounds.min(3), &mut contestants)?;
    let columns = ["waits", "memory each", "to open one", "wake, p50", "p99", "all at once"];
    let mut waits = Table::new("", columns.map(str::to_owned).to_vec());
    for (name, turns) in names.iter().zip(&figures) {
        waits.row(name, Waited::median(turns).cells());
    }
    Ok(Section {
        title: "Waiting for people",
        about: ABOUT,
        targets: Vec::new(),
        charts: Vec::new(),
        tables: vec![waits, whole(scale, &scratch, other.as_ref())?],
    })
}

/// The whole way from a proposal to its outcome.
fn whole(scale: &Scale, scratch: &Scratch, other: Option<&Installed>) -> Result<Table> {
    let mut table =
        Table::new("whole way", ["Placet", "agentguard-hitl"].map(str::to_owned).to_vec());
    for callers in [1, 64] {
        progress(&format!("  the whole way, {callers} at a time"));
        let log = scratch.file(&format!("path-{callers}.db"));
        let ours = path::Office::open(&log)?;
        let mut contestants: Vec<crate::measure::Contestant<'_, f64>> =
            vec![Box::new(|| ours.run_for(callers, scale.disk_turn))];
        if let Some(other) = other {
            contestants.push(Box::new(move || Ok(other.run("path", callers)?.trim().parse()?)));
        }
        let figures = in_turn(scale.rounds.min(3), &mut contestants)?;
        let cells = figures.iter().map(|turns| per_second(median(turns)));
        let missing = std::iter::repeat_with(|| "–".to_owned());
        table.row(&format!("{callers} at a time"), cells.chain(missing).take(2).collect());
    }
    Ok(table)
}

/// Has a process of its own do it, because how much memory something took can only be told of a
/// process that did nothing else.
fn in_child(waiter: Waiter, waits: usize) -> Result<Waited> {
    let output = Child::Wait(waiter, waits).command()?.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "a measurement in another process failed");
    Waited::read(&String::from_utf8(output.stdout)?)
}

/// Does it in this process, which is about to end.
pub(crate) fn run(waiter: Waiter, waits: usize) -> Result<String> {
    let waited = match waiter {
        Waiter::Guard => held::measure(waits)?,
        Waiter::Poll => poll::measure(waits)?,
    };
    Ok(waited.write())
}

/// How many of them are answered one after the other.
fn answered(waits: usize) -> usize {
    (waits / 10).clamp(1, 1_000)
}

/// What each of so many took of something.
fn each(whole: f64, of: usize) -> f64 {
    whole / float(of)
}
