//! `placet hook`: the gate inside the hooks of coding agents.
//!
//! What it means is in `placet_hook`; here are its arguments and what it prints.

mod answer;
mod doctor;
mod install;

use clap::Subcommand;
use placet_hook::{ClientName, Folders};

use crate::console::Console;
use crate::failure::{Failure, Outcome};

/// What to do with the hooks of a coding agent.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Install(install::Install),
    Uninstall(install::Uninstall),
    Doctor(doctor::Arguments),
    /// Answer an event of Claude Code, read from standard input
    ClaudeCode(answer::Arguments),
    /// Answer an event of Codex, read from standard input
    Codex(answer::Arguments),
    /// Answer an event of Gemini CLI, read from standard input
    Gemini(answer::Arguments),
    /// Answer an event of Cursor, read from standard input
    Cursor(answer::Arguments),
    /// Answer an event of Copilot CLI, read from standard input
    Copilot(answer::Arguments),
}

pub(crate) fn run(command: Command, console: &Console) -> Outcome {
    match command {
        Command::Install(install) => install::install(install, console),
        Command::Uninstall(uninstall) => install::uninstall(&uninstall, console),
        Command::Doctor(arguments) => doctor::run(&arguments, console),
        Command::ClaudeCode(arguments) => answer::run(ClientName::ClaudeCode, arguments, console),
        Command::Codex(arguments) => answer::run(ClientName::Codex, arguments, console),
        Command::Gemini(arguments) => answer::run(ClientName::Gemini, arguments, console),
        Command::Cursor(arguments) => answer::run(ClientName::Cursor, arguments, console),
        Command::Copilot(arguments) => answer::run(ClientName::Copilot, arguments, console),
    }
}

/// Where the settings of clients and our own are.
fn folders() -> Result<Folders, Failure> {
    let project = std::env::current_dir()?;
    Folders::from_env(project, |name| std::env::var_os(name))
        .ok_or_else(|| Failure::usage("HOME is not set, so there is no place for settings"))
}
