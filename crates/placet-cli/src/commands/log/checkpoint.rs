//! `placet log checkpoint`: the signed head.

use clap::Args;
use placet_store::Head;
use serde_json::json;

use crate::console::Console;
use crate::failure::Outcome;
use crate::log_file::VerifierArgument;
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
        Place::Log(log) => log.head_by(&log.trusted(&arguments.verifier)?)?,
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
