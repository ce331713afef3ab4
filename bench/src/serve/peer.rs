//! Other products that decide over HTTP, each a process of its own that is installed for this.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child as Process, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::runtime::Runtime;

use super::client::{Connection, Request};
use super::{cerbos, squidbrake};
use crate::installed::{free_address, said};
use crate::measure::Scale;
use crate::progress;
use crate::sample::{Refund, THRESHOLD};
use crate::scratch::Scratch;

/// Longest time until one that was started answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait before one that does not answer yet is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// A product that is installed.
pub(super) trait Peer {
    /// How it is started so that it listens there and keeps what it keeps in a folder.
    fn command(&self, address: SocketAddr, folder: &Path) -> Result<Command>;

    /// What asks it about a refund.
    fn request(&self, address: SocketAddr, refund: &Refund) -> Request;

    /// What is in its answer where it allows it.
    fn allows(&self) -> &'static str;
}

/// The names of the others, in the order of the report.
pub(super) const NAMES: [&str; 2] = ["Cerbos", "Squidbrake"];

/// Installs one of them into a folder.
type Install = fn(&Path) -> Result<Box<dyn Peer>>;

/// One that is installed.
pub(super) struct Installed {
    pub(super) name: &'static str,
    peer: Box<dyn Peer>,
}

/// Installs the others. One that cannot be installed is left out, and why is said.
pub(super) fn install(scratch: &Scratch, scale: &Scale) -> Vec<Installed> {
    if !scale.is_full {
        return Vec::new();
    }
    let installs: [Install; 2] = [cerbos::install, squidbrake::install];
    let install = |(name, install): (&'static str, Install)| {
        progress(&format!("  installing {name}"));
        Some(Installed { name, peer: said(name, install(&scratch.file(name)))? })
    };
    NAMES.into_iter().zip(installs).filter_map(install).collect()
}

impl Installed {
    /// Starts it. One that does not start, or decides otherwise, is left out, and why is said.
    pub(super) fn start(
        &self,
        scratch: &Scratch,
        refund: &Refund,
        runtime: &Runtime,
    ) -> Option<Running> {
        let folder = scratch.file(self.name);
        said(self.name, Running::start(self.peer.as_ref(), &folder, refund, runtime))
    }
}

/// A peer that runs.
pub(super) struct Running {
    process: Process,
    pub(super) address: SocketAddr,
    /// What it is asked over and over.
    pub(super) request: Request,
}

impl Running {
    fn start(peer: &dyn Peer, folder: &Path, refund: &Refund, runtime: &Runtime) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let address = free_address()?;
        let mut command = peer.command(address, folder)?;
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = process.spawn().with_context(|| format!("{command:?} cannot be run"))?;
        let running = Self { process, address, request: peer.request(address, refund) };
        let large = Refund { amount: THRESHOLD + 400, ..refund.clone() };
        let large = peer.request(address, &large);
        runtime.block_on(running.agrees(&large, peer.allows()))?;
        Ok(running)
    }

    /// Waits until it answers, and checks that it allows what we allow, and nothing else.
    async fn agrees(&self, large: &Request, allows: &str) -> Result<()> {
        let begin = Instant::now();
        let mut connection = loop {
            match Connection::open(self.address).await {
                Ok(connection) => break connection,
                Err(error) => ensure!(begin.elapsed() < PATIENCE, "it does not start: {error}"),
            }
            tokio::time::sleep(PAUSE).await;
        };
        for (request, is_allowed) in [(&self.request, true), (large, false)] {
            let answer = connection.ask(request).await?;
            ensure!(answer.contains(allows) == is_allowed, "it decides otherwise: {answer}");
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
