//! A server that is started here and spoken to on its standard input and output.

use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};

use tokio::process;
use tokio::time::timeout;

use crate::limits::{LAST_WORDS, MAX_SERVER_BYTES};
use crate::relay::Duplex;
use crate::stdio::duplex;

/// How a server is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The program.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What is in its environment besides what is in this process's.
    pub environment: Vec<(String, String)>,
    /// What of this process's environment is none of its business.
    pub without: Vec<String>,
}

/// A running server.
#[derive(Debug)]
pub struct Child(process::Child);

/// A server that cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {}", program.display())]
pub struct ChildError {
    program: OsString,
    source: std::io::Error,
}

impl Child {
    /// Starts a server. It ends when this value is dropped.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &Command) -> Result<(Self, Duplex), ChildError> {
        let failed = |source| ChildError { program: command.program.clone(), source };
        let mut starting = process::Command::new(&command.program);
        starting.args(&command.arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        for name in &command.without {
            starting.env_remove(name);
        }
        let environment = command.environment.iter().map(|(name, value)| (name, value));
        starting.envs(environment).kill_on_drop(true);
        let mut child = starting.spawn().map_err(failed)?;
        let pipes = child.stdout.take().zip(child.stdin.take());
        let (from, to) = pipes.ok_or_else(|| failed(std::io::Error::other("it has no pipes")))?;
        Ok((Self(child), duplex(from, to, MAX_SERVER_BYTES)))
    }

    /// Waits until it has ended by itself, its input being closed, and ends it if it does not.
    pub async fn end(mut self) -> Option<ExitStatus> {
        match timeout(LAST_WORDS, self.0.wait()).await {
            Ok(ended) => ended.ok(),
            Err(_) => {
                drop(self.0.kill().await);
                None
            }
        }
    }
}
