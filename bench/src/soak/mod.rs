//! A soak: the daemon makes millions of decisions, and its memory is watched meanwhile.
//!
//! The daemon is a process of its own, so that its memory is that of nothing else; the clients are
//! here. No two requests are alike, and names that agents make up are new all the time: whatever
//! kept something for each action, session, user or agent would grow.

mod child;
mod load;
mod watch;

use anyhow::{Result, ensure};

use crate::progress;
use crate::report::{Chart, Line, Section, Table, Target, mebibytes, per_second, ratio};
use crate::scratch::Scratch;
use child::DaemonProcess;
pub(crate) use child::run as run_daemon;
use load::Load;
use watch::{Tenth, Watch};

/// Connections that the decisions come over.
const CONNECTIONS: usize = 64;

/// How many times the memory of the second tenth the last one may take. The first tenth is left out:
/// buffers and caches fill.
const GOAL: f64 = 1.1;

const ABOUT: &str = "\
Durable decisions through `POST /v1/actions`, over 64 keep-alive connections, one after the other \
until so many are made; the daemon is a process of its own. No two are alike: orders, sessions and \
users are always new, a thousand agents take turns, and one in sixteen is blocked. \"Resident\" is \
all the memory that the system counts for the process, \"its own\" what is not a page of a file, \
both at the median of their tenth. Memory is steady where the last tenth takes as much as the \
second.";

pub(crate) fn measure(decisions: u64) -> Result<Section> {
    let scratch = Scratch::new("soak")?;
    let log = scratch.file("placet.db");
    let daemon = DaemonProcess::start(&log)?;
    let load = Load::start(&daemon, CONNECTIONS, decisions)?;
    let tenths = Watch::new(&daemon, &log, decisions).follow(&load)?;
    load.join()?;
    let entries = daemon.stop()?;
    ensure!(entries >= decisions, "only {entries} entries are in the log");
    let own = |tenth: Option<&Tenth>| tenth.map_or(f64::NAN, |tenth| tenth.own);
    let (early, last) = (own(tenths.get(1)), own(tenths.last()));
    progress(&format!("  {} before, {} after", mebibytes(early), mebibytes(last)));
    Ok(Section {
        title: "A soak",
        about: ABOUT,
        targets: vec![Target::at_most(
            "memory of the last tenth of a soak, against the second",
            last / early,
            GOAL,
            ratio,
        )],
        charts: vec![memory_chart(&tenths, early), rate_chart(&tenths)],
        tables: vec![table(decisions, &tenths)],
    })
}

fn table(decisions: u64, tenths: &[Tenth]) -> Table {
    let columns = ["decisions", "resident", "its own", "log on the disk"];
    let name = format!("of {decisions} decisions");
    let mut table = Table::new(&name, columns.map(str::to_owned).to_vec());
    for (tenth, name) in tenths.iter().zip(names()) {
        let Tenth { rate, resident, own, log } = *tenth;
        table.row(
            &name,
            vec![per_second(rate), mebibytes(resident), mebibytes(own), mebibytes(log)],
        );
    }
    table
}

fn memory_chart(tenths: &[Tenth], early: f64) -> Chart {
    Chart {
        title: "Memory of the daemon in a soak, by decisions made",
        ticks: names().collect(),
        lines: vec![
            line("resident", tenths, |tenth| tenth.resident),
            line("its own", tenths, |tenth| tenth.own),
        ],
        goal: early * GOAL,
        unit: mebibytes,
    }
}

fn rate_chart(tenths: &[Tenth]) -> Chart {
    Chart {
        title: "Durable decisions in a soak, by decisions made",
        ticks: names().collect(),
        lines: vec![line("64 connections", tenths, |tenth| tenth.rate)],
        goal: crate::serve::GOAL,
        unit: per_second,
    }
}

fn line(name: &str, tenths: &[Tenth], figure: fn(&Tenth) -> f64) -> Line {
    Line { name: name.to_owned(), points: tenths.iter().map(figure).collect() }
}

/// The names of the tenths.
fn names() -> impl Iterator<Item = String> {
    (1..=10).map(|tenth| format!("{} %", tenth * 10))
}
