//! `placet openapi`: the description of the API of the daemon.
//!
//! The text in `docs/openapi.json` is the output of this command, and a test fails when it is not.

use clap::Args;
use serde_json::Value;

use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::status::Status;

/// Print the description of the API: OpenAPI 3.1 as JSON.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(console: &Console) -> Outcome {
    let text = placet_server::openapi();
    if console.is_json() {
        let description: Value = serde_json::from_str(&text).map_err(Failure::unusable)?;
        console.value(&description)?;
    } else {
        console.bytes(text.as_bytes())?;
    }
    Ok(Status::Ok)
}
