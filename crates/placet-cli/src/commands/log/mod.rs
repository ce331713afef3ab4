//! `placet log`: read a log, prove what it says, or find out whether it was altered.

mod backup;
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
    Show(show::Arguments),
    Verify(verify::Arguments),
    Export(export::Arguments),
    Checkpoint(checkpoint::Arguments),
    Prove(prove::Arguments),
    Key(key::Arguments),
    Erase(erase::Arguments),
    Rebuild(rebuild::Arguments),
    Backup(backup::Arguments),
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
        Command::Backup(arguments) => backup::run(arguments, console),
    }
}
