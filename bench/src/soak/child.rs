//! The daemon in a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child as Process, ChildStdout, Stdio};

use anyhow::{Context as _, Result, ensure};
use placet::store::SqliteReader;
use placet::store::store::Reader as _;

use crate::args::Child;
use crate::serve::Daemon;
use crate::show;

/// A daemon that runs.
pub(super) struct DaemonProcess {
    pub(super) address: SocketAddr,
    pub(super) key: String,
    process: Process,
    says: BufReader<ChildStdout>,
}

impl DaemonProcess {
    pub(super) fn start(log: &Path) -> Result<Self> {
        let mut process = Child::Daemon(log.to_owned())
            .command()?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut says = BufReader::new(process.stdout.take().context("it says nothing")?);
        let mut line = String::new();
        says.read_line(&mut line)?;
        let (address, key) = line.trim().split_once(' ').context("the daemon did not start")?;
        let (address, key) = (address.parse()?, key.to_owned());
        Ok(Self { address, key, process, says })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends it, and says how many entries its log has.
    pub(super) fn stop(mut self) -> Result<u64> {
        drop(self.process.stdin.take());
        let mut rest = String::new();
        self.says.read_to_string(&mut rest)?;
        ensure!(self.process.wait()?.success(), "the daemon failed");
        Ok(rest.trim().parse()?)
    }
}

impl Drop for DaemonProcess {
    fn drop(&mut self) {
        // It ends when its input does; this is for the case that it is not even listening.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Is the daemon until its input ends: says where it listens and its key first, and how long the log
/// has become last.
pub(crate) fn run(log: &Path) -> Result<()> {
    let daemon = Daemon::start(log.to_owned())?;
    show(&format!("{} {}", daemon.address, daemon.key));
    std::io::stdin().read_to_end(&mut Vec::new())?;
    drop(daemon);
    let mut reader = SqliteReader::open(log)?;
    let size = reader.view()?.head()?.map_or(0, |head| head.size);
    show(&size.to_string());
    Ok(())
}
