//! `placet log verify`: was this log altered?

use std::path::PathBuf;

use clap::Args;

use crate::cli::EXIT_STATUSES;
use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::log_file::{self, VerifierArgument};
use crate::place::{Place, PlaceArgument};

/// Replay the whole log and say what is wrong with it.
///
/// Every leaf, signature, payload and decision is checked again, and the entry that is wrong is
/// named. A log that someone with its key cut short or wrote anew is sound in itself: only an
/// earlier checkpoint, given with --against, shows it. A daemon sends a copy of its log, which is
/// verified here and removed again: name the log's public key with --verifier then.
#[derive(Debug, Args)]
#[command(after_long_help = EXIT_STATUSES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: PlaceArgument,

    #[command(flatten)]
    verifier: VerifierArgument,

    /// A checkpoint that was kept earlier: the log must continue it
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let Arguments { place, verifier, against } = arguments;
    let read =
        |path: &PathBuf| std::fs::read(path).map_err(|error| Failure::file("read", path, error));
    let earlier = against.as_ref().map(read).transpose()?;
    match place.resolve()? {
        Place::Log(log) => {
            log_file::verify(log.path(), verifier.given(), earlier.as_deref(), console)
        }
        Place::Daemon(daemon) => {
            let verifier = verifier.of_a_copy()?;
            daemon.with_copy(|copy| {
                log_file::verify(copy.path(), Some(verifier), earlier.as_deref(), console)
                    .map_err(|failure| failure.context("what the daemon sent cannot be verified"))
            })
        }
    }
}
