//! `placet log rebuild`: the tables for searching, made again.

use clap::Args;
use placet_store::sqlite::Options;
use placet_store::{Sqlite, Store as _, System};
use serde_json::json;

use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::log_file::LogArgument;
use crate::status::Status;

/// Make the tables for searching again from the entries.
///
/// Nothing is ever decided from them, so this is needed only when `placet log verify` says so.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    log: LogArgument,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    arguments.log.must_exist()?;
    let mut store = Sqlite::open(arguments.log.path(), Options::default(), &System)
        .map_err(Failure::unusable)?;
    store.rebuild().map_err(Failure::unusable)?;
    if console.is_json() {
        console.value(&json!({ "rebuilt": true }))?;
    } else {
        console.text("the tables for searching were made again from the entries\n")?;
    }
    Ok(Status::Ok)
}
