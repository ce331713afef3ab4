//! `placet policy`: look at a policy, try it on what was decided, and let it hold.

mod replay;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use placet_core::event::PolicyFile;
use placet_core::{Digest, Mode};
use placet_policy::{Diagnostics, Policy};
use serde_json::json;

use crate::console::{Console, FAINT, GOOD, HELD, STRONG, counted};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::place::{self, PlaceArgument};
use crate::policy_file;
use crate::status::Status;

/// What to do with the policy.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Lint(Lint),
    Schema(Schema),
    Show(Show),
    Replay(replay::Replay),
    Install(Install),
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

    /// Ask the daemon there, which may be of another version, with the key in PLACET_KEY
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// Print the policy that holds.
///
/// Every file of it, as it was installed. A log is taken for a moment to read it.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    place: PlaceArgument,
}

/// Let a policy hold from the next decision on.
///
/// With errors in it nothing changes: the one before still holds. Every .cedar file beside the
/// policy belongs to it.
#[derive(Debug, Args)]
pub(crate) struct Install {
    /// The policy
    #[arg(value_name = "FILE", default_value = "policy.toml")]
    file: PathBuf,

    #[command(flatten)]
    place: PlaceArgument,
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
        Command::Lint(arguments) => lint(arguments, console),
        Command::Schema(arguments) => schema(arguments.cedar.as_deref(), console),
        Command::Show(arguments) => show(arguments, console),
        Command::Replay(arguments) => replay::run(arguments, console),
        Command::Install(arguments) => install(arguments, console),
    }
}

/// What is to be said about a policy without errors.
struct Sound {
    policy: Digest,
    mode: Mode,
    classes: usize,
    warnings: Diagnostics,
}

fn lint(arguments: &Lint, console: &Console) -> Outcome {
    let files = policy_file::read(&arguments.file)?;
    let judged = match &arguments.url {
        None => judge(&files),
        Some(url) => ask(url, &files)?,
    };
    match judged {
        Ok(sound) => {
            print_sound(&sound, &files, console)?;
            Ok(Status::Ok)
        }
        Err(diagnostics) => {
            print_unsound(&diagnostics, &files, console)?;
            Ok(Status::Found)
        }
    }
}

fn judge(files: &[PolicyFile]) -> Result<Sound, Diagnostics> {
    let policy = Policy::load(files)?;
    let (terms, warnings) = (policy.terms(), policy.warnings().clone());
    Ok(Sound { policy: terms.policy, mode: terms.mode, classes: terms.classes.len(), warnings })
}

fn ask(url: &str, files: &[PolicyFile]) -> Result<Result<Sound, Diagnostics>, Failure> {
    let said = place::connect(url)?.validate(files)?;
    Ok(match (said.policy, said.mode, said.classes) {
        (Some(policy), Some(mode), Some(classes)) => {
            Ok(Sound { policy, mode, classes, warnings: said.findings })
        }
        _ => Err(said.findings),
    })
}

fn show(arguments: &Show, console: &Console) -> Outcome {
    let holding = arguments.place.open()?.policy()?;
    if console.is_json() {
        console.value(&holding)?;
        return Ok(Status::Ok);
    }
    let policy = holding.policy;
    let mut text = match holding.log_index {
        Some(index) => format!("{FAINT}{policy}, installed by entry {index}{FAINT:#}\n"),
        None => format!("{FAINT}{policy}, which nobody installed{FAINT:#}\n"),
    };
    for file in &holding.files {
        let name = escape::line(&file.name);
        text.push_str(&format!("\n{STRONG}{name}{STRONG:#}\n{}", escape::lines(&file.text)));
    }
    console.text(&text)?;
    Ok(Status::Ok)
}

fn install(arguments: &Install, console: &Console) -> Outcome {
    let files = policy_file::read(&arguments.file)?;
    let log_index = arguments.place.open_or_create()?.install(&files)?;
    let policy = Policy::digest_of(&files);
    if console.is_json() {
        console.value(&json!({ "policy": policy, "log_index": log_index }))?;
    } else {
        console.text(&format!("{GOOD}holds{GOOD:#} from now on: {policy}\n"))?;
    }
    Ok(Status::Ok)
}

fn print_sound(sound: &Sound, files: &[PolicyFile], console: &Console) -> std::io::Result<()> {
    let Sound { policy, mode, classes, warnings } = sound;
    if console.is_json() {
        return console.value(&json!({
            "valid": true, "policy": policy, "mode": mode,
            "classes": classes, "diagnostics": warnings,
        }));
    }
    let count = |count: usize, thing| counted(u64::try_from(count).unwrap_or(u64::MAX), thing);
    let (classes, rules) = (count(*classes, "class"), count(files.len().saturating_sub(1), "file"));
    let mut text = policy_file::render(warnings, files);
    if !text.is_empty() {
        text.push('\n');
    }
    let verdict = match warnings.iter().count() {
        0 => format!("{GOOD}the policy is sound{GOOD:#}"),
        1 => format!("{HELD}the policy can be used, with a warning{HELD:#}"),
        count => format!("{HELD}the policy can be used, with {count} warnings{HELD:#}"),
    };
    let mode = mode.as_str();
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
