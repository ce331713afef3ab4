//! `placet log`: read a log, prove what it says, or find out whether it was altered.

mod checkpoint;
mod describe;
mod erase;
mod export;
mod key;
mod prove;
mod rebuild;
mod show;
mod verify;

use clap::Subcommand;

use crate::console::Console;
use crate::failure::Outcome;

/// What to do with the log.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show entries, or everything about one action
    Show(show::Arguments),
    /// Replay the whole log and say what is wrong with it
    Verify(verify::Arguments),
    /// Write the public part as tiles that other tools can follow
    Export(export::Arguments),
    /// Print the signed head, to be kept by others
    Checkpoint(checkpoint::Arguments),
    /// Prove an entry, or that the log continues an earlier one; or check a receipt
    Prove(prove::Arguments),
    /// Print the public key that checkpoints and receipts are verified with
    Key(key::Arguments),
    /// Erase what is kept beside an entry: params, reasons, names of people
    Erase(erase::Arguments),
    /// Make the tables for searching again from the entries
    Rebuild(rebuild::Arguments),
}

pub(crate) fn run(command: &Command, console: &Console) -> Outcome {
    match command {
        Command::Show(arguments) => show::run(arguments, console),
        Command::Verify(arguments) => verify::run(arguments, console),
        Command::Export(arguments) => export::run(arguments, console),
        Command::Checkpoint(arguments) => checkpoint::run(arguments, console),
        Command::Prove(arguments) => prove::run(arguments, console),
        Command::Key(arguments) => key::run(arguments, console),
        Command::Erase(arguments) => erase::run(arguments, console),
        Command::Rebuild(arguments) => rebuild::run(arguments, console),
    }
}
