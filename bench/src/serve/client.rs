//! Clients over keep-alive connections, each of which sends its next request when it has its answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use super::Throughput;
use crate::measure::{Times, float};

/// What is sent, over and over.
#[derive(Clone)]
pub(super) struct Request(Vec<u8>);

impl Request {
    pub(super) fn post(address: SocketAddr, path: &str, key: &str, body: &str) -> Self {
        Self(
            format!(
                "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes(),
        )
    }
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
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut times, mut buffer) = (Times::default(), Vec::with_capacity(8192));
    while Instant::now() < end {
        let begin = Instant::now();
        stream.write_all(&request.0).await?;
        answer(&mut stream, &mut buffer).await?;
        times.add(begin.elapsed());
    }
    Ok(times)
}

/// Reads one answer, which has a length.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<()> {
    buffer.clear();
    loop {
        ensure!(stream.read_buf(buffer).await? > 0, "the connection was closed");
        let text = std::str::from_utf8(buffer)?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.context("an answer without a length")?.parse()?;
        if body.len() >= length {
            if !head.starts_with("HTTP/1.1 200") {
                bail!("{text}");
            }
            return Ok(());
        }
    }
}
