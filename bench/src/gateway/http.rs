//! The server, the gateway and a client over HTTP.

use std::net::SocketAddr;
use std::process::{Child as Process, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use tokio::runtime::{Builder, Runtime};

use super::{INITIALIZE, INITIALIZED, Latency, call, check, echo, ours};
use crate::installed::free_address;
use crate::measure::Times;
use crate::scratch::Scratch;
use crate::serve::{Connection, Header, Request};

/// Where the server and the gateway are asked.
const PATH: &str = "/mcp";

/// Longest time until the gateway answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait before a gateway that does not answer yet is asked again.
const PAUSE: Duration = Duration::from_millis(20);

/// The server, on threads of this process.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Server {
    pub(super) fn start() -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let router = Router::new().route(PATH, post(respond));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, runtime: Some(runtime) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn respond(message: String) -> Response {
    match echo::answer(&message) {
        Ok(Some(answer)) => ([(CONTENT_TYPE, "application/json")], answer).into_response(),
        Ok(None) => StatusCode::ACCEPTED.into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// The gateway before it, as a process.
pub(super) struct Gateway {
    pub(super) address: SocketAddr,
    process: Process,
}

impl Gateway {
    pub(super) fn start(scratch: &Scratch, server: &Server) -> Result<Self> {
        let address = free_address()?;
        let url = format!("http://{}{PATH}", server.address);
        let words = ["--server-url", &url, "--listen", &address.to_string()].map(str::to_owned);
        let mut command = ours(scratch, "http", &words)?;
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = process.spawn().with_context(|| format!("{command:?} cannot be run"))?;
        Ok(Self { address, process })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A client on one connection.
pub(super) struct Client {
    address: SocketAddr,
    connection: Connection,
    runtime: Runtime,
    next: usize,
}

impl Client {
    /// Waits until somebody listens, and agrees with them on a protocol.
    pub(super) fn open(address: SocketAddr) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let connection = runtime.block_on(connected(address))?;
        let mut client = Self { address, connection, runtime, next: 1 };
        client.ask(INITIALIZE)?;
        client.ask(INITIALIZED)?;
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
            let answer = times.time(|| self.ask(&message))?;
            check(&answer)?;
        }
        Ok(Latency::of(&times))
    }

    fn ask(&mut self, message: &str) -> Result<String> {
        let headers = [
            Header("Accept", "application/json, text/event-stream".to_owned()),
            Header("MCP-Protocol-Version", "2025-11-25".to_owned()),
        ];
        let request = Request::post(self.address, PATH, &headers, message);
        Ok(self.runtime.block_on(self.connection.ask(&request))?.to_owned())
    }
}

async fn connected(address: SocketAddr) -> Result<Connection> {
    let begin = Instant::now();
    loop {
        match Connection::open(address).await {
            Ok(connection) => return Ok(connection),
            Err(error) => ensure!(begin.elapsed() < PATIENCE, "nobody listens: {error}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
