//! `placet log erase`: take away what is private about an entry.

use clap::Args;
use placet_core::PersonId;
use serde_json::json;

use crate::console::Console;
use crate::failure::Outcome;
use crate::place::PlaceArgument;
use crate::status::Status;

/// Erase what is kept beside an entry: params, reasons, names of people.
///
/// The entry, its place and all proofs stay, and a new entry says that this was done, by whom and
/// why. It cannot be undone.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The entry
    #[arg(value_name = "INDEX")]
    index: u64,

    /// Why. It is public in the log and cannot be erased
    #[arg(long, short)]
    reason: String,

    /// Who does it
    #[arg(long, value_name = "PERSON")]
    by: Option<PersonId>,

    #[command(flatten)]
    place: PlaceArgument,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let Arguments { index, reason, by, place } = arguments;
    let log_index = place.open()?.erase(*index, reason, by.as_ref())?;
    if console.is_json() {
        console.value(&json!({ "erased": index, "log_index": log_index }))?;
    } else {
        let text = match log_index {
            Some(at) => format!("erased what was kept beside entry {index}; entry {at} says so\n"),
            None => format!("entry {index} was erased before; nothing changed\n"),
        };
        console.text(&text)?;
    }
    Ok(Status::Ok)
}
