//! `placet completions`: what a shell needs to complete the command.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use serde_json::json;

use crate::cli::Cli;
use crate::console::Console;
use crate::failure::Outcome;
use crate::status::Status;

/// Print completions for a shell.
///
/// For example: placet completions bash > ~/.local/share/bash-completion/completions/placet
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "placet", &mut script);
    if console.is_json() {
        console.value(&json!({ "completions": String::from_utf8_lossy(&script) }))?;
    } else {
        console.bytes(&script)?;
    }
    Ok(Status::Ok)
}
