//! `placet evidence`: what tests and reviews found out about an agent goes into the log.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use placet_core::autonomy::Evidence;
use placet_core::{AutonomyState, BuildId, ClassName, SourceName, TenantId};
use serde_json::json;

use crate::console::{Console, STRONG};
use crate::escape;
use crate::evidence;
use crate::failure::{Failure, Outcome};
use crate::place::PlaceArgument;
use crate::status::Status;

/// What to do with evidence.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Report(Box<Report>),
}

/// Report how many samples passed and failed, and say where the class stands now.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The class that the samples are about
    #[arg(long, required_unless_present = "file", requires_all = ["source", "passed", "failed"])]
    class: Option<ClassName>,

    /// Who measured, for example a test suite
    #[arg(long)]
    source: Option<SourceName>,

    /// The samples were made to break the agent
    #[arg(long)]
    adversarial: bool,

    /// How many samples passed
    #[arg(long, value_name = "N")]
    passed: Option<u64>,

    /// How many samples failed
    #[arg(long, value_name = "N")]
    failed: Option<u64>,

    /// On whose behalf the agent acts; default where nothing is given
    #[arg(long)]
    tenant: Option<TenantId>,

    /// The version of the agent, where evidence is kept apart for each
    #[arg(long)]
    build: Option<BuildId>,

    /// Reports to take in instead, one JSON object a line; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["class", "source", "adversarial", "passed", "failed", "tenant", "build"])]
    file: Option<PathBuf>,

    #[command(flatten)]
    place: PlaceArgument,
}

pub(crate) fn run(command: &Command, console: &Console) -> Outcome {
    let Command::Report(arguments) = command;
    let reports = reports(arguments)?;
    let place = arguments.place.open()?;
    for (line, report) in reports {
        let state = place.report(&report).map_err(|failure| match arguments.file {
            Some(_) => failure.context(format!("the report on line {line} was not taken in")),
            None => failure,
        })?;
        print(&report, state, console)?;
    }
    Ok(Status::Ok)
}

/// The reports of the file, or the one in the arguments.
fn reports(arguments: &Report) -> Result<Vec<(u64, Evidence)>, Failure> {
    if let Some(path) = &arguments.file {
        return evidence::read(path);
    }
    let one = |class: &ClassName, source: &SourceName, passed, failed| Evidence {
        tenant: arguments.tenant.clone().unwrap_or_default(),
        class: class.clone(),
        build: arguments.build.clone(),
        source: source.clone(),
        adversarial: arguments.adversarial,
        passed,
        failed,
    };
    match (&arguments.class, &arguments.source, arguments.passed, arguments.failed) {
        (Some(class), Some(source), Some(passed), Some(failed)) => {
            Ok(vec![(1, one(class, source, passed, failed))])
        }
        _ => Err(Failure::usage(
            "a report needs --class, --source, --passed and --failed, or --file",
        )),
    }
}

fn print(report: &Evidence, state: AutonomyState, console: &Console) -> std::io::Result<()> {
    if console.is_json() {
        return console.value(&json!({ "tenant": report.tenant, "class": report.class, "build": report.build, "autonomy": state }));
    }
    let (class, tenant) =
        (escape::line(report.class.as_str()), escape::line(report.tenant.as_str()));
    console.text(&format!("{STRONG}{class}{STRONG:#} of {tenant} is {state}\n"))
}
