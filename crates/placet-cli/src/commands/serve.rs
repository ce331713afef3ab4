//! `placet serve`: the daemon.

use std::path::PathBuf;

use clap::Args;
use placet::{Config, Guard, KeyName, KeyScope, LogPlace, NewKey, PolicySource, TenantId};
use placet_server::{Listen, Server, ServerConfig, Stop, StopHandle, Tls};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::console::{Console, FAINT, GOOD, STRONG};
use crate::failure::{Failure, Outcome};
use crate::log_file::must_have_folder;
use crate::status::Status;

/// The log when none is named.
const DEFAULT_LOG: &str = "placet.db";

/// Where it listens when nothing is said.
const DEFAULT_LISTEN: &str = "127.0.0.1:4747";

/// Serve the API over HTTP, for any number of agents.
///
/// Without any arguments it keeps its log in placet.db in this folder and listens on this machine
/// only. A first start makes the keys that are needed to go on, and prints them once.
///
/// SIGTERM and Ctrl-C stop it when everything accepted is answered; sent again, at once. SIGHUP
/// reads the policy again.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The policy file; every *.cedar file beside it belongs to it. Without one the policy of the
    /// log holds
    #[arg(long, value_name = "FILE", env = "PLACET_POLICY")]
    policy: Option<PathBuf>,

    /// The log; it is created where there is none
    #[arg(long, value_name = "LOG", env = "PLACET_LOG", default_value = DEFAULT_LOG)]
    log: PathBuf,

    /// Where to listen: an address with a port, or unix:PATH; may be given several times
    #[arg(long, value_name = "ADDRESS", env = "PLACET_LISTEN", value_delimiter = ',')]
    #[arg(default_value = DEFAULT_LISTEN)]
    listen: Vec<Listen>,

    /// A name under which clients reach it, besides its addresses; may be given several times
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,

    /// An origin whose pages may send requests, such as https://console.example.com
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,

    /// The certificate with its chain, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Listen beyond this machine without TLS, because something in front of it encrypts
    #[arg(long)]
    plaintext: bool,

    /// Let anyone read checkpoints and the hashes of the log, as witnesses do
    #[arg(long)]
    public_log: bool,
}

pub(crate) fn run(arguments: Arguments, console: &Console) -> Outcome {
    must_have_folder(&arguments.log)?;
    let policy = arguments.policy.clone();
    let source = policy.clone().map_or(PolicySource::Log, PolicySource::Path);
    let config = Config { policy: source, log: LogPlace::File(arguments.log.clone()) };
    let guard = Guard::open(config).map_err(Failure::unusable)?;
    let runtime = Runtime::new().map_err(Failure::unusable)?;
    runtime.block_on(serve(arguments.into(), guard, console))
}

impl From<Arguments> for ServerConfig {
    fn from(arguments: Arguments) -> Self {
        let tls = arguments.tls_cert.zip(arguments.tls_key);
        Self {
            listen: arguments.listen,
            hosts: arguments.hosts,
            origins: arguments.origins,
            tls: tls.map(|(certificate, key)| Tls { certificate, key }),
            plaintext: arguments.plaintext,
            public_log: arguments.public_log,
            policy: arguments.policy,
            ..Self::default()
        }
    }
}

async fn serve(config: ServerConfig, guard: Guard, console: &Console) -> Outcome {
    let is_first = guard.log().state().keys().is_empty();
    let server = Server::bind(config, guard.clone()).await.map_err(Failure::unusable)?;
    greet(&server, console);
    if is_first {
        first_keys(&guard, &server, console).await?;
    }
    drop(guard);
    let (stop, handle) = Stop::new();
    tokio::spawn(listen_to_signals(handle));
    let clean = server.run(stop).await;
    console.note(if clean { "stopped" } else { "stopped before everything was answered" });
    Ok(Status::Ok)
}

fn greet(server: &Server, console: &Console) {
    for address in server.addresses() {
        console.note(&format!("{GOOD}listening{GOOD:#} at {address}"));
    }
}

/// Makes the first keys and says what to do with them.
async fn first_keys(guard: &Guard, server: &Server, console: &Console) -> Result<(), Failure> {
    if !console.is_terminal() {
        console.note(
            "there are no API keys yet; stop the daemon and make one with\n  \
             placet key create --name operator --scope admin",
        );
        return Ok(());
    }
    let key = |name, tenant, scope| NewKey { name, tenant, agent: None, scopes: [scope].into() };
    let operator = guard.create_key(key(name("operator")?, None, KeyScope::Admin), None).await;
    let (operator, _) = operator.map_err(Failure::unusable)?;
    let agent = key(name("first agent")?, Some(TenantId::default()), KeyScope::Agent);
    let (agent, _) = guard.create_key(agent, None).await.map_err(Failure::unusable)?;
    let address = server.addresses().first().map(ToString::to_string).unwrap_or_default();
    console.text(&format!(
        "\nThese keys are shown this once:\n  {STRONG}operator{STRONG:#}  {}\n  {STRONG}agent{STRONG:#}     {}\n\n\
         {FAINT}Try it:{FAINT:#}\n  curl http://{address}/v1/actions -H 'Authorization: Bearer AGENT-KEY' \\\n    \
         -H 'Content-Type: application/json' -d '{{\"tool\": \"delete_everything\"}}'\n\n",
        *operator.danger_text(),
        *agent.danger_text(),
    ))?;
    Ok(())
}

fn name(text: &str) -> Result<KeyName, Failure> {
    KeyName::new(text).map_err(Failure::unusable)
}

async fn listen_to_signals(handle: StopHandle) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        handle.ask();
    }
}
