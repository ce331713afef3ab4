//! The arguments of the command line.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand, ValueEnum};

use crate::commands::{
    approvals, autonomy, check, classify, completions, demo, evidence, hook, init, key, kill, log,
    man, mcp, openapi, people, policy, reference, report, serve,
};
use crate::status::Status;

/// What `--help` ends with, everywhere where it may matter.
pub(crate) const EXIT_STATUSES: &str = "\
Exit status:
  0  all went well
  1  something was found: a line that cannot be read, an error in a policy, a log or a receipt
     that does not verify, a verdict named by --fail-on, an answer that was not taken in
  2  the arguments make no sense
  3  the log, a file or a daemon cannot be used; where the answer of a daemon was lost, the error
     says that what was asked for may have been carried out";

/// Decides what agents may do, and keeps a record that nobody can alter unnoticed.
#[derive(Debug, Parser)]
#[command(name = "placet", version, after_help = EXIT_STATUSES, max_term_width = 100)]
#[command(arg_required_else_help = true, infer_subcommands = false)]
pub(crate) struct Cli {
    /// Print JSON: results on standard output, one value a line, errors on standard error
    #[arg(long, global = true, display_order = 1000)]
    pub(crate) json: bool,

    /// When to use colours; NO_COLOR is obeyed too
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", display_order = 1001)]
    pub(crate) color: ColorWhen,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Arguments),
    Check(check::Arguments),
    Serve(serve::Arguments),
    Demo(demo::Arguments),
    Mcp(mcp::Arguments),
    /// Put the gate into the hooks of coding agents, and answer them
    #[command(subcommand)]
    Hook(hook::Command),
    /// Make, list, replace and revoke the keys that agents and operators show
    #[command(subcommand)]
    Key(key::Command),
    /// Invite people who answer in the console, list, change and remove them
    #[command(subcommand)]
    People(people::Command),
    /// Look at a policy
    #[command(subcommand)]
    Policy(policy::Command),
    Classify(classify::Arguments),
    /// See what waits for people, and answer it
    #[command(subcommand)]
    Approvals(approvals::Command),
    /// Stop a tenant, an agent, a tool or everything, at once
    #[command(subcommand)]
    Kill(kill::Command),
    /// Report what tests and reviews found out about an agent
    #[command(subcommand)]
    Evidence(evidence::Command),
    Autonomy(autonomy::Arguments),
    Report(report::Arguments),
    /// Read a log, prove what it says, or find out whether it was altered
    #[command(subcommand)]
    Log(log::Command),
    Completions(completions::Arguments),
    Man(man::Arguments),
    /// Print the description of the API of the daemon: OpenAPI 3.1
    #[command(hide = true)]
    Openapi(openapi::Arguments),
    /// Print this reference as Markdown
    #[command(hide = true)]
    Reference(reference::Arguments),
}

/// Answers arguments that clap does not accept, or a request for help.
pub(crate) fn refuse(error: &clap::Error, arguments: &[OsString]) -> Status {
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let wants_json = arguments.iter().any(|argument| argument == "--json");
    if wants_json && !is_help {
        print_json(error);
    } else {
        // Without a terminal to print it on there is nobody to tell.
        drop(error.print());
    }
    if is_help { Status::Ok } else { Status::Usage }
}

#[expect(clippy::print_stderr, reason = "there is no console before the arguments are read")]
fn print_json(error: &clap::Error) {
    let text = error.to_string();
    let message = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
    eprintln!("{}", serde_json::json!({ "error": message, "status": Status::Usage.code() }));
}
