//! `placet log export`: the public part of the log as files.

use std::path::{Path, PathBuf};

use clap::Args;
use placet_core::log::Verifier;
use placet_store::Reader as _;
use placet_store::export::export;
use serde_json::json;

use crate::console::{Console, counted};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::log_file::{LogArgument, VerifierArgument};
use crate::place::{Place, PlaceArgument};
use crate::status::Status;

/// Write the public part as tiles that other tools can follow (C2SP tlog-tiles).
///
/// Into the same folder it adds what is new. Params, reasons and names of people are never part
/// of it. A daemon sends a copy of its log, which is checked here by the log's public key, named
/// with --verifier, and removed again.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder, which is created if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    #[command(flatten)]
    place: PlaceArgument,

    #[command(flatten)]
    verifier: VerifierArgument,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let Arguments { folder, place, verifier } = arguments;
    match place.resolve()? {
        Place::Log(log) => {
            let verifier = log.trusted(verifier)?;
            log.head_by(&verifier)?;
            write(&log, folder, verifier, console)
        }
        Place::Daemon(daemon) => {
            let verifier = verifier.of_a_copy()?;
            daemon.with_copy(|copy| {
                copy.head_by(verifier)?;
                copy.state_by(verifier).map_err(|failure| {
                    failure.context("what the daemon sent is no sound copy of this log")
                })?;
                write(copy, folder, verifier.clone(), console)
            })
        }
    }
}

fn write(log: &LogArgument, folder: &Path, trusted: Verifier, console: &Console) -> Outcome {
    let mut reader = log.reader()?;
    let view = reader.view().map_err(Failure::unusable)?;
    let exported = export(&*view, folder, &[trusted]).map_err(Failure::unusable)?;
    if console.is_json() {
        console
            .value(&json!({ "folder": folder, "size": exported.size, "files": exported.files }))?;
    } else {
        let place = folder.display().to_string();
        let (size, files) = (exported.size, exported.files);
        console.text(&format!(
            "{} in {}, {} written\n",
            counted(size, "entry"),
            escape::line(&place),
            counted(files, "file"),
        ))?;
    }
    Ok(Status::Ok)
}
