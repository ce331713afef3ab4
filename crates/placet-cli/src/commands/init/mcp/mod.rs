//! `placet init --mcp`: a policy for the servers that a client is configured with, and the gateway in
//! their place.

mod client;
mod entry;
mod files;
mod swap;
mod tables;
mod there;
mod told;

use std::path::{Path, PathBuf};

use placet_mcp::tools::Definition;
use placet_mcp::{Child, Command, Remote, bridge, survey};
use serde_json::json;
use tokio::runtime::Runtime;

use super::tools::Tools;
use super::{Arguments, Composed, compose, print, say_what_was_kept, summary, write};
use crate::commands::mcp::config::{OURS, trusted};
use crate::console::{Console, FAINT, GOOD, HELD};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::jsonl;
use crate::status::Status;
use client::Setup;
use entry::{Configured, Place};
use files::Files;

/// A server that was asked.
struct Asked {
    server: Configured,
    tools: Result<Vec<Definition>, String>,
}

pub(super) fn run(client: &str, arguments: &Arguments, console: &Console) -> Outcome {
    let path = client::path(client)?;
    if arguments.undo {
        return swap::undo(&path, console);
    }
    let is_shown = jsonl::is_stdin(&arguments.output);
    if is_shown && arguments.rewrite {
        return Err(Failure::usage("--rewrite needs the policy in a file, and - is none")
            .help("name a file with --output, or leave --rewrite out to look at the policy"));
    }
    let setup = Setup::read(&path)?;
    let servers = setup.servers(&path)?;
    if servers.is_empty() {
        let found = Failure::found_because(format!("{} names no server", path.display()));
        return Err(match setup.left() {
            left if left.is_empty() => found,
            left => found.help(left.join("; ")),
        });
    }
    if arguments.rewrite {
        swap::must_be_new(&path)?;
        if !arguments.force && there::is_complete(folder(arguments), &arguments.output) {
            return put_in_place(client, &path, (&setup, &servers), arguments, console);
        }
    }
    let runtime = Runtime::new().map_err(Failure::unusable)?;
    let asked = runtime.block_on(ask_all(servers, console));
    runtime.shutdown_background();
    let composed = compose(drafts(&asked)?.into_drafts())?;
    if is_shown {
        console.bytes(composed.text.as_bytes())?;
        return Ok(Status::Ok);
    }
    let (backup, kept) = write_all(&path, &setup, (&asked, &composed), arguments)?;
    let left = left(client, &path, &setup);
    if console.is_json() {
        let mut value = summary(&composed, &arguments.output);
        let more = [
            ("servers", told::value(&asked, &composed)),
            ("left", json!(left)),
            ("backup", json!(backup)),
            ("kept", json!(kept)),
        ];
        if let Some(fields) = value.as_object_mut() {
            fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
        }
        console.value(&value)?;
        return Ok(Status::Ok);
    }
    print(&composed, &arguments.output, console)?;
    console.text(&told::text(&asked, &composed))?;
    say_what_was_kept(kept.as_deref(), console);
    say_what_is_left(&left, console);
    say_what_is_next(client, &path, backup.as_deref(), arguments, console);
    Ok(Status::Ok)
}

/// Where the policy goes, and all that a gateway needs beside it.
fn folder(arguments: &Arguments) -> &Path {
    let folder = arguments.output.parent().filter(|it| !it.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Puts the gateway in the place of the servers by the files that are there.
fn put_in_place(
    client: &str,
    path: &Path,
    (setup, servers): (&Setup, &[Configured]),
    arguments: &Arguments,
    console: &Console,
) -> Outcome {
    let (folder, policy) = (folder(arguments), &arguments.output);
    let others = there::checked(folder, policy, servers)?;
    let backup = swap::rewrite(path, &swap::pointing_here(setup, folder, policy)?)?;
    let left: Vec<String> = others.into_iter().chain(left(client, path, setup)).collect();
    if console.is_json() {
        console.value(&json!({ "policy": policy, "left": left, "backup": backup }))?;
        return Ok(Status::Ok);
    }
    let policy = policy.display().to_string();
    console.text(&format!(
        "{} is used as it is, and so are servers.toml and tools.lock beside it\n",
        escape::line(&policy)
    ))?;
    say_what_is_left(&left, console);
    say_what_is_next(client, path, Some(&backup), arguments, console);
    Ok(Status::Ok)
}

/// What passes no gateway, and why.
fn left(client: &str, path: &Path, setup: &Setup) -> Vec<String> {
    let mut left = setup.left();
    left.extend(client::others(client, path).iter().map(|other| {
        let other = other.display();
        format!("the servers in {other} pass no gateway; name that file to init --mcp as well")
    }));
    left
}

fn say_what_is_left(left: &[String], console: &Console) {
    for left in left {
        console.note(&format!("{HELD}left{HELD:#} {}", escape::line(left)));
    }
}

/// Writes the policy, what the gateway needs beside it and, where that is asked for, the client's
/// configuration; where copies of that and of the policy before were kept.
fn write_all(
    path: &Path,
    setup: &Setup,
    (asked, composed): (&[Asked], &Composed),
    arguments: &Arguments,
) -> Result<(Option<PathBuf>, Option<PathBuf>), Failure> {
    let folder = folder(arguments);
    // All is known before the first of these is written.
    let files = Files::new(folder, asked, arguments.force)?;
    let pointing = || swap::pointing_here(setup, folder, &arguments.output);
    let pointing = arguments.rewrite.then(pointing).transpose()?;
    let is_new = !arguments.output.exists();
    let kept = write(&arguments.output, &composed.text, arguments.force)?;
    if let Err(error) = files.write() {
        if is_new {
            drop(std::fs::remove_file(&arguments.output));
        }
        return Err(error);
    }
    Ok((pointing.map(|text| swap::rewrite(path, &text)).transpose()?, kept))
}

fn say_what_is_next(
    client: &str,
    path: &Path,
    backup: Option<&Path>,
    arguments: &Arguments,
    console: &Console,
) {
    let output = match arguments.output.to_str() {
        Some("policy.toml") => String::new(),
        _ => format!(" --output {}", arguments.output.display()),
    };
    let next = match backup {
        Some(backup) => format!(
            "{GOOD}rewrote{GOOD:#} {}; it was copied to {}\n{FAINT}undo it with{FAINT:#} placet init --mcp {client} --undo",
            path.display(),
            backup.display()
        ),
        None => format!(
            "{FAINT}next: read the policy, then{FAINT:#} placet init --mcp {client} --rewrite{output} {FAINT}puts \
             the gateway in the place of these servers{FAINT:#}"
        ),
    };
    console.note(&next);
}

/// Starts each server and asks it for its tools.
async fn ask_all(servers: Vec<Configured>, console: &Console) -> Vec<Asked> {
    let mut asked = Vec::new();
    for server in servers {
        console.note(&format!("{FAINT}asking{FAINT:#} {}", escape::line(&server.name)));
        let tools = ask(&server).await;
        asked.push(Asked { server, tools });
    }
    asked
}

async fn ask(server: &Configured) -> Result<Vec<Definition>, String> {
    match &server.place {
        Place::Command { words, environment } => {
            let mut words = words.iter().map(std::ffi::OsString::from);
            let command = Command {
                program: words.next().unwrap_or_default(),
                arguments: words.collect(),
                environment: environment.clone(),
                without: OURS.map(str::to_owned).to_vec(),
            };
            let (child, pipes) = Child::start(&command).map_err(|error| error.to_string())?;
            let tools = survey(pipes).await.map_err(|error| error.to_string());
            child.end().await;
            tools
        }
        Place::Url { url, headers } => {
            let remote = Remote::new(url, headers, trusted().as_deref())
                .map_err(|error| error.to_string())?;
            survey(bridge(remote)).await.map_err(|error| error.to_string())
        }
    }
}

/// Under which name the policy knows a tool.
fn whole(server: &Configured, tool: &Definition) -> String {
    format!("mcp__{}__{}", server.name, tool.name)
}

fn drafts(asked: &[Asked]) -> Result<Tools, Failure> {
    let mut tools = Tools::default();
    for Asked { server, tools: found } in asked {
        for tool in found.as_deref().unwrap_or_default() {
            let name = whole(server, tool);
            tools.defined(&name, &tool.content).map_err(|why| {
                Failure::unusable_because(format!("{}: {why}", escape::clipped(&name, 80)))
            })?;
        }
    }
    Ok(tools)
}
