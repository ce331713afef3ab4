//! `placet openapi`: the description of the API of the daemon.
//!
//! The text in `docs/openapi.json` is the output of this command, and a test fails when it is not.

use clap::Args;

use crate::console::Console;
use crate::failure::Outcome;
use crate::status::Status;

/// Print the description of the API: OpenAPI 3.1 as JSON.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(console: &Console) -> Outcome {
    console.bytes(placet_server::openapi().as_bytes())?;
    Ok(Status::Ok)
}
