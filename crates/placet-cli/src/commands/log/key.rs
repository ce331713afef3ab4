//! `placet log key`: the public half of the log's key.

use clap::Args;
use placet_store::{Keys, Sqlite};
use serde_json::json;

use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::log_file::LogArgument;
use crate::status::Status;

/// Print the public key that checkpoints and receipts are verified with.
///
/// It is read from the key file beside the log, also while a daemon has the log, and never asked of a
/// daemon: by a key that it names itself, a daemon that shows another log could not be found out.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    log: LogArgument,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    arguments.log.must_exist()?;
    let keys = Keys::open(&Sqlite::key_path(arguments.log.path())).map_err(Failure::unusable)?;
    if console.is_json() {
        console
            .value(&json!({ "origin": keys.origin(), "verifier": keys.verifier().to_string() }))?;
    } else {
        console.bytes(format!("{}\n", keys.verifier()).as_bytes())?;
    }
    Ok(Status::Ok)
}
