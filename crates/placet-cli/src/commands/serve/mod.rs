//! `placet serve`: the daemon.

mod amounts;
pub(crate) mod first_keys;
mod signals;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use placet::{Config, Guard, LogPlace, PolicySource, Pulse, Replaced};
use placet_core::event::PolicyFile;
use placet_server::webhooks::{WebhookError, Webhooks};
use placet_server::{
    Export, Listen, NameError, Server, ServerConfig, StartError, Stop, StopHandle, Tls, check_host,
    check_origin,
};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::cli::EXIT_STATUSES;
use crate::console::{Console, GOOD, HELD};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::log_file::must_have_folder;
use crate::policy_file;
use crate::status::Status;
use crate::trace::{self, Levels};
use amounts::Amounts;
use first_keys::Known;
use signals::Signals;

/// The log when none is named.
const DEFAULT_LOG: &str = "placet.db";

/// Where it listens when nothing is said.
const DEFAULT_LISTEN: &str = "127.0.0.1:4747";

/// How long the last threads may take once everything is answered or given up.
const LAST_WORDS: Duration = Duration::from_secs(2);

const SIGNALS: &str = "\
Signals:
  SIGTERM, SIGINT  stop when everything accepted is answered; sent again, at once
  SIGHUP           read the policy file again; one with errors changes nothing
  SIGUSR1          write more to standard error: warn, info, debug, trace
  SIGUSR2          write less

Environment:
  PLACET_TRACE     what is written to standard error, one line for each request: error, warn,
                   info, debug or trace, or a list such as warn,placet::request=info (default: info)
  OTEL_*           where traces and metrics are sent, as OpenTelemetry has it; nowhere unless
                   OTEL_EXPORTER_OTLP_ENDPOINT or one for a signal is set";

/// Serve the API over HTTP, for any number of agents.
///
/// Without any arguments it keeps its log in placet.db in this folder and listens on this machine
/// only. A first start on a terminal makes the keys that are needed to go on, and prints them once;
/// one without a terminal leaves a link for the first person in a file beside the log.
#[derive(Debug, Args)]
#[command(after_help = format!("{SIGNALS}\n\n{EXIT_STATUSES}"))]
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
    #[arg(long = "host", value_name = "NAME", value_parser = host)]
    hosts: Vec<String>,

    /// An origin whose pages may use the API (CORS): scheme, host and port, as browsers write them
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = origin)]
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

    /// A file that says whom to tell that something waits for people
    #[arg(long, value_name = "FILE", env = "PLACET_WEBHOOKS")]
    webhooks: Option<PathBuf>,

    /// How much it takes, and from whom
    #[command(flatten)]
    amounts: Amounts,
}

fn host(text: &str) -> Result<String, NameError> {
    check_host(text).map(|()| text.to_owned())
}

fn origin(text: &str) -> Result<String, NameError> {
    check_origin(text).map(|()| text.to_owned())
}

pub(crate) fn run(arguments: Arguments, console: &Console) -> Outcome {
    must_have_folder(&arguments.log)?;
    let levels = trace::start(console)?;
    let export = Export::from_environment().map_err(Failure::usage)?;
    let webhooks = arguments.webhooks.as_deref().map(Webhooks::read).transpose();
    let webhooks = webhooks.map_err(unannounced)?.unwrap_or_default();
    let guard = open(&arguments)?;
    let runtime = Runtime::new().map_err(Failure::unusable)?;
    let log = arguments.log.clone();
    let config = ServerConfig { export, webhooks, ..arguments.into() };
    let stopped = runtime.block_on(serve(config, guard, log, levels, console));
    match stopped {
        // What hangs was waited for already, and whoever asked twice waits for nothing.
        Ok(false) => runtime.shutdown_background(),
        _ => runtime.shutdown_timeout(LAST_WORDS),
    }
    stopped.map(|_| Status::Ok)
}

fn open(arguments: &Arguments) -> Result<Guard, Failure> {
    let files: Option<Vec<PolicyFile>> =
        arguments.policy.as_deref().map(policy_file::read).transpose()?;
    let config = Config {
        policy: files.clone().map_or(PolicySource::Log, PolicySource::Files),
        log: LogPlace::File(arguments.log.clone()),
    };
    Guard::open(config).map_err(|error| policy_file::opening(error, &files.unwrap_or_default()))
}

/// Why nobody could be told of anything.
fn unannounced(error: WebhookError) -> Failure {
    let is_misread = matches!(error, WebhookError::Syntax { .. });
    let failure = Failure::unusable(error);
    match is_misread {
        true => failure.help(
            "correct the file there; docs/serving.md shows all that it may have, under \
             \"Telling others: webhooks\"",
        ),
        false => failure,
    }
}

/// The file beside the log for announcements that could not be delivered.
fn dead_letters(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push("-dead-letters");
    name.into()
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
            export: None,
            webhooks: Webhooks::default(),
            dead_letters: Some(dead_letters(&arguments.log)),
            limits: arguments.amounts.into(),
        }
    }
}

/// Serves until it is told to stop; whether everything was answered, and the log closed, in time.
async fn serve(
    config: ServerConfig,
    guard: Guard,
    log: PathBuf,
    levels: Levels,
    console: &Console,
) -> Result<bool, Failure> {
    let signals = Signals::new().map_err(Failure::unusable)?;
    let known = Known::of(&guard);
    let server = Server::bind(config, guard.clone()).await.map_err(|error| {
        explain(error, "stop what is there, or name another place with --listen")
    })?;
    greet(&server, &guard, &log, console);
    first_keys::clear(known, &log);
    first_keys::make(known, &guard, &server, &log, console).await?;
    let pulse = guard.log().pulse();
    drop(guard);
    let (stop, handle) = Stop::new();
    tokio::spawn(end_with_the_log(pulse.clone(), handle.clone()));
    tokio::spawn(signals.obey(handle, server.reload_handle(), levels));
    let clean = server.run(stop).await;
    console.note_value(
        if clean { "stopped" } else { "stopped before everything was answered" },
        &json!({ "stopped": true, "clean": clean }),
    );
    if pulse.has_stopped() {
        return Err(Failure::unusable_because("a fault of the daemon has ended the log").help(
            "start it again: what was answered is recorded, and nothing else was permitted",
        ));
    }
    Ok(clean)
}

/// Ends the daemon when its log is written no more. It could only refuse what is asked of it, and
/// whoever watches over it starts another in its place.
async fn end_with_the_log(pulse: Pulse, handle: StopHandle) {
    pulse.stopped().await;
    handle.ask();
}

fn greet(server: &Server, guard: &Guard, log: &Path, console: &Console) {
    for address in server.addresses() {
        let text = format!("{GOOD}listening{GOOD:#} at {address}");
        console.note_value(&text, &json!({ "listening": address.to_string() }));
    }
    // Whoever has put a copy in the place of a log sees that it is the right one.
    let (name, entries) = (log.display().to_string(), guard.log().size());
    let text = format!("the log {} has {entries} entries", escape::line(&name));
    console.note_value(&text, &json!({ "log": name, "entries": entries }));
    if let Some(Replaced { policy: before, installed_by_entry }) = guard.replaced() {
        let policy = guard.policy().terms().policy;
        let text = format!(
            "{HELD}another policy holds now:{HELD:#} {policy}, as the file says, in the place of \
             {before}, which entry {installed_by_entry} had installed"
        );
        let value = json!({
            "policy": policy, "replaced": before, "installed_by_entry": installed_by_entry,
        });
        console.note_value(&text, &value);
    }
}

/// What the system says about an address, in words.
pub(crate) fn explain(error: StartError, help: &str) -> Failure {
    let StartError::Listen { listen, source } = &error else { return Failure::unusable(error) };
    let message = match source.kind() {
        ErrorKind::AddrInUse => format!("something else listens at {listen} already"),
        ErrorKind::AddrNotAvailable => format!("this machine does not have the address {listen}"),
        ErrorKind::PermissionDenied => format!("this user may not listen at {listen}"),
        _ => return Failure::unusable(error),
    };
    Failure::unusable_because(message).help(help)
}
