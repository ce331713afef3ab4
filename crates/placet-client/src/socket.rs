//! Speaking to a daemon through a Unix socket.
//!
//! The HTTP client keeps what it offers for other ways than TCP apart from what it promises not to
//! change, so this file may have to follow a new version of it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error};

/// A client that opens this socket, whatever URL it is given.
pub(crate) fn agent(config: Config, path: PathBuf) -> Agent {
    Agent::with_parts(config, Socket(path), Nowhere)
}

/// Opens a socket.
#[derive(Debug)]
struct Socket(PathBuf);

/// There is nothing to look up.
#[derive(Debug)]
struct Nowhere;

/// A connection through a socket.
#[derive(Debug)]
struct Connected {
    stream: UnixStream,
    buffers: LazyBuffers,
}

impl Connector for Socket {
    type Out = Connected;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Connected>, Error> {
        let stream = UnixStream::connect(&self.0)?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(Some(Connected { stream, buffers }))
    }
}

impl Resolver for Nowhere {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut any = self.empty();
        any.push(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        Ok(any)
    }
}

impl Transport for Connected {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.set_write_timeout(timeout.not_zero().map(|left| *left))?;
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output).map_err(|error| late(error, &timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.set_read_timeout(timeout.not_zero().map(|left| *left))?;
        let input = self.buffers.input_append_buf();
        let amount = self.stream.read(input).map_err(|error| late(error, &timeout))?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    /// Each request has a connection of its own: opening one costs next to nothing.
    fn is_open(&mut self) -> bool {
        false
    }
}

/// What a socket says when a time is over, as what it means.
fn late(error: std::io::Error, timeout: &NextTimeout) -> Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::Timeout(timeout.reason),
        _ => error.into(),
    }
}
