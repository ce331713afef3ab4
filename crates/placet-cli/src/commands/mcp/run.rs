//! Runs a gateway: opens the gate, reaches for the servers, and lets messages pass.

use std::net::SocketAddr;
use std::path::PathBuf;

use placet_mcp::tools::Keeper;
use placet_mcp::{
    Child, Duplex, End, Gateway, GatewayConfig, Judge, JudgeConfig, NewSession, Relay, Sessions,
    bridge, many, stdio,
};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::config::{Place as ServerPlace, Server};
use super::place::Place;
use super::{Arguments, state};
use crate::console::{Console, GOOD};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::status::Status;
use crate::trace;

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    drop(trace::start(console)?);
    let servers = Server::all(arguments)?;
    let runtime = Runtime::new().map_err(Failure::unusable)?;
    let outcome = runtime.block_on(async {
        let (place, keeper, memory) = open(arguments, console).await?;
        let config = JudgeConfig { memory: Some(memory), ..config(arguments) };
        let gateway = Running { arguments, gate: &place, keeper, config };
        let outcome = gateway.pass(servers, console).await;
        drop(gateway);
        place.close().await;
        outcome
    });
    // A thread that reads standard input ends with the process.
    runtime.shutdown_background();
    outcome
}

fn config(arguments: &Arguments) -> JudgeConfig {
    JudgeConfig {
        agent: arguments.agent.clone(),
        tenant: arguments.tenant.clone(),
        hold: arguments.hold,
        call: arguments.call_timeout,
        ..JudgeConfig::default()
    }
}

/// What all servers of a gateway share.
struct Running<'a> {
    arguments: &'a Arguments,
    gate: &'a Place,
    keeper: Keeper,
    config: JudgeConfig,
}

impl Running<'_> {
    async fn pass(&self, servers: Vec<Server>, console: &Console) -> Outcome {
        let mut servers = servers.into_iter();
        match (servers.next(), servers.len(), self.arguments.listen) {
            (Some(only), 0, Some(address)) => self.listen(address, only, console).await,
            (_, _, Some(_)) => Err(Failure::usage("--listen is for one server")
                .help("several servers are one on pipes; leave --listen out")),
            (Some(only), 0, None) => self.one(only, stdio()).await,
            (Some(first), _, None) => self.several(std::iter::once(first).chain(servers)).await,
            (None, ..) => Err(Failure::usage("there is no server to speak to")),
        }
    }

    fn judge(&self, name: &str, is_named: bool) -> Judge {
        let server = is_named.then(|| name.to_owned());
        Judge::new(self.gate.gate.clone(), JudgeConfig { server, ..self.config.clone() })
    }

    /// Before one server.
    async fn one(&self, server: Server, client: Duplex) -> Outcome {
        let judge = self.judge(&server.name, server.is_named);
        relay(judge, self.keeper.clone(), server, client).await
    }

    /// Before several, which are one to the client.
    async fn several(&self, servers: impl Iterator<Item = Server>) -> Outcome {
        let servers: Vec<_> = servers.collect();
        let names = servers.iter().map(|server| server.name.clone()).collect();
        let (ends, running) = many(stdio(), names);
        let mut relays = JoinSet::new();
        for (server, end) in servers.into_iter().zip(ends) {
            let (name, keeper) = (server.name.clone(), self.keeper.clone());
            let judge = self.judge(&name, server.is_named);
            relays.spawn(async move {
                let ended = relay(judge, keeper, server, end).await;
                // The others go on, so nobody would hear of it at the end.
                if let Err(failure) = &ended {
                    let why = escape::line(&failure.to_string()).into_owned();
                    tracing::warn!(server = name, why, "this server is left out");
                }
                ended
            });
        }
        running.await;
        let ended = relays.join_all().await;
        let is_any_left = ended.iter().any(Result::is_ok);
        match ended.into_iter().find_map(Result::err) {
            Some(failure) if !is_any_left => Err(failure),
            _ => Ok(Status::Ok),
        }
    }

    /// For clients that come over HTTP.
    async fn listen(&self, address: SocketAddr, server: Server, console: &Console) -> Outcome {
        if !address.ip().is_loopback() {
            let why = format!("{address} is reached from other machines, in plain text");
            return Err(Failure::usage(why).help(
                "listen at 127.0.0.1, and put something in front of it that encrypts, with --host",
            ));
        }
        let token = std::env::var("PLACET_MCP_TOKEN").ok().filter(|token| !token.is_empty());
        let hosts = self.arguments.hosts.clone();
        let config = GatewayConfig { hosts, token: token.map(Zeroizing::new) };
        let listener = TcpListener::bind(address).await.map_err(Failure::unusable)?;
        let place = listener.local_addr().map_err(Failure::unusable)?;
        console.note(&format!("{GOOD}listening{GOOD:#} at http://{place}"));
        let serving = async {
            match server.place {
                ServerPlace::Remote(remote) => {
                    let memory = self.config.memory.clone();
                    let new = self.session(&server.name, server.is_named, memory);
                    let (judge, book, on_change) = new();
                    Gateway::serve(listener, config, judge, *remote, (book, on_change)).await
                }
                // Each client has a server of its own, and no other may find what it asked for.
                ServerPlace::Command(command) => {
                    let new = self.session(&server.name, server.is_named, None);
                    Sessions::serve(listener, config, command, new).await
                }
            }
        };
        tokio::select! {
            served = serving => served.map_err(Failure::unusable)?,
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(Status::Ok)
    }

    /// What each client gets that comes over HTTP: a judge, and the tools as they were vetted.
    fn session(&self, name: &str, is_named: bool, memory: Option<PathBuf>) -> NewSession {
        let (gate, keeper) = (self.gate.gate.clone(), self.keeper.clone());
        let server = is_named.then(|| name.to_owned());
        let config = JudgeConfig { server, memory, ..self.config.clone() };
        let name = name.to_owned();
        Box::new(move || {
            let session = JudgeConfig::default().session;
            let judge = Judge::new(gate.clone(), JudgeConfig { session, ..config.clone() });
            (judge, keeper.book(&name), keeper.on_change(&name))
        })
    }
}

/// What passes between one client and one server, until one of them ends.
async fn relay(judge: Judge, keeper: Keeper, server: Server, client: Duplex) -> Outcome {
    let (book, on_change) = (keeper.book(&server.name), keeper.on_change(&server.name));
    let command = match server.place {
        ServerPlace::Remote(remote) => {
            Relay::run(judge, book, on_change, client, bridge(*remote)).await;
            return Ok(Status::Ok);
        }
        ServerPlace::Command(command) => command,
    };
    let (child, pipes) = Child::start(&command).map_err(|error| {
        Failure::unusable(error)
            .help("write the command of the server after `--`, as a client would")
    })?;
    let end = Relay::run(judge, book, on_change, client, pipes).await;
    let ended = child.end().await;
    match end {
        End::Client => Ok(Status::Ok),
        End::Stuck => {
            let why = "the server has stopped reading what it is sent, and was ended";
            tracing::warn!(server = server.name, why);
            Err(Failure::unusable_because(why.to_owned()))
        }
        End::Server => {
            let how = ended.map_or_else(|| "and had to be killed".to_owned(), |it| it.to_string());
            tracing::warn!(server = server.name, how, "the server ended by itself");
            Err(Failure::unusable_because(format!("the server ended by itself: {how}")))
        }
    }
}

/// Opens the gate and the lock file, and says in which folder held calls are remembered.
async fn open(
    arguments: &Arguments,
    console: &Console,
) -> Result<(Place, Keeper, PathBuf), Failure> {
    let name = arguments.name.as_deref();
    let variable = || std::env::var("PLACET_URL").ok().filter(|url| !url.is_empty());
    let daemon = arguments.url.clone().or_else(|| arguments.log.is_none().then(variable).flatten());
    let needs_folder = arguments.lock.is_none() || (daemon.is_none() && arguments.log.is_none());
    let folder = needs_folder.then(|| state::folder(name, &arguments.what())).transpose()?;
    let beside = |file: &str| folder.clone().unwrap_or_default().join(file);
    let keeper = arguments.lock.clone().unwrap_or_else(|| beside("tools.lock"));
    let memory = keeper.with_extension("held");
    let keeper = Keeper::open(keeper).map_err(Failure::unusable)?;
    let place = match daemon {
        Some(url) => Place::daemon(url, arguments.shadow)?,
        None => {
            let log = arguments.log.clone().unwrap_or_else(|| beside("placet.db"));
            Place::own(arguments, log, console).await?
        }
    };
    Ok((place, keeper, memory))
}
