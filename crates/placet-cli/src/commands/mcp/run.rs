//! Runs a gateway: opens the gate, reaches for the server, and lets messages pass.

use std::path::Path;

use placet_mcp::tools::Keeper;
use placet_mcp::{
    Child, Command, End, Gateway, GatewayConfig, Judge, JudgeConfig, Relay, Remote, bridge, stdio,
};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use super::place::Place;
use super::{Arguments, state};
use crate::console::{Console, GOOD};
use crate::failure::{Failure, Outcome};
use crate::status::Status;
use crate::trace;

/// What of the gateway's environment no server has any business with.
const OURS: [&str; 7] = [
    "PLACET_CA",
    "PLACET_KEY",
    "PLACET_LISTEN",
    "PLACET_LOG",
    "PLACET_MCP_TOKEN",
    "PLACET_POLICY",
    "PLACET_URL",
];

/// How a server is called where no name is given.
const NAMELESS: &str = "server";

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    drop(trace::start(console)?);
    let runtime = Runtime::new().map_err(Failure::unusable)?;
    let outcome = runtime.block_on(async {
        let (place, keeper) = open(arguments, console).await?;
        let outcome = pass(arguments, &place, &keeper, console).await;
        place.close().await;
        outcome
    });
    // A thread that reads standard input ends with the process.
    runtime.shutdown_background();
    outcome
}

async fn pass(arguments: &Arguments, place: &Place, keeper: &Keeper, console: &Console) -> Outcome {
    let config = JudgeConfig {
        server: arguments.name.clone(),
        agent: arguments.agent.clone(),
        tenant: arguments.tenant.clone(),
        hold: arguments.hold,
        call: arguments.call_timeout,
    };
    let judge = Judge::new(place.gate.clone(), config);
    match (&arguments.server_url, arguments.listen) {
        (Some(url), Some(address)) => {
            let remote = remote(url, arguments.secrets.as_deref())?;
            listen(arguments, address, judge, remote, keeper, console).await
        }
        (Some(url), None) => {
            let remote = remote(url, arguments.secrets.as_deref())?;
            let (book, on_change) = tools(arguments, keeper);
            let server = bridge(remote);
            Relay::run(judge, book, on_change, stdio(), server).await;
            Ok(Status::Ok)
        }
        (None, _) => child(arguments, judge, keeper).await,
    }
}

/// In front of a server that is started here.
async fn child(arguments: &Arguments, judge: Judge, keeper: &Keeper) -> Outcome {
    let (child, server) = Child::start(&command(arguments)).map_err(|error| {
        Failure::unusable(error)
            .help("write the command of the server after `--`, as a client would")
    })?;
    let (book, on_change) = tools(arguments, keeper);
    let end = Relay::run(judge, book, on_change, stdio(), server).await;
    let ended = child.end().await;
    match end {
        End::Client => Ok(Status::Ok),
        End::Server => Err(Failure::unusable_because(match ended {
            Some(status) => format!("the server ended by itself: {status}"),
            None => "the server closed its output and did not end".to_owned(),
        })),
    }
}

/// For clients that come over HTTP.
async fn listen(
    arguments: &Arguments,
    address: std::net::SocketAddr,
    judge: Judge,
    remote: Remote,
    keeper: &Keeper,
    console: &Console,
) -> Outcome {
    if !address.ip().is_loopback() {
        return Err(Failure::usage(format!(
            "{address} is reached from other machines, in plain text"
        ))
        .help("listen at 127.0.0.1 and put something in front of it that encrypts, with --host"));
    }
    let token = std::env::var("PLACET_MCP_TOKEN").ok().filter(|token| !token.is_empty());
    let config = GatewayConfig { hosts: arguments.hosts.clone(), token: token.map(Zeroizing::new) };
    let listener = TcpListener::bind(address).await.map_err(Failure::unusable)?;
    let place = listener.local_addr().map_err(Failure::unusable)?;
    console.note(&format!("{GOOD}listening{GOOD:#} at http://{place}"));
    let serving = Gateway::serve(listener, config, judge, remote, tools(arguments, keeper));
    tokio::select! {
        served = serving => served.map_err(Failure::unusable)?,
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(Status::Ok)
}

fn tools(
    arguments: &Arguments,
    keeper: &Keeper,
) -> (placet_mcp::tools::Book, placet_mcp::OnChange) {
    let name = arguments.name.as_deref().unwrap_or(NAMELESS);
    (keeper.book(name), keeper.on_change(name))
}

fn remote(url: &str, secrets: Option<&Path>) -> Result<Remote, Failure> {
    let secrets = secrets.map(headers).transpose()?.unwrap_or_default();
    let trust = std::env::var_os("PLACET_CA").map(std::path::PathBuf::from);
    Remote::new(url, &secrets, trust.as_deref()).map_err(Failure::unusable)
}

/// The headers in a file, one a line. An error does not repeat them.
fn headers(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let header = |(number, line): (usize, &str)| {
        let (name, value) = line.split_once(':').ok_or_else(|| {
            let place = format!("{}, line {}", path.display(), number + 1);
            Failure::usage(format!("{place}: this is no header; write `Name: value`"))
        })?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    lines.map(header).collect()
}

fn command(arguments: &Arguments) -> Command {
    let mut words = arguments.command.iter().cloned();
    Command {
        program: words.next().unwrap_or_default(),
        arguments: words.collect(),
        environment: Vec::new(),
        without: OURS.map(str::to_owned).to_vec(),
    }
}

async fn open(arguments: &Arguments, console: &Console) -> Result<(Place, Keeper), Failure> {
    let name = arguments.name.as_deref();
    let variable = || std::env::var("PLACET_URL").ok().filter(|url| !url.is_empty());
    let daemon = arguments.url.clone().or_else(|| arguments.log.is_none().then(variable).flatten());
    let needs_folder = arguments.lock.is_none() || (daemon.is_none() && arguments.log.is_none());
    let folder = needs_folder.then(|| state::folder(name, &arguments.what())).transpose()?;
    let beside = |file: &str| folder.clone().unwrap_or_default().join(file);
    let keeper = arguments.lock.clone().unwrap_or_else(|| beside("tools.lock"));
    let keeper = Keeper::open(keeper).map_err(Failure::unusable)?;
    let place = match daemon {
        Some(url) => Place::daemon(url, arguments.shadow)?,
        None => {
            let log = arguments.log.clone().unwrap_or_else(|| beside("placet.db"));
            Place::own(arguments, log, console).await?
        }
    };
    Ok((place, keeper))
}
