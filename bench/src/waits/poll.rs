//! A bare long poll: a request waits until another one comes for it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::oneshot;

use super::{Waited, answered, each};
use crate::machine;
use crate::measure::{Times, float};

/// Most waits: each takes two open files, of which a process has some 20,000 here.
const MAX_WAITS: usize = 9_000;

/// Longest time until everybody waits, or is awake.
const PATIENCE: Duration = Duration::from_secs(120);

/// Who waits.
type Parked = Arc<Mutex<HashMap<usize, oneshot::Sender<()>>>>;

pub(super) fn measure(waits: usize) -> Result<Waited> {
    let waits = waits.min(MAX_WAITS);
    Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(run(waits))
}

async fn run(waits: usize) -> Result<Waited> {
    let parked = Parked::default();
    let address = serve(Arc::clone(&parked)).await?;
    let mut asking = TcpStream::connect(address).await?;
    asking.set_nodelay(true)?;
    let before = machine::memory().context("this process has no known size")?;
    let (woken, mut awake) = unbounded_channel();
    let begin = Instant::now();
    for number in 0..waits {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(&request("GET", number, address)).await?;
        let woken = woken.clone();
        tokio::spawn(async move {
            let _answer = stream.read_u8().await;
            let _measured = woken.send(Instant::now());
        });
    }
    let count = || parked.lock().unwrap_or_else(PoisonError::into_inner).len();
    while count() < waits {
        ensure!(begin.elapsed() < PATIENCE, "not everybody waits");
        tokio::task::yield_now().await;
    }
    let opened = begin.elapsed();
    let grown = machine::memory().context("this process has no known size")? - before;
    let mut times = Times::default();
    let mut answer = [0; 1024];
    for number in 0..answered(waits) {
        let begin = Instant::now();
        asking.write_all(&request("POST", number, address)).await?;
        ensure!(asking.read(&mut answer).await? > 0, "the connection was closed");
        let woken = tokio::time::timeout(PATIENCE, awake.recv()).await?.context("nobody waits")?;
        times.add(woken.duration_since(begin));
    }
    let begin = Instant::now();
    let rest = std::mem::take(&mut *parked.lock().unwrap_or_else(PoisonError::into_inner));
    let mut last = begin;
    for (_, waiting) in rest {
        let _gone = waiting.send(());
    }
    for _ in answered(waits)..waits {
        let woken = tokio::time::timeout(PATIENCE, awake.recv()).await?.context("nobody waits")?;
        last = last.max(woken);
    }
    Ok(Waited {
        waits: float(waits),
        bytes: each(grown, waits),
        open: each(opened.as_secs_f64() * 1e9, waits),
        p50: times.percentile(50.0),
        p99: times.percentile(99.0),
        all: (last - begin).as_secs_f64() * 1e9,
    })
}

fn request(method: &str, number: usize, address: SocketAddr) -> Vec<u8> {
    format!("{method} /{number} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n")
        .into_bytes()
}

async fn serve(parked: Parked) -> Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/{number}", get(park).merge(post(wake))).with_state(parked);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn park(State(parked): State<Parked>, Path(number): Path<usize>) -> &'static str {
    let (waiting, answer) = oneshot::channel();
    parked.lock().unwrap_or_else(PoisonError::into_inner).insert(number, waiting);
    let _answered = answer.await;
    "approved"
}

async fn wake(State(parked): State<Parked>, Path(number): Path<usize>) -> &'static str {
    let waiting = parked.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    if let Some(waiting) = waiting {
        let _gone = waiting.send(());
    }
    "taken in"
}
