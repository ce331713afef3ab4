//! Clients over keep-alive connections, each of which sends its next request when it has its answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use super::Throughput;
use crate::measure::{Times, float};

/// What is sent.
#[derive(Clone)]
pub(crate) struct Request(Vec<u8>);

impl Request {
    /// A body of JSON for a path, with further headers, such as one that says who sends it.
    pub(crate) fn post(address: SocketAddr, path: &str, headers: &[Header], body: &str) -> Self {
        let headers: String =
            headers.iter().map(|Header(name, value)| format!("{name}: {value}\r\n")).collect();
        Self(
            format!(
                "POST {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes(),
        )
    }
}

/// A header: its name and its value.
#[derive(Clone, Debug)]
pub(crate) struct Header(pub(crate) &'static str, pub(crate) String);

impl Header {
    /// The header of a key of ours.
    pub(crate) fn bearer(key: &str) -> Self {
        Self("Authorization", format!("Bearer {key}"))
    }
}

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(8192) })
    }

    /// Sends a request and reads its answer, which has a length and must be a good one.
    pub(crate) async fn ask(&mut self, request: &Request) -> Result<&str> {
        self.stream.write_all(&request.0).await?;
        self.buffer.clear();
        let begin = loop {
            let read = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0, "the connection was closed");
            if let Some(begin) = body_of(&self.buffer)? {
                break begin;
            }
        };
        let (head, body) = std::str::from_utf8(&self.buffer)?.split_at(begin);
        if !head.starts_with("HTTP/1.1 20") {
            bail!("{head}{body}");
        }
        Ok(body)
    }
}

/// Where the body of an answer begins, once all of it is there.
fn body_of(answer: &[u8]) -> Result<Option<usize>> {
    const END: &str = "\r\n\r\n";
    let text = std::str::from_utf8(answer)?;
    let Some((head, body)) = text.split_once(END) else { return Ok(None) };
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, length) = length.context("an answer without a length")?;
    Ok((body.len() >= length.parse()?).then_some(head.len() + END.len()))
}

/// Sends a request over so many connections until the time is over.
pub(super) fn send_for(
    runtime: &Runtime,
    address: SocketAddr,
    request: &Request,
    connections: usize,
    turn: Duration,
) -> Result<Throughput> {
    let begin = Instant::now();
    let one = |_| {
        let request = request.clone();
        runtime.spawn(async move { send_until(address, &request, begin + turn).await })
    };
    let all: Vec<_> = (0..connections).map(one).collect();
    let mut times = Times::default();
    for one in all {
        times.extend(runtime.block_on(one)??);
    }
    let seconds = begin.elapsed().as_secs_f64();
    Ok(Throughput {
        rate: float(times.len()) / seconds,
        p50: times.percentile(50.0),
        p99: times.percentile(99.0),
    })
}

async fn send_until(address: SocketAddr, request: &Request, end: Instant) -> Result<Times> {
    let mut connection = Connection::open(address).await?;
    let mut times = Times::default();
    while Instant::now() < end {
        let begin = Instant::now();
        connection.ask(request).await?;
        times.add(begin.elapsed());
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::body_of;

    #[test]
    fn an_answer_is_there_when_its_body_is() {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\n{}";
        for end in 0..answer.len() {
            let part = answer.get(..end).unwrap_or_default();
            assert_eq!(body_of(part.as_bytes()).ok(), Some(None), "{part:?}");
        }
        let begin = answer.find("{}");
        assert_eq!(body_of(answer.as_bytes()).ok(), Some(begin));
        assert_eq!(body_of(answer.to_lowercase().as_bytes()).ok(), Some(begin));
        assert!(body_of(b"HTTP/1.1 200 OK\r\n\r\n").is_err(), "it has no length");
    }
}
