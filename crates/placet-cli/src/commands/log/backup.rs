//! `placet log backup`: a copy of the log, taken while it is written to.

use std::path::PathBuf;

use clap::Args;
use placet_store::Sqlite;
use serde_json::json;

use crate::console::{Console, GOOD};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::log_file::{LogArgument, must_have_folder};
use crate::status::Status;

/// Copy the log and its key file, also while a daemon writes to it.
///
/// The copy is the log at one moment. To restore it, put both files where the daemon looks for
/// them. The key file signs for the log and opens its redacted values: keep it as safe as the log.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where the copy goes; nothing there is replaced
    #[arg(value_name = "TO")]
    to: PathBuf,

    #[command(flatten)]
    log: LogArgument,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let Arguments { to, log } = arguments;
    must_have_folder(to)?;
    log.reader()?.back_up(to).map_err(Failure::unusable)?;
    let size = LogArgument::at(to).state()?.size();
    let key = Sqlite::key_path(to);
    if console.is_json() {
        console.value(&json!({ "log": to, "key": key, "entries": size }))?;
    } else {
        let (log, key) = (to.display().to_string(), key.display().to_string());
        let (log, key) = (escape::line(&log), escape::line(&key));
        console
            .text(&format!("{GOOD}copied{GOOD:#} {size} entries to {log}, its key to {key}\n"))?;
    }
    Ok(Status::Ok)
}
