//! One file for each command: its arguments, what it does, what it prints.

pub(crate) mod approvals;
pub(crate) mod autonomy;
pub(crate) mod check;
pub(crate) mod classify;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod evidence;
pub(crate) mod hook;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod kill;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod mcp;
pub(crate) mod openapi;
pub(crate) mod people;
pub(crate) mod policy;
pub(crate) mod reference;
pub(crate) mod report;
pub(crate) mod serve;

use crate::cli::Command;
use crate::console::Console;
use crate::failure::Outcome;

/// Runs a command.
pub(crate) fn run(command: Command, console: &Console) -> Outcome {
    match command {
        Command::Init(arguments) => init::run(&arguments, console),
        Command::Check(arguments) => check::run(arguments, console),
        Command::Serve(arguments) => serve::run(arguments, console),
        Command::Demo(arguments) => demo::run(&arguments, console),
        Command::Mcp(arguments) => mcp::run(&arguments, console),
        Command::Key(command) => key::run(command, console),
        Command::People(command) => people::run(command, console),
        Command::Policy(command) => policy::run(&command, console),
        Command::Classify(arguments) => classify::run(&arguments, console),
        Command::Approvals(command) => approvals::run(command, console),
        Command::Kill(command) => kill::run(&command, console),
        Command::Hook(command) => hook::run(command, console),
        Command::Evidence(command) => evidence::run(&command, console),
        Command::Autonomy(arguments) => autonomy::run(&arguments, console),
        Command::Report(arguments) => report::run(&arguments, console),
        Command::Log(command) => log::run(&command, console),
        Command::Completions(arguments) => completions::run(&arguments, console),
        Command::Man(arguments) => man::run(&arguments, console),
        Command::Openapi(_) => openapi::run(console),
        Command::Reference(_) => reference::run(console),
    }
}
