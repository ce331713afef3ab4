//! `placet log export`: the public part of the log as files.

use std::path::PathBuf;

use clap::Args;
use placet_store::Reader as _;
use placet_store::export::export;
use serde_json::json;

use crate::console::{Console, counted};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::log_file::{LogArgument, VerifierArgument};
use crate::status::Status;

/// Write the public part as tiles that other tools can follow (C2SP tlog-tiles).
///
/// Into the same folder it adds what is new. Params, reasons and names of people are never part
/// of it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder, which is created if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    #[command(flatten)]
    log: LogArgument,

    #[command(flatten)]
    verifier: VerifierArgument,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let trusted = arguments.log.trusted(&arguments.verifier)?;
    let mut reader = arguments.log.reader()?;
    let view = reader.view().map_err(Failure::unusable)?;
    let folder = &arguments.folder;
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
