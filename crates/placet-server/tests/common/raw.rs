//! A client that sends what it likes, byte by byte, and takes all answers that come.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The line and the headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn has(&self, header: &str) -> bool {
        self.head.contains(&format!("\r\n{header}"))
    }
}

/// A connection.
pub(crate) struct Raw {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Raw {
    pub(crate) fn open(address: SocketAddr) -> Self {
        Self::try_open(address).expect("a connection")
    }

    /// The same; none when nobody listens.
    pub(crate) fn try_open(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_nodelay(true).expect("an option");
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        stream.set_write_timeout(Some(PATIENCE)).expect("an option");
        Some(Self { stream, received: Vec::new() })
    }

    /// One for which the system keeps little that is not taken.
    pub(crate) fn open_narrow(address: SocketAddr) -> Self {
        let raw = Self::open(address);
        rustix::net::sockopt::set_socket_recv_buffer_size(&raw.stream, 4 * 1024)
            .expect("an option");
        raw
    }

    /// Sends bytes; whether the other side took them.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Waits so long for the other side to close, taking what it sends; whether it did.
    pub(crate) fn is_closed_within(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).expect("an option");
        loop {
            match self.more() {
                Some(0) => return true,
                Some(_) => {}
                None => return false,
            }
        }
    }

    /// The next answer, which says its length; none when the connection ends before.
    pub(crate) fn reply(&mut self) -> Option<Reply> {
        let limit = Instant::now() + PATIENCE;
        loop {
            if let Some(reply) = self.take() {
                return Some(reply);
            }
            assert!(Instant::now() < limit, "no answer came");
            if self.more().expect("an answer within time") == 0 {
                return None;
            }
        }
    }

    /// Sends a request and takes its answer; none when the connection ends before.
    pub(crate) fn send_for_reply(&mut self, bytes: impl AsRef<[u8]>) -> Option<Reply> {
        // Whoever refuses it closes before all of it is sent.
        self.send(bytes);
        self.reply()
    }

    /// Everything that is answered until the other side closes the connection.
    pub(crate) fn replies(&mut self) -> Vec<Reply> {
        assert!(self.is_closed_within(PATIENCE), "the connection stays open");
        std::iter::from_fn(|| self.take()).collect()
    }

    /// What came so far and was not taken as an answer, as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// Waits until a text has come; whether it did before the connection ended.
    pub(crate) fn wait_for(&mut self, text: &str) -> bool {
        let limit = Instant::now() + PATIENCE;
        while !self.text().contains(text) {
            assert!(Instant::now() < limit, "{text:?} never came");
            if self.more().expect("more within time") == 0 {
                return false;
            }
        }
        true
    }

    /// Reads once: how much, zero at the end, none when nothing came in time.
    fn more(&mut self) -> Option<usize> {
        let mut bytes = [0; 16 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(read) => {
                self.received.extend_from_slice(&bytes[..read]);
                Some(read)
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => None,
                _ => Some(0),
            },
        }
    }

    fn take(&mut self) -> Option<Reply> {
        let end = self.received.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&self.received[..end]).to_ascii_lowercase();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head.split("\r\ncontent-length: ").nth(1);
        let length = length.and_then(|rest| rest.split('\r').next()?.parse().ok());
        let whole = end + length.unwrap_or(0_usize);
        if self.received.len() < whole {
            return None;
        }
        let body = self.received[end..whole].to_vec();
        self.received.drain(..whole);
        Some(Reply { status, head, body })
    }
}
