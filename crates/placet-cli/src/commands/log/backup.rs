//! `placet log backup`: a copy of the log, taken while it is written to.

use std::path::{Path, PathBuf};

use clap::Args;
use placet_store::Sqlite;
use serde_json::json;

use crate::console::{Console, GOOD};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::log_file::{LogArgument, VerifierArgument, must_have_folder};
use crate::place::{Daemon, Place, PlaceArgument};
use crate::status::Status;

/// Copy the log and its key file, also while a daemon writes to it.
///
/// The copy is the log at one moment. To restore it, put both files where the daemon looks for
/// them. The key file signs for the log and opens its redacted values: keep it as safe as the log.
/// A daemon sends the log and never the key file, which does not change: copy that once, where the
/// log is. Name the log's public key with --verifier then, by which the copy is checked.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where the copy goes; nothing there is replaced
    #[arg(value_name = "TO")]
    to: PathBuf,

    #[command(flatten)]
    place: PlaceArgument,

    #[command(flatten)]
    verifier: VerifierArgument,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let Arguments { to, place, verifier } = arguments;
    match place.resolve()? {
        Place::Log(log) => of_log(&log, to, verifier, console),
        Place::Daemon(daemon) => of_daemon(&daemon, to, verifier, console),
    }
}

fn of_log(log: &LogArgument, to: &Path, by: &VerifierArgument, console: &Console) -> Outcome {
    must_have_folder(to)?;
    log.reader()?.back_up(to).map_err(Failure::unusable)?;
    let copy = LogArgument::at(to);
    let size = copy.state_by(&copy.trusted(by)?)?.size();
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

fn of_daemon(daemon: &Daemon, to: &Path, by: &VerifierArgument, console: &Console) -> Outcome {
    let verifier = by.of_a_copy()?;
    must_have_folder(to)?;
    let size = daemon.back_up(to, verifier)?;
    if console.is_json() {
        console.value(&json!({ "log": to, "key": null, "entries": size }))?;
    } else {
        let log = to.display().to_string();
        let log = escape::line(&log);
        console.text(&format!(
            "{GOOD}copied{GOOD:#} {size} entries to {log}; its key file stays where the log is\n"
        ))?;
    }
    Ok(Status::Ok)
}
