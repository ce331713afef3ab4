//! Runs a gateway: opens the gate, reaches for the servers, and lets messages pass.

use std::net::SocketAddr;
use std::path::PathBuf;

use placet_mcp::tools::Keeper;
use placet_mcp::{
    Gateway, GatewayConfig, Gone, Judge, JudgeConfig, NewSession, Place as ServerPlace, Servers,
    Sessions, Upstream, stdio,
};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use super::config::Server;
use super::place::Place;
use super::{Arguments, state};
use crate::console::{Console, GOOD};
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
        if servers.is_empty() {
            return Err(Failure::usage("there is no server to speak to"));
        }
        match self.arguments.listen {
            Some(address) => self.listen(address, servers, console).await,
            None => self.on_pipes(servers).await,
        }
    }

    /// For the client that started this.
    async fn on_pipes(&self, servers: Vec<Server>) -> Outcome {
        let is_only = servers.len() == 1;
        let memory = self.config.memory.clone();
        let ended = self.servers(servers, memory.as_ref()).pass(stdio()).await;
        let is_any_left = ended.iter().any(Result::is_ok);
        let failed = ended.into_iter().find_map(Result::err).filter(|_| is_only || !is_any_left);
        match failed {
            None => Ok(Status::Ok),
            Some(Gone::Start(error)) => Err(Failure::unusable(error)
                .help("write the command of the server after `--`, as a client would")),
            Some(ended) => Err(Failure::unusable(ended)),
        }
    }

    /// For clients that come over HTTP.
    async fn listen(
        &self,
        address: SocketAddr,
        servers: Vec<Server>,
        console: &Console,
    ) -> Outcome {
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
        tokio::select! {
            served = self.serve(listener, config, servers) => served.map_err(Failure::unusable)?,
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(Status::Ok)
    }

    /// Serves clients that come over HTTP.
    async fn serve(
        &self,
        listener: TcpListener,
        config: GatewayConfig,
        mut servers: Vec<Server>,
    ) -> std::io::Result<()> {
        if let [Server { place: ServerPlace::Remote(_), .. }] = &servers[..]
            && let Some(Server { name, is_named, place: ServerPlace::Remote(remote) }) =
                servers.pop()
        {
            let new = self.session(&name, is_named, self.config.memory.clone());
            let (judge, book, on_change) = new(JudgeConfig::default().session);
            return Gateway::serve(listener, config, judge, *remote, (book, on_change)).await;
        }
        // No client may find what another asked for.
        Sessions::serve(listener, config, self.servers(servers, None)).await
    }

    /// Servers, and by what their calls are judged.
    fn servers(&self, servers: Vec<Server>, memory: Option<&PathBuf>) -> Servers {
        let upstream = |Server { name, is_named, place }| {
            let new = self.session(&name, is_named, memory.cloned());
            Upstream { name, place, new }
        };
        Servers::new(servers.into_iter().map(upstream).collect())
    }

    /// What each client gets: a judge, and the tools as they were vetted.
    fn session(&self, name: &str, is_named: bool, memory: Option<PathBuf>) -> NewSession {
        let (gate, keeper) = (self.gate.gate.clone(), self.keeper.clone());
        let server = is_named.then(|| name.to_owned());
        let config = JudgeConfig { server, memory, ..self.config.clone() };
        let name = name.to_owned();
        Box::new(move |session| {
            let judge = Judge::new(gate.clone(), JudgeConfig { session, ..config.clone() });
            (judge, keeper.book(&name), keeper.on_change(&name))
        })
    }
}

/// The file that says which tools somebody has vetted.
pub(super) fn lock_file(arguments: &Arguments) -> Result<PathBuf, Failure> {
    let folder = || state::folder(arguments.name.as_deref(), &arguments.what());
    arguments.lock.clone().map_or_else(|| Ok(folder()?.join("tools.lock")), Ok)
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
