//! `placet log checkpoint`: the signed head.

use clap::Args;
use placet_store::recover::check_head;
use placet_store::{Reader as _, StoreError};
use serde_json::json;

use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::log_file::{LogArgument, VerifierArgument};
use crate::status::Status;

/// Print the signed head, to be kept by others.
///
/// Whoever keeps it can tell later whether the log was cut or rewritten:
/// placet log verify --against FILE.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    log: LogArgument,

    #[command(flatten)]
    verifier: VerifierArgument,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let trusted = arguments.log.trusted(&arguments.verifier)?;
    let mut reader = arguments.log.reader()?;
    let head = reader.view().and_then(|view| view.head()).map_err(Failure::unusable)?;
    let head = head.ok_or_else(|| Failure::unusable_because("the log has no checkpoint yet"))?;
    check_head(&head, &[trusted]).map_err(|error| match error {
        StoreError::Corrupt(_) => Failure::found(error),
        other => Failure::unusable(other),
    })?;
    if console.is_json() {
        console.value(
            &json!({ "size": head.size, "root": head.root, "checkpoint": head.checkpoint }),
        )?;
    } else {
        console.bytes(head.checkpoint.as_bytes())?;
    }
    Ok(Status::Ok)
}
