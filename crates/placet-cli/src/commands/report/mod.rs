//! `placet report`: what a policy held and blocked over a time, and which of its lines did.
//!
//! A policy has run in shadow for a week, and somebody asks whether it can be enforced. The log has
//! the answer: every decision with its findings. They are read once, in order, and sorted into
//! cases ([`gather`]); the cases are counted by tool, by agent and by reason ([`summary`]); and for
//! the lines of the policy that would have changed them a suggestion is made and tried on the policy
//! that holds ([`suggest`]). Only leaves are read: no params, nobody's words.

mod case;
mod figures;
mod gather;
mod html;
mod lines;
mod patch;
mod reason;
mod source;
mod steps;
mod suggest;
mod summary;
mod text;
mod window;

use std::path::PathBuf;

use clap::Args;
use placet::{AgentId, TenantId};
use placet_core::ToolName;

use crate::console::{Console, HELD, counted};
use crate::failure::{Failure, Outcome};
use crate::place::PlaceArgument;
use crate::progress::Progress;
use crate::status::Status;
use gather::{Filter, Gathered};
use source::Source;
use summary::Summary;
use window::Window;
pub(crate) use window::{Moment, now};

const EXAMPLES: &str = "\
Examples:
  placet report --log placet.db --since 24h
  placet report --url http://127.0.0.1:4747 --since 2026-11-01T00:00:00Z --html report.html";

/// Say what was held and blocked, or would have been, and which policy lines would change it.
///
/// By tool, by agent and by reason, over the last days. In shadow nobody is stopped, and the report
/// says who would have been. The lines are suggestions; each was tried on the policy that holds,
/// and says how many of the calls it would have changed. Params are never read.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: PlaceArgument,

    /// Begin so long ago (7d, 24h, 90m), or at this time
    #[arg(long, value_name = "WHEN", default_value = "7d")]
    since: Moment,

    /// End so long ago, or at this time. Without it, now
    #[arg(long, value_name = "WHEN")]
    until: Option<Moment>,

    /// Only what this tenant's agents asked for
    #[arg(long, value_name = "TENANT")]
    tenant: Option<TenantId>,

    /// Only what this agent asked for
    #[arg(long, value_name = "AGENT")]
    agent: Option<AgentId>,

    /// Only calls of this tool
    #[arg(long, value_name = "TOOL")]
    tool: Option<ToolName>,

    /// Rows of each table; --json has all of them
    #[arg(long, value_name = "N", default_value_t = 15)]
    top: usize,

    /// Write the report to this file as a page that needs nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let window = Window::new(arguments.since, arguments.until, now())?;
    let source = Source::new(arguments.place.resolve()?)?;
    let summary = summarize(arguments, window, source)?;
    if let Some(path) = &arguments.html {
        let page = html::page(&summary).map_err(Failure::unusable)?;
        std::fs::write(path, page).map_err(|error| Failure::file("write", path, error))?;
    }
    match (console.is_json(), &arguments.html) {
        (true, _) => console.value(&summary)?,
        (false, None) => console.text(&text::render(&summary, arguments.top))?,
        (false, Some(path)) => {
            let place = crate::escape::line(&path.display().to_string()).into_owned();
            console.text(&format!("{place}: {}\n", text::headline(&summary)))?;
        }
    }
    if summary.entries.unreadable > 0 {
        let count = counted(summary.entries.unreadable, "entry");
        console.note(&format!("{HELD}warning:{HELD:#} {count} cannot be read; verify the log"));
        return Ok(Status::Found);
    }
    Ok(Status::Ok)
}

/// Reads the part of the log that the report is about.
fn summarize(
    arguments: &Arguments,
    window: Window,
    mut source: Source,
) -> Result<Summary, Failure> {
    let filter = Filter {
        tenant: arguments.tenant.clone(),
        agent: arguments.agent.clone(),
        tool: arguments.tool.clone(),
    };
    let size = source.size()?;
    let first = source.first_since(window.since, size)?;
    let progress = Progress::of(size.saturating_sub(first));
    let mut gathered = Gathered::new(window, &filter);
    let mut next = first;
    while next < size {
        let entries = source.entries(next)?;
        if entries.is_empty() {
            break;
        }
        for stored in entries.iter().filter(|stored| stored.index < size) {
            gathered.take(stored);
            next = stored.index.saturating_add(1);
        }
        progress.reached(next.saturating_sub(first), "entries read");
    }
    let policy = source.policy()?;
    Ok(Summary::new(gathered, (first, size), &filter, policy.as_deref()))
}
