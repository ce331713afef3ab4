//! `placet demo`: an agent at work, and people who say yes or no.
//!
//! Everything in it is real: the daemon, the orders in a SQLite database, the files, the mail that
//! goes to a sink on this machine. The agent is a script that speaks HTTP like any other; it
//! proposes, waits, spends its warrants and reports.

mod agent;
mod leave;
mod mail;
mod people;
mod script;
mod shop;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anstyle::Style;
use clap::Args;
use placet::{Config, Evidence, Guard, LogPlace, PolicyFile, PolicySource};
use placet_server::{Listen, Server, ServerConfig, Stop, StopHandle};
use serde_json::json;
use tokio::runtime::Runtime;

use super::serve::explain;
use crate::cli::EXIT_STATUSES;
use crate::console::{BAD, Console, FAINT, GOOD, HELD, STRONG};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::log_file;
use crate::table::Table;
use agent::{Agent, Told};
use leave::Leave;
use people::Played;

/// What the agent may do.
const POLICY: &str = include_str!("policy.toml");

/// How long the last threads may take once the demo is over.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Watch an agent at work: some of what it wants runs, some waits for you, some is stopped.
///
/// It starts the daemon on an empty folder, prints a link to sign in to the console, and lets a
/// scripted agent look after a shop: orders in a database, notes in files, mail to customers. What
/// is risky waits in the console's inbox until you answer. Ctrl-C ends it, and verifies the log.
#[derive(Debug, Args)]
#[command(after_long_help = EXIT_STATUSES)]
pub(crate) struct Arguments {
    /// Where everything is kept; a new folder
    #[arg(long, value_name = "FOLDER", default_value = "placet-demo")]
    folder: PathBuf,

    /// Where the daemon listens; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4747")]
    listen: Listen,

    /// Play the people as well, and end with a summary: for a machine without a browser
    #[arg(long)]
    auto: bool,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    if !matches!(arguments.listen, Listen::Tcp(_)) {
        return Err(Failure::usage("the demo needs an address with a port"));
    }
    let (folder, log) = (&arguments.folder, arguments.folder.join("placet.db"));
    let runtime = Runtime::new().map_err(Failure::unusable)?;
    make_folder(folder)?;
    let opened = runtime.block_on(open(arguments, &log));
    let (guard, server) = opened.inspect_err(|_| {
        // Nothing has happened in it yet, and whoever tries again must not find it in the way.
        drop(std::fs::remove_dir_all(folder));
    })?;
    let outcome = runtime.block_on(play(arguments, guard, server, console));
    runtime.shutdown_timeout(LAST_WORDS);
    outcome?;
    let verified = log_file::verify(&log, None, None, console)?;
    console.note(&format!(
        "{FAINT}The log is {}, and all the agent did is beside it.{FAINT:#}",
        escape::line(&log.display().to_string())
    ));
    Ok(verified)
}

/// A folder of its own, so that nothing of anybody's is touched.
fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir(folder).map_err(|error| {
        Failure::file("make", folder, error).help("name a new one with --folder, or remove it")
    })
}

/// The shop, its log, and the daemon at its address.
async fn open(arguments: &Arguments, log: &Path) -> Result<(Guard, Server), Failure> {
    let folder = &arguments.folder;
    shop::open(folder).map_err(|error| Failure::file("make the shop in", folder, error))?;
    std::fs::write(folder.join("policy.toml"), POLICY)
        .map_err(|error| Failure::file("write", &folder.join("policy.toml"), error))?;
    let policy = PolicyFile { name: "policy.toml".to_owned(), text: POLICY.to_owned() };
    let guard = Guard::open(Config {
        policy: PolicySource::Files(vec![policy]),
        log: LogPlace::File(log.to_owned()),
    })
    .map_err(Failure::unusable)?;
    let config = ServerConfig { listen: vec![arguments.listen.clone()], ..ServerConfig::default() };
    let server = Server::bind(config, guard.clone()).await.map_err(|error| {
        explain(error, "name another address; --listen 127.0.0.1:0 takes any port that is free")
    })?;
    Ok((guard, server))
}

async fn play(
    arguments: &Arguments,
    guard: Guard,
    server: Server,
    console: &Console,
) -> Result<(), Failure> {
    let url = match server.addresses().first() {
        Some(Listen::Tcp(address)) => format!("http://{address}"),
        _ => return Err(Failure::usage("the demo needs an address with a port")),
    };
    guard.report(evals()?).await.map_err(Failure::unusable)?;
    let key = people::agent_key(&guard).await?;
    let (leave, (stop, handle)) = (Leave::default(), Stop::new());
    tokio::spawn(obey(leave.clone(), handle.clone()));
    let person = if arguments.auto {
        Some(people::sign_in(&guard).await?)
    } else {
        welcome(&guard, &server, console).await?;
        None
    };
    let played = person.map(|session| Played::start(&url, &session)).transpose()?;
    drop(guard);
    let (folder, console, is_auto) = (arguments.folder.clone(), *console, arguments.auto);
    let work = tokio::task::spawn_blocking(move || {
        let agent = Agent::new(&url, &key, &folder, leave.clone());
        let told = agent.and_then(|agent| work(&agent, &console));
        if is_auto {
            handle.ask();
        } else if told.is_ok() && !leave.is_over() {
            console.note(&format!(
                "\nThe agent is done. The console stays open at {STRONG}{url}/console{STRONG:#} \
                 until you press Ctrl-C."
            ));
        }
        told
    });
    server.run(stop).await;
    if let Some(played) = played {
        played.stop();
    }
    work.await.map_err(Failure::unusable)?
}

/// Ctrl-C is how people leave: the agent finishes what it is doing, and the daemon stops.
async fn obey(leave: Leave, stop: StopHandle) {
    while tokio::signal::ctrl_c().await.is_ok() {
        let leave = leave.clone();
        drop(tokio::task::spawn_blocking(move || leave.now()).await);
        stop.ask();
    }
}

/// What the evaluations of the night before have shown: small refunds have earned to run.
fn evals() -> Result<Evidence, Failure> {
    Ok(Evidence {
        tenant: "shop".parse().map_err(Failure::unusable)?,
        class: "issue_refund".parse().map_err(Failure::unusable)?,
        build: None,
        source: "nightly-evals".parse().map_err(Failure::unusable)?,
        adversarial: false,
        passed: 98,
        failed: 2,
    })
}

async fn welcome(guard: &Guard, server: &Server, console: &Console) -> Result<(), Failure> {
    let link = people::invite(guard, server).await?;
    if console.is_json() {
        return console.value(&json!({ "sign_in_link": link })).map_err(Failure::from);
    }
    console.text(&format!(
        "\n{STRONG}Open this link{STRONG:#} to set a password and sign in:\n\n  {link}\n\n\
         An agent works for a shop now. What is risky waits for you in the inbox. Ctrl-C ends it.\n\n",
    ))?;
    Ok(())
}

/// Lets the agent work through its script, and tells what came of each step.
fn work(agent: &Agent, console: &Console) -> Result<(), Failure> {
    let mut table = Table::new(&["", "what the agent wanted", "what came of it"]);
    for step in script::STEPS {
        console.note(&format!("{FAINT}the agent:{FAINT:#} {}", step.title));
        let told = agent.take(step)?;
        let (style, word, text) = match &told {
            Told::Ran(text) => (GOOD, "ran", text.as_str()),
            Told::Approved(text) => (GOOD, "approved", text.as_str()),
            Told::Denied(text) => (HELD, "denied", text.as_str()),
            Told::Stopped(text) => (BAD, "stopped", text.as_str()),
            Told::Left => (HELD, "left", "you left before it was answered"),
        };
        let shown = escape::line(text);
        console.note(&format!("  {style}{word}{style:#}  {shown}"));
        if console.is_json() {
            let (wanted, tool) = (step.title, step.tool);
            console.value(
                &json!({ "wanted": wanted, "tool": tool, "result": word, "detail": text }),
            )?;
        }
        table.row([
            (style, word.to_owned()),
            (Style::new(), step.title.to_owned()),
            (FAINT, shown.into_owned()),
        ]);
        if matches!(told, Told::Left) {
            break;
        }
    }
    if !console.is_json() {
        console.text(&format!("\n{}\n", table.render()))?;
    }
    Ok(())
}
