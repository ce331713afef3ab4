//! `placet log verify`: was this log altered?

use std::path::PathBuf;

use clap::Args;

use crate::cli::EXIT_STATUSES;
use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::log_file::{self, LogArgument, VerifierArgument};

/// Replay the whole log and say what is wrong with it.
///
/// Every leaf, signature, payload and decision is checked again, and the entry that is wrong is
/// named. A log that someone with its key cut short or wrote anew is sound in itself: only an
/// earlier checkpoint, given with --against, shows it.
#[derive(Debug, Args)]
#[command(after_long_help = EXIT_STATUSES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    log: LogArgument,

    #[command(flatten)]
    verifier: VerifierArgument,

    /// A checkpoint that was kept earlier: the log must continue it
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let read =
        |path: &PathBuf| std::fs::read(path).map_err(|error| Failure::file("read", path, error));
    let earlier = arguments.against.as_ref().map(read).transpose()?;
    log_file::verify(arguments.log.path(), arguments.verifier.given(), earlier.as_deref(), console)
}
