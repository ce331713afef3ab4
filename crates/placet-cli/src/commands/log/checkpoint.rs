//! `placet log checkpoint`: the signed head.

use clap::Args;
use placet_store::recover::check_head;
use placet_store::{Head, Reader as _, StoreError};
use serde_json::json;

use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::log_file::{LogArgument, VerifierArgument};
use crate::place::{self, Place, PlaceArgument};
use crate::status::Status;

/// Print the signed head, to be kept by others.
///
/// Whoever keeps it can tell later whether the log was cut or rewritten:
/// placet log verify --against FILE.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: PlaceArgument,

    #[command(flatten)]
    verifier: VerifierArgument,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let head = match arguments.place.resolve()? {
        Place::Log(log) => of_log(&log, &arguments.verifier)?,
        Place::Daemon(daemon) => {
            let checkpoint = daemon.checkpoint()?;
            let head = place::head(checkpoint.as_bytes(), arguments.verifier.given())?;
            Head { size: head.size(), root: head.root(), checkpoint }
        }
    };
    if console.is_json() {
        console.value(
            &json!({ "size": head.size, "root": head.root, "checkpoint": head.checkpoint }),
        )?;
    } else {
        console.bytes(head.checkpoint.as_bytes())?;
    }
    Ok(Status::Ok)
}

fn of_log(log: &LogArgument, verifier: &VerifierArgument) -> Result<Head, Failure> {
    let trusted = log.trusted(verifier)?;
    let mut reader = log.reader()?;
    let head = reader.view().and_then(|view| view.head()).map_err(Failure::unusable)?;
    let head = head.ok_or_else(|| Failure::unusable_because("the log has no checkpoint yet"))?;
    check_head(&head, &[trusted]).map_err(|error| match error {
        StoreError::Corrupt(_) => Failure::found(error),
        other => Failure::unusable(other),
    })?;
    Ok(head)
}
