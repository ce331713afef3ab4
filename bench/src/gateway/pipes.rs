//! A client on pipes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child as Process, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::{INITIALIZE, INITIALIZED, Latency, call, check};
use crate::measure::Times;

/// A client of a server, or of a gateway before it.
pub(super) struct Client {
    process: Process,
    says: ChildStdin,
    hears: BufReader<ChildStdout>,
    line: String,
    next: usize,
}

impl Client {
    /// Starts the other end and agrees with it on a protocol.
    pub(super) fn start(mut command: Command) -> Result<Self> {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().with_context(|| format!("{command:?} cannot be run"))?;
        let says = process.stdin.take().context("it hears nothing")?;
        let hears = BufReader::new(process.stdout.take().context("it says nothing")?);
        let mut client = Self { process, says, hears, line: String::new(), next: 1 };
        client.ask(INITIALIZE)?;
        client.say(INITIALIZED)?;
        client.ask(r#"{"jsonrpc":"2.0","id":"tools","method":"tools/list"}"#)?;
        Ok(client)
    }

    /// Calls the tool until the time is over.
    pub(super) fn call_for(&mut self, turn: Duration) -> Result<Latency> {
        let mut times = Times::default();
        let begin = Instant::now();
        while begin.elapsed() < turn {
            let message = call(self.next);
            self.next += 1;
            times.time(|| self.ask(&message))?;
            check(&self.line)?;
        }
        Ok(Latency::of(&times))
    }

    fn say(&mut self, message: &str) -> Result<()> {
        Ok(self.says.write_all(format!("{message}\n").as_bytes())?)
    }

    /// Says something and hears its answer; whatever else it is told is passed over.
    fn ask(&mut self, message: &str) -> Result<()> {
        self.say(message)?;
        loop {
            self.line.clear();
            ensure!(self.hears.read_line(&mut self.line)? > 0, "the other end is gone");
            if self.line.contains(r#""result""#) || self.line.contains(r#""error""#) {
                return Ok(());
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
