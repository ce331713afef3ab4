//! The daemon as users start it, with two keys.

use std::fs;
use std::net::SocketAddr;
use std::process::{Child as Process, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::args::Child;
use crate::installed::{free_address, run};
use crate::scratch::Scratch;

const POLICY: &str = "version = 1\nmode = \"enforce\"\n[actions.get_order]\nrisk = \"read\"\n";

/// Longest time until it listens.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait before it is tried again whether it listens.
const PAUSE: Duration = Duration::from_millis(20);

/// `placet serve`, with all limits as they are unless somebody sets them.
pub(super) struct Daemon {
    pub(super) address: SocketAddr,
    /// The key of the honest clients.
    pub(super) honest: String,
    /// The key of the others, which belongs to another tenant.
    pub(super) other: String,
    process: Process,
}

impl Daemon {
    pub(super) fn start(scratch: &Scratch) -> Result<Self> {
        let file = |name: &str| scratch.file(name).display().to_string();
        let (log, policy) = (file("placet.db"), file("policy.toml"));
        fs::write(&policy, POLICY)?;
        let key = |tenant: &str| {
            let words = ["key", "create", "--json", "--name", tenant, "--scope", "agent"];
            let made =
                run(&mut placet(&[&words[..], &["--tenant", tenant, "--log", &log]].concat())?)?;
            let made: serde_json::Value = serde_json::from_str(&made)?;
            let secret = made.get("secret").and_then(serde_json::Value::as_str);
            Ok::<String, anyhow::Error>(secret.context("a key has a secret")?.to_owned())
        };
        let (honest, other) = (key("acme")?, key("umbrella")?);
        let address = free_address()?;
        let listen = address.to_string();
        let mut command =
            placet(&["serve", "--listen", &listen, "--log", &log, "--policy", &policy])?;
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().with_context(|| format!("{command:?} cannot be run"))?;
        let daemon = Self { address, honest, other, process };
        let begin = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            ensure!(begin.elapsed() < PATIENCE, "the daemon does not listen");
            std::thread::sleep(PAUSE);
        }
        Ok(daemon)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// This program in the role of `placet`.
fn placet(words: &[&str]) -> Result<Command> {
    Child::Placet(words.iter().map(|&word| word.to_owned()).collect()).command()
}
