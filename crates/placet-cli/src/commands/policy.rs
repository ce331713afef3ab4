//! `placet policy`: look at a policy without deciding anything.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use placet_core::event::PolicyFile;
use placet_policy::{Diagnostics, Policy};
use serde_json::json;

use crate::console::{Console, GOOD, HELD, counted};
use crate::failure::Outcome;
use crate::policy_file;
use crate::status::Status;

/// What to do with the policy.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Lint(Lint),
    Schema(Schema),
}

/// Say what is wrong with a policy and its rules, line by line.
///
/// Errors end the command with status 1, warnings do not. Every .cedar file beside the policy
/// belongs to it.
#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// The policy
    #[arg(value_name = "FILE", default_value = "policy.toml")]
    file: PathBuf,
}

/// Print the schema that editors complete and check policies with.
///
/// Without --cedar it is the JSON Schema of the policy file. With it, it is the Cedar schema that
/// follows from the classes of a policy: what its rules can name and read.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Print the Cedar schema for the rules beside this policy
    #[arg(long, value_name = "FILE")]
    cedar: Option<PathBuf>,
}

pub(crate) fn run(command: &Command, console: &Console) -> Outcome {
    match command {
        Command::Lint(arguments) => lint(&arguments.file, console),
        Command::Schema(arguments) => schema(arguments.cedar.as_deref(), console),
    }
}

fn lint(path: &Path, console: &Console) -> Outcome {
    let files = policy_file::read(path)?;
    match Policy::load(&files) {
        Ok(policy) => {
            print_sound(&policy, &files, console)?;
            Ok(Status::Ok)
        }
        Err(diagnostics) => {
            print_unsound(&diagnostics, &files, console)?;
            Ok(Status::Found)
        }
    }
}

fn print_sound(policy: &Policy, files: &[PolicyFile], console: &Console) -> std::io::Result<()> {
    let (classes, warnings) = (policy.terms().classes.len(), policy.warnings());
    if console.is_json() {
        return console.value(&json!({
            "valid": true, "policy": policy.terms().policy, "mode": policy.terms().mode,
            "classes": classes, "diagnostics": warnings,
        }));
    }
    let count = |count: usize, thing| counted(u64::try_from(count).unwrap_or(u64::MAX), thing);
    let (classes, rules) = (count(classes, "class"), count(files.len().saturating_sub(1), "file"));
    let mut text = policy_file::render(warnings, files);
    if !text.is_empty() {
        text.push('\n');
    }
    let verdict = match warnings.iter().count() {
        0 => format!("{GOOD}the policy is sound{GOOD:#}"),
        1 => format!("{HELD}the policy can be used, with a warning{HELD:#}"),
        count => format!("{HELD}the policy can be used, with {count} warnings{HELD:#}"),
    };
    let mode = policy.terms().mode.as_str();
    text.push_str(&format!("{verdict}: {classes}, {rules} of rules, mode {mode}\n"));
    console.text(&text)
}

/// What is wrong is the result here, so it goes to standard output.
fn print_unsound(
    found: &Diagnostics,
    files: &[PolicyFile],
    console: &Console,
) -> std::io::Result<()> {
    if console.is_json() {
        return console.value(&json!({ "valid": false, "diagnostics": found }));
    }
    console.text(&policy_file::render(found, files))
}

fn schema(cedar: Option<&Path>, console: &Console) -> Outcome {
    match cedar {
        Some(path) => {
            let files = policy_file::read(path)?;
            let policy = Policy::load(&files)
                .map_err(|found| policy_file::invalid(&found, &files, Status::Unusable))?;
            print_cedar(&policy.cedar_schema(), console)?;
        }
        None if console.is_json() => console.value(&placet_policy::file::json_schema())?,
        None => {
            let schema = format!("{:#}\n", placet_policy::file::json_schema());
            console.bytes(schema.as_bytes())?;
        }
    }
    Ok(Status::Ok)
}

fn print_cedar(schema: &str, console: &Console) -> std::io::Result<()> {
    if console.is_json() {
        console.value(&json!({ "cedar": schema }))
    } else {
        console.bytes(schema.as_bytes())
    }
}
