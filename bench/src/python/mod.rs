//! The Python package, beside the packages that one could use instead of it.

mod installed;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use crate::measure::Scale;
use crate::progress;
use crate::report::{Section, Table, Target, bytes, nanos, ratio};
use crate::scratch::Scratch;
use installed::Installed;

/// Calls, the package that has the same, and how the report names them.
const CALLS: [(&str, &str, &str); 5] = [
    ("evaluate", "warrantd", "evaluate"),
    ("fresh", "warrantd", "evaluate, each time a new request"),
    ("safe", "agentguard-hitl", "execute, safe"),
    ("approved", "agentguard-hitl", "execute, approved by a callback"),
    ("shadow", "supervisor-guards", "supervised, in shadow"),
];

/// How long a call is measured, in turns with its like, in seconds.
const SECONDS: &str = "10";
const QUICK_SECONDS: &str = "0.2";

/// How many processes import the package.
const IMPORTS: &str = "21";

/// How long that may take, in nanoseconds: nobody notices it at the start of a program.
const IMPORT_AT_MOST: f64 = 30e6;

const OURS: &str = "Placet";

const ABOUT: &str = "\
The package for Python, in one environment with warrantd 0.1.0, agentguard-hitl 0.2.0 and \
supervisor-guards 0.3.0, each call in turns with its like; medians. \"Evaluate\" decides on a value by \
earned autonomy and a cap and records nothing, here and there: first the same request again and \
again, of which Placet finds out only once what inspection sees and what its digest is, then one \
that is made for each. \"Execute\" calls a function that does nothing: here each call is decided \
on, permitted, reported, and all of that durable in SQLite; agentguard-hitl keeps no record of a \
safe call, and appends a line without syncing it for one that was asked about. \"Supervised, in \
shadow\" goes over HTTP on loopback: here to a daemon that decides, keeps the decision and hears \
the outcome; for supervisor-guards to a server that answers the same to everything at once. The \
second table is a thousand calls that wait at once and are answered in random order: here as \
tasks of an event loop, where each answer is durable; for agentguard-hitl as threads. \"Open\" is \
what the process grew by for each that waits, \"finished\" what is left of each once it \
has run, over three more rounds.";

pub(crate) fn measure(scale: &Scale) -> Result<Section> {
    let scratch = Scratch::new("python")?;
    let installed = Installed::new(&scratch)?;
    let seconds = if scale.is_full { SECONDS } else { QUICK_SECONDS };
    let mut calls = Table::new("call", [OURS, "the other", "times"].map(str::to_owned).to_vec());
    let mut targets = Vec::new();
    for (what, other, name) in CALLS {
        progress(&format!("  {name}"));
        let figures = installed.measure("calls.py", &[what, seconds])?;
        let (ours, theirs) = (figure(&figures, OURS)?, figure(&figures, other)?);
        let cells = vec![nanos(ours), format!("{other}, {}", nanos(theirs)), ratio(ours / theirs)];
        calls.row(name, cells);
        if what == "evaluate" {
            targets.push(Target::at_most(
                "evaluating in Python, against warrantd",
                ours,
                theirs,
                nanos,
            ));
        }
    }
    progress("  importing it");
    let imported = figure(&installed.measure("imports.py", &[IMPORTS])?, OURS)?;
    let what = "importing the package in Python, median of 21 processes";
    targets.push(Target::at_most(what, imported, IMPORT_AT_MOST, nanos));
    Ok(Section {
        title: "In Python",
        about: ABOUT,
        targets,
        charts: Vec::new(),
        tables: vec![calls, waits(scale, &installed)?],
    })
}

fn waits(scale: &Scale, installed: &Installed) -> Result<Table> {
    let columns = ["waits", "open, each", "finished, each", "answered, each"];
    let mut table = Table::new("", columns.map(str::to_owned).to_vec());
    let count = if scale.is_full { "1000" } else { "40" };
    for (who, name) in [("placet", OURS), ("agentguard", "agentguard-hitl")] {
        progress(&format!("  {count} waits of {name}"));
        let figures = installed.measure("waits.py", &[who, count])?;
        let of = |name| figure(&figures, name);
        table.row(
            name,
            vec![
                count.to_owned(),
                bytes(of("bytes open")?),
                // The system may have taken some back.
                bytes(of("bytes finished")?.max(0.0)),
                nanos(of("ns each")?),
            ],
        );
    }
    Ok(table)
}

fn figure(figures: &Map<String, Value>, name: &str) -> Result<f64> {
    let figure = figures.get(name).and_then(Value::as_f64);
    figure.with_context(|| format!("{name:?} was not measured"))
}
