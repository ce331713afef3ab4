//! The `placet` command.
//!
//! Somebody has a file with the tool calls of an agent and wants to know what a policy would have
//! said to each: `placet check calls.jsonl --policy policy.toml` answers on the terminal, line by
//! line, with the reason. With `--record` the decisions go into a log that nobody can alter
//! unnoticed, and `placet log verify` shows that nobody did.
//!
//! Raw arguments are validated by the parser (`cli`) before anything is opened; each command then
//! resolves them against the world in a file of its own (`commands`). Whatever goes wrong becomes
//! a `Failure` and is printed in one place. Text that an agent wrote is never
//! printed as it is: see [`placet::escape`].

mod cli;
mod commands;
mod console;
mod ending;
mod evidence;
mod failure;
mod jsonl;
mod log_file;
mod map;
mod place;
mod policy_file;
mod progress;
mod status;
mod table;
mod trace;

use std::ffi::OsString;

use clap::Parser;
use placet::escape;

use cli::Cli;
use console::Console;
use failure::Failure;
use status::Status;

/// Runs the command with its arguments, the first of which is its own name, and gives the exit
/// status for the shell. Prints as the command does.
#[must_use]
pub fn run(arguments: &[OsString]) -> u8 {
    status(arguments).code()
}

fn status(arguments: &[OsString]) -> Status {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return cli::refuse(&error, arguments),
    };
    let console = Console::new(cli.json, cli.color);
    let outcome = commands::run(cli.command, &console);
    match outcome {
        Ok(status) => status,
        Err(Failure::ClosedPipe) => Status::Ok,
        Err(Failure::Error(error)) => {
            console.report(&error);
            error.status
        }
    }
}
