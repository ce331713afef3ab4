//! `placet check`: actions in, decisions out.
//!
//! Lines are read on a thread of their own, decided on in their order, many at a time so that they
//! share the log's commits, and printed in the same order as soon as they are durable.

mod decide;
mod in_flight;
mod json_lines;
mod rows;
mod sink;
mod totals;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use placet::{Config, Guard, LogPlace, PolicySource};
use placet_core::Verdict;
use placet_core::event::PolicyFile;

use crate::cli::EXIT_STATUSES;
use crate::console::Console;
use crate::evidence;
use crate::failure::{Failure, Outcome};
use crate::jsonl;
use crate::log_file;
use crate::map::{Mapping, Mappings};
use crate::policy_file;
use crate::progress::Progress;
use crate::status::Status;
use json_lines::JsonLines;
use rows::Rows;
use sink::Sink;
use totals::Totals;

const EXAMPLES: &str = "\
Examples:
  placet check calls.jsonl --policy policy.toml
  tail -f calls.jsonl | placet check --policy policy.toml --record decisions.db
  placet check trace.jsonl --map tool=/name --map params=/arguments --map agent==support-bot";

/// Decide on actions, one JSON object a line, and say why.
///
/// On a terminal the decisions are a table, otherwise JSON lines: one decision for each line of
/// the input, in the same order. A line that cannot be read gives {"line": N, "error": "…"}, and
/// the rest is still decided. Budgets and cool-downs accumulate from line to line, in a log in
/// memory unless --record names one.
#[derive(Debug, Args)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUSES}"))]
pub(crate) struct Arguments {
    /// The actions; - or nothing for standard input
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    input: PathBuf,

    /// The policy; every .cedar file beside it belongs to it. Without one, only what inspection
    /// proves to be a read is allowed
    #[arg(long, short, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Keep the decisions in this log, which is created if it is not there. A decision is printed
    /// when it is durable. Without --policy the log's own policy holds
    #[arg(long, short, value_name = "LOG")]
    record: Option<PathBuf>,

    /// Take in these reports of evidence first, one JSON object a line
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,

    /// Take a field of the action from another place: FIELD=/json/pointer, or FIELD==constant.
    /// With it, only the mapped fields are read
    #[arg(long, value_name = "FIELD=POINTER")]
    map: Vec<Mapping>,

    /// Verify the log afterwards
    #[arg(long, requires = "record")]
    verify: bool,

    /// Print a table, also when the output is not a terminal
    #[arg(long)]
    table: bool,

    /// End with status 1 when an action is held or blocked, whatever the mode
    #[arg(long, value_name = "VERDICT")]
    fail_on: Option<FailOn>,
}

/// The verdict that is bad news.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    /// Any action that is blocked
    #[value(name = "block")]
    Block,
    /// Any action that is held or blocked
    #[value(name = "require_approval")]
    RequireApproval,
}

impl FailOn {
    fn verdict(self) -> Verdict {
        match self {
            Self::Block => Verdict::Block,
            Self::RequireApproval => Verdict::RequireApproval,
        }
    }
}

pub(crate) fn run(arguments: Arguments, console: &Console) -> Outcome {
    if arguments.table && console.is_json() {
        return Err(Failure::usage("--table and --json exclude each other; leave one of them out"));
    }
    let mappings = Mappings::new(arguments.map).map_err(Failure::usage)?;
    let wants_rows = arguments.table || (console.is_terminal() && !console.is_json());
    let lines = jsonl::open(&arguments.input)?;
    let reports =
        arguments.evidence.as_deref().map(evidence::read).transpose()?.unwrap_or_default();
    let guard = open(arguments.policy.as_deref(), arguments.record.as_deref())?;
    for (line, report) in reports {
        let what = || format!("the evidence on line {line} was not taken in");
        guard
            .blocking()
            .report(report)
            .map_err(|error| Failure::unusable(error).context(what()))?;
    }
    if jsonl::is_stdin(&arguments.input) && std::io::stdin().is_terminal() {
        console.note("reading actions from the keyboard, one JSON object a line; Ctrl-D ends");
    }
    let sink: Box<dyn Sink> = match wants_rows {
        true => Box::new(Rows::new(console, guard.policy())),
        false => Box::new(JsonLines::new(console)),
    };
    let file = Some(arguments.input.as_path()).filter(|path| !jsonl::is_stdin(path));
    let progress = Progress::through(file, !console.is_terminal());
    let run = decide::Run {
        guard: &guard,
        mappings: &mappings,
        is_recorded: arguments.record.is_some(),
        progress,
    };
    let totals = run.all(lines, sink)?;
    let status = status(&totals, arguments.fail_on);
    finish(guard, arguments.record.as_deref(), arguments.verify, console)
        .map(|found| status.and(found))
}

fn open(policy: Option<&Path>, record: Option<&Path>) -> Result<Guard, Failure> {
    record.map(log_file::must_have_folder).transpose()?;
    let files: Option<Vec<PolicyFile>> = policy.map(policy_file::read).transpose()?;
    let config = Config {
        policy: files.clone().map_or(PolicySource::Log, PolicySource::Files),
        log: record.map_or(LogPlace::Memory, |path| LogPlace::File(path.to_owned())),
    };
    Guard::open(config).map_err(|error| policy_file::opening(error, &files.unwrap_or_default()))
}

fn status(totals: &Totals, fail_on: Option<FailOn>) -> Status {
    let is_bad_news = fail_on.is_some_and(|least| totals.reach(least.verdict()));
    if totals.errors() > 0 || is_bad_news { Status::Found } else { Status::Ok }
}

/// Says where the record is, and whether it verifies.
fn finish(guard: Guard, record: Option<&Path>, verify: bool, console: &Console) -> Outcome {
    guard.close();
    let Some(path) = record else { return Ok(Status::Ok) };
    log_file::announce(path, console)?;
    if verify { log_file::verify(path, None, None, console) } else { Ok(Status::Ok) }
}
