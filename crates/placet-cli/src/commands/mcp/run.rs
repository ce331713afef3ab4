//! Runs a gateway: starts the server, opens the gate, and lets messages pass.

use placet_mcp::tools::Keeper;
use placet_mcp::{Child, Command, End, Judge, JudgeConfig, Relay, stdio};
use tokio::runtime::Runtime;

use super::place::Place;
use super::{Arguments, state};
use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::status::Status;
use crate::trace;

/// What of the gateway's environment no server has any business with.
const OURS: [&str; 6] =
    ["PLACET_KEY", "PLACET_URL", "PLACET_LOG", "PLACET_POLICY", "PLACET_CA", "PLACET_LISTEN"];

/// How a server is called where no name is given.
const NAMELESS: &str = "server";

pub(super) fn run(arguments: Arguments, console: &Console) -> Outcome {
    drop(trace::start(console)?);
    let runtime = Runtime::new().map_err(Failure::unusable)?;
    let outcome = runtime.block_on(serve(arguments, console));
    // A thread that reads standard input ends with the process.
    runtime.shutdown_background();
    outcome
}

async fn serve(arguments: Arguments, console: &Console) -> Outcome {
    let (place, keeper) = open(&arguments, console).await?;
    let command = server(&arguments);
    let (child, to_server) = Child::start(&command).map_err(|error| {
        Failure::unusable(error)
            .help("write the command of the server after `--`, as a client would")
    })?;
    let config = JudgeConfig {
        server: arguments.name.clone(),
        agent: arguments.agent.clone(),
        tenant: arguments.tenant.clone(),
        hold: arguments.hold,
        call: arguments.call_timeout,
    };
    let judge = Judge::new(place.gate.clone(), config);
    let name = arguments.name.as_deref().unwrap_or(NAMELESS);
    let book = keeper.book(name);
    let end = Relay::run(judge, book, keeper.on_change(name), stdio(), to_server).await;
    let ended = child.end().await;
    place.close().await;
    match end {
        End::Client => Ok(Status::Ok),
        End::Server => Err(Failure::unusable_because(match ended {
            Some(status) => format!("the server ended by itself: {status}"),
            None => "the server closed its output and did not end".to_owned(),
        })),
    }
}

fn server(arguments: &Arguments) -> Command {
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
    let folder = needs_folder.then(|| state::folder(name, &arguments.command)).transpose()?;
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
