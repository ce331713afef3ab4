//! `placet init`: a policy to start from.
//!
//! Somebody has an agent with twelve tools and no policy. From the names of the tools, or better
//! from some of their calls, inspection says what each does; that becomes a class with a risk and
//! the reason for it as a comment. Whoever reads the file corrects what it got wrong. Nothing in
//! it stops anyone: the mode is shadow.

mod draft;
mod mcp;
mod money;
pub(in crate::commands) mod render;
mod tools;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use placet_core::event::PolicyFile;
use placet_core::{RiskTier, ToolName};
use placet_policy::{Diagnostics, Policy, Severity};
use serde_json::{Value, json};

use crate::console::{Console, FAINT, GOOD, HELD, counted};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::jsonl;
use crate::status::Status;
use draft::Draft;
use tools::Tools;

const EXAMPLES: &str = "\
Examples:
  placet init --tools calls.jsonl
  placet init --tools tools-list.json --output support.toml
  placet init --tool get_order --tool issue_refund
  placet init --mcp claude-code
  placet init --mcp .cursor/mcp.json --rewrite";

/// Write a policy that fits some tools, to start from.
///
/// The tools come from --tool, or from a file: names as a JSON array, an MCP server's answer to
/// tools/list, or recorded calls, one JSON object a line. Recorded calls are best, for what a tool
/// does is often in its arguments. Without any tools it is a small policy for everyone. The mode
/// is shadow: it decides and stops nobody until you change that.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The whole name of a tool; may be given many times
    #[arg(long = "tool", value_name = "NAME")]
    names: Vec<ToolName>,

    /// A file with tools or with calls; - for standard input
    #[arg(long = "tools", value_name = "FILE")]
    file: Option<PathBuf>,

    /// The configuration of an MCP client, or its name: claude-code, claude-desktop, cursor, vscode or
    /// codex. Each of its servers is asked for its tools
    #[arg(long, value_name = "FILE", conflicts_with_all = ["names", "file"])]
    mcp: Option<String>,

    /// Put the gateway in the place of the servers in that configuration, and keep a copy of it. A policy
    /// and its files that an earlier run wrote are used as they are
    #[arg(long, requires = "mcp")]
    rewrite: bool,

    /// Put that configuration back as it was, but for what else was edited in it meanwhile
    #[arg(long, requires = "mcp", conflicts_with = "rewrite")]
    undo: bool,

    /// Where to write the policy; - for standard output
    #[arg(long, short, value_name = "FILE", default_value = "policy.toml")]
    output: PathBuf,

    /// Replace the file if it is there, and keep a copy of it
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    if let Some(client) = &arguments.mcp {
        return mcp::run(client, arguments, console);
    }
    let mut tools = Tools::default();
    arguments.names.iter().for_each(|name| tools.name(name));
    if let Some(path) = &arguments.file {
        tools.read(path)?;
    }
    let policy = compose(tools.into_drafts())?;
    if jsonl::is_stdin(&arguments.output) {
        console.bytes(policy.text.as_bytes())?;
        return Ok(Status::Ok);
    }
    let kept = write(&arguments.output, &policy.text, arguments.force)?;
    print(&policy, &arguments.output, console)?;
    say_what_was_kept(kept.as_deref(), console);
    Ok(Status::Ok)
}

/// A policy that can be used.
struct Composed {
    text: String,
    drafts: Vec<Draft>,
    left_out: Vec<(String, String)>,
}

/// Puts the drafts together, without those that a policy cannot have: a name that looks like
/// another's, for example. Each is left out with its reason.
fn compose(mut drafts: Vec<Draft>) -> Result<Composed, Failure> {
    let patterns = drafts.extract_if(.., |draft| draft.name.contains('*'));
    let mut left_out: Vec<(String, String)> = patterns
        .map(|draft| (draft.name, "a * in a class would match other tools as well".to_owned()))
        .collect();
    loop {
        let (text, places) = render::policy(&drafts, &left_out);
        let Err(found) =
            Policy::load(&[PolicyFile { name: "policy.toml".to_owned(), text: text.clone() }])
        else {
            return Ok(Composed { text, drafts, left_out });
        };
        let faulty = last_fault(&found, &places);
        let Some((index, reason)) = faulty.filter(|(index, _)| *index < drafts.len()) else {
            return Err(Failure::unusable(found).context("no policy could be made for these tools"));
        };
        left_out.push((drafts.remove(index).name, reason));
    }
}

/// The draft that the last error is about. The last, because of two names that look alike the one
/// that comes later is more likely the imitation.
fn last_fault(found: &Diagnostics, places: &[std::ops::Range<usize>]) -> Option<(usize, String)> {
    let errors = found.iter().filter(|found| found.severity == Severity::Error);
    let at = |line: usize| places.iter().position(|place| place.contains(&line));
    errors.rev().find_map(|error| Some((at(error.line)?, error.message.clone())))
}

/// Writes the policy; where the one that was there is kept.
fn write(path: &Path, text: &str, force: bool) -> Result<Option<PathBuf>, Failure> {
    if force {
        let kept = keep(path, text).map_err(|error| Failure::file("copy", path, error))?;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".new");
        let temporary = PathBuf::from(temporary);
        return std::fs::write(&temporary, text)
            .and_then(|()| std::fs::rename(&temporary, path))
            .map(|()| kept)
            .map_err(|error| Failure::file("write", path, error));
    }
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map(|()| None).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Failure::unusable_because(format!("{} is there already", path.display()))
                .help("choose another --output, or replace it with --force")
        }
        _ => Failure::file("write", path, error),
    })
}

/// Copies a policy before another takes its place, to where no copy is yet. Its owner has edited it.
fn keep(path: &Path, text: &str) -> std::io::Result<Option<PathBuf>> {
    let before = match std::fs::read(path) {
        Ok(before) if before == text.as_bytes() => return Ok(None),
        Ok(before) => before,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut number = 1_u64;
    loop {
        let mut copy = path.as_os_str().to_owned();
        copy.push(".before-init");
        if number > 1 {
            copy.push(format!("-{number}"));
        }
        let file = OpenOptions::new().write(true).create_new(true).open(&copy);
        match file.and_then(|mut file| file.write_all(&before)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            written => return written.map(|()| Some(PathBuf::from(copy))),
        }
    }
}

fn say_what_was_kept(kept: Option<&Path>, console: &Console) {
    if let Some(kept) = kept {
        let said = format!("{HELD}replaced{HELD:#} a policy; what it was is in {}", kept.display());
        console.note_value(&said, &json!({ "kept": kept }));
    }
}

fn count(policy: &Composed, risk: RiskTier) -> usize {
    policy.drafts.iter().filter(|draft| draft.risk == risk).count()
}

/// What was written, for programs.
fn summary(policy: &Composed, path: &Path) -> Value {
    let left_out = policy.left_out.iter();
    let left_out = left_out.map(|(tool, reason)| json!({ "tool": tool, "reason": reason }));
    json!({
        "policy": path, "classes": policy.drafts.len(), "read": count(policy, RiskTier::Read),
        "reversible_write": count(policy, RiskTier::ReversibleWrite),
        "consequential": count(policy, RiskTier::Consequential),
        "left_out": left_out.collect::<Vec<_>>(),
    })
}

fn print(policy: &Composed, path: &Path, console: &Console) -> std::io::Result<()> {
    if console.is_json() {
        return console.value(&summary(policy, path));
    }
    let (reads, reversible, grave) = (
        count(policy, RiskTier::Read),
        count(policy, RiskTier::ReversibleWrite),
        count(policy, RiskTier::Consequential),
    );
    let place = path.display().to_string();
    let place = escape::line(&place);
    let classes = counted(u64::try_from(policy.drafts.len()).unwrap_or(u64::MAX), "class");
    let mut text = format!("{GOOD}wrote {place}{GOOD:#}: {classes}");
    if !policy.drafts.is_empty() {
        text.push_str(&format!(
            " ({reads} read, {reversible} reversible_write, {grave} consequential)"
        ));
    }
    text.push('\n');
    for (tool, reason) in &policy.left_out {
        text.push_str(&format!(
            "{HELD}left out{HELD:#} {}: {}\n",
            escape::line(tool),
            escape::line(reason)
        ));
    }
    text.push_str(&format!(
        "{FAINT}next: read it, then{FAINT:#} placet check calls.jsonl --policy {place}\n"
    ));
    console.text(&text)
}
