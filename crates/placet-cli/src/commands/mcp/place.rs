//! Where a gateway decides: at a daemon, or in a log of its own with a console beside it.

use placet::{Config, Guard, LogPlace, PolicyFile, PolicySource};
use placet_gate::{Gate, GateConfig};
use placet_server::{Listen, Server, ServerConfig, StartError, Stop, StopHandle};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::Arguments;
use crate::commands::serve::first_keys;
use crate::console::{Console, STRONG};
use crate::failure::Failure;
use crate::policy_file;

/// A gate, and what has to be stopped with it.
pub(super) struct Place {
    pub(super) gate: Gate,
    console: Option<(StopHandle, JoinHandle<bool>)>,
}

impl Place {
    /// At the daemon that is named.
    pub(super) fn daemon(url: String, is_shadow: bool) -> Result<Self, Failure> {
        let key = std::env::var("PLACET_KEY").unwrap_or_default();
        if key.trim().is_empty() {
            return Err(Failure::usage(format!("the daemon at {url} wants to see a key")).help(
                "put the key of an agent into the environment as PLACET_KEY; \
                 `placet key create --scope agent --tenant TENANT --name NAME` makes one",
            ));
        }
        let key = Zeroizing::new(key.trim().to_owned());
        let config = GateConfig { daemon: Some((url, key)), is_shadow, ..GateConfig::default() };
        let gate = Gate::open(config).map_err(Failure::unusable)?;
        Ok(Self { gate, console: None })
    }

    /// In a log of its own, with the console that people answer in.
    pub(super) async fn own(
        arguments: &Arguments,
        log: std::path::PathBuf,
        console: &Console,
    ) -> Result<Self, Failure> {
        let files = arguments.policy.as_deref().map(policy_file::read).transpose()?;
        // The policy that a new log begins with permits nobody to look on.
        let looks_on = arguments.shadow && files.is_none() && !log.exists();
        let files = files.or_else(|| looks_on.then(|| vec![looking_on()]));
        let config = Config {
            policy: files.clone().map_or(PolicySource::Log, PolicySource::Files),
            log: LogPlace::File(log),
        };
        let opened = tokio::task::spawn_blocking(move || Guard::open(config)).await;
        let guard = opened
            .map_err(Failure::unusable)?
            .map_err(|error| policy_file::opening(error, &files.unwrap_or_default()))?;
        let server = listen(arguments, &guard).await?;
        let pages = server.console();
        if guard.log().state().people().is_empty() {
            invite(&guard, &server, console).await?;
        } else if let Some(pages) = &pages {
            console.note(&format!("people answer at {STRONG}{pages}{STRONG:#}"));
        }
        let gate = Gate::at(guard, arguments.shadow, pages.as_deref());
        let (stop, handle) = Stop::new();
        let running = tokio::spawn(server.run(stop));
        Ok(Self { gate, console: Some((handle, running)) })
    }

    /// Closes the log with a checkpoint.
    pub(super) async fn close(self) {
        let Self { gate, console } = self;
        drop(gate);
        if let Some((stop, running)) = console {
            stop.ask();
            drop(running.await);
        }
    }
}

/// What a gateway decides by in a log of its own that is only to look on: as without a policy, and
/// looking on is permitted.
fn looking_on() -> PolicyFile {
    let text =
        "version = 1\nmode = \"enforce\"\nunclassified = \"inspect\"\non_review = \"shadow\"\n";
    PolicyFile { name: "policy.toml".to_owned(), text: text.to_owned() }
}

/// Listens where it should, or at any free port where another gateway already does.
async fn listen(arguments: &Arguments, guard: &Guard) -> Result<Server, Failure> {
    let at = |listen: Listen| ServerConfig {
        listen: vec![listen],
        policy: arguments.policy.clone(),
        ..ServerConfig::default()
    };
    match Server::bind(at(arguments.console.clone()), guard.clone()).await {
        Err(StartError::Listen { listen: Listen::Tcp(mut address), .. }) => {
            address.set_port(0);
            let any = Listen::Tcp(address);
            Server::bind(at(any), guard.clone()).await.map_err(Failure::unusable)
        }
        bound => bound.map_err(Failure::unusable),
    }
}

/// Says how the first person gets in.
async fn invite(guard: &Guard, server: &Server, console: &Console) -> Result<(), Failure> {
    if let Some(link) = first_keys::invite(guard, server).await? {
        console.note(&format!(
            "open this once, within a day, to set the password with which you answer:\n  {link}"
        ));
    }
    Ok(())
}
