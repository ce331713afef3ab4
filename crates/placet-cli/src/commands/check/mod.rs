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
use std::sync::Arc;

use clap::{Args, ValueEnum};
use placet::{Config, Guard, LogPlace, PolicySource};
use placet_core::Verdict;
use placet_core::autonomy::Evidence;
use placet_core::event::PolicyFile;
use placet_policy::Policy;
use placet_store::Head;
use serde_json::json;

use crate::cli::EXIT_STATUSES;
use crate::console::Console;
use crate::escape;
use crate::evidence;
use crate::failure::{Failure, Outcome};
use crate::jsonl;
use crate::log_file;
use crate::map::{Mapping, Mappings};
use crate::place::{self, Daemon};
use crate::policy_file;
use crate::progress::Progress;
use crate::status::Status;
use decide::Decider;
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
    /// when it is durable. Without --policy the log's own policy holds. At a daemon it stands alone
    #[arg(long, short, value_name = "LOG", num_args = 0..=1)]
    record: Option<Option<PathBuf>>,

    /// Ask the daemon there, with the key in PLACET_KEY; or PLACET_URL, where neither a policy nor a
    /// log is named. What each action would come to now is asked for; with --record it is proposed
    #[arg(long, value_name = "URL", conflicts_with_all = ["policy", "verify"])]
    url: Option<String>,

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

pub(crate) fn run(mut arguments: Arguments, console: &Console) -> Outcome {
    if arguments.table && console.is_json() {
        return Err(Failure::usage("--table and --json exclude each other; leave one of them out"));
    }
    let mappings = Mappings::new(std::mem::take(&mut arguments.map)).map_err(Failure::usage)?;
    let wants_rows = arguments.table || (console.is_terminal() && !console.is_json());
    let lines = jsonl::open(&arguments.input)?;
    let reports =
        arguments.evidence.as_deref().map(evidence::read).transpose()?.unwrap_or_default();
    let decider = arguments.decider()?;
    let log = arguments.record.clone().flatten();
    take_in(reports, &decider, arguments.record.is_some())?;
    if jsonl::is_stdin(&arguments.input) && std::io::stdin().is_terminal() {
        console.note("reading actions from the keyboard, one JSON object a line; Ctrl-D ends");
    }
    let sink: Box<dyn Sink> = match wants_rows {
        true => Box::new(Rows::new(console, policy(&decider))),
        false => Box::new(JsonLines::new(console)),
    };
    let file = Some(arguments.input.as_path()).filter(|path| !jsonl::is_stdin(path));
    let progress = Progress::through(file, !console.is_terminal());
    let is_recorded = arguments.record.is_some();
    let run = decide::Run { decider: &decider, mappings: &mappings, is_recorded, progress };
    let totals = run.all(lines, sink)?;
    let status = status(&totals, arguments.fail_on);
    let found = match decider {
        Decider::Guard(guard) => finish(guard, log.as_deref(), arguments.verify, console)?,
        Decider::Daemon(daemon) if is_recorded => announce(&daemon, console)?,
        Decider::Daemon(_) => Status::Ok,
    };
    Ok(status.and(found))
}

impl Arguments {
    /// Who decides: a daemon where one is named, or is there and nothing else is.
    fn decider(&self) -> Result<Decider, Failure> {
        if let Some(url) = &self.url {
            if matches!(self.record, Some(Some(_))) {
                return Err(Failure::usage("a daemon has its own log")
                    .help("write --record alone and last; the actions go before it"));
            }
            return place::connect(url).map(Decider::Daemon);
        }
        let log = match (&self.policy, &self.record) {
            (None, None | Some(None)) if !self.verify => match place::usual_daemon()? {
                Some(daemon) => return Ok(Decider::Daemon(daemon)),
                None => self.record.as_ref().map(Option::as_deref),
            },
            (_, record) => record.as_ref().map(Option::as_deref),
        };
        match log {
            Some(None) => {
                Err(Failure::usage("name the log after --record, or a daemon with --url"))
            }
            log => open(self.policy.as_deref(), log.flatten()).map(Decider::Guard),
        }
    }
}

/// Takes in evidence first.
fn take_in(
    reports: Vec<(u64, Evidence)>,
    decider: &Decider,
    is_recorded: bool,
) -> Result<(), Failure> {
    if !reports.is_empty() && !is_recorded && matches!(decider, Decider::Daemon(_)) {
        return Err(Failure::usage("evidence that a daemon takes in is recorded")
            .help("add --record to propose the actions as well, or leave --evidence out"));
    }
    for (line, report) in reports {
        let taken = match decider {
            Decider::Guard(guard) => {
                guard.blocking().report(report).map(drop).map_err(Failure::unusable)
            }
            Decider::Daemon(daemon) => daemon.report(&report).map(drop),
        };
        let what = || format!("the evidence on line {line} was not taken in");
        taken.map_err(|failure| failure.context(what()))?;
    }
    Ok(())
}

/// The policy that is decided by. Not every key may read a daemon's.
fn policy(decider: &Decider) -> Option<Arc<Policy>> {
    match decider {
        Decider::Guard(guard) => Some(guard.policy()),
        Decider::Daemon(daemon) => {
            let files = daemon.policy().ok()?.files;
            Policy::load(&files).ok().map(Arc::new)
        }
    }
}

/// Says where a daemon has recorded the decisions, and what the head of its log is.
fn announce(daemon: &Daemon, console: &Console) -> Outcome {
    let checkpoint = daemon.checkpoint()?;
    let head = place::head(checkpoint.as_bytes(), None)?;
    let place = escape::line(daemon.url());
    let head = Head { size: head.size(), root: head.root(), checkpoint };
    log_file::say_recorded(&place, &json!(daemon.url()), &head, console);
    Ok(Status::Ok)
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
