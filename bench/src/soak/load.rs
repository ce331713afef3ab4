//! Those who ask.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::child::DaemonProcess;
use crate::sample::class;
use crate::serve::{CLASSES, Connection, Header, Request};

/// Clients that share so many requests.
pub(super) struct Load {
    runtime: Runtime,
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<Result<()>>>,
}

struct Shared {
    address: SocketAddr,
    key: Header,
    /// How many there are to send.
    all: u64,
    /// The number of the one that is sent next.
    next: AtomicU64,
    /// How many are answered.
    answered: AtomicU64,
}

impl Load {
    pub(super) fn start(daemon: &DaemonProcess, connections: usize, all: u64) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let shared = Arc::new(Shared {
            address: daemon.address,
            key: Header::bearer(&daemon.key),
            all,
            next: AtomicU64::new(0),
            answered: AtomicU64::new(0),
        });
        let client = |_| runtime.spawn(Arc::clone(&shared).send_all());
        let clients = (0..connections).map(client).collect();
        Ok(Self { runtime, shared, clients })
    }

    /// How many are answered.
    pub(super) fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// Whether nobody sends any more, because all are answered or something went wrong.
    pub(super) fn is_over(&self) -> bool {
        self.clients.iter().all(JoinHandle::is_finished)
    }

    /// Ends when all are answered.
    pub(super) fn join(self) -> Result<()> {
        self.clients.into_iter().try_for_each(|client| self.runtime.block_on(client)?)
    }
}

impl Shared {
    async fn send_all(self: Arc<Self>) -> Result<()> {
        let mut connection = Connection::open(self.address).await?;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.all {
                return Ok(());
            }
            let request = Request::post(
                self.address,
                "/v1/actions",
                std::slice::from_ref(&self.key),
                &action(number),
            );
            connection.ask(&request).await?;
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// An action like no other.
fn action(number: u64) -> String {
    let classes = u64::try_from(CLASSES).unwrap_or(u64::MAX);
    let class = class(usize::try_from(number % classes).unwrap_or_default());
    let (agent, session, user) = (number % 1_000, number / 50, number / 7);
    // Far above the hard cap.
    let amount = if number.is_multiple_of(16) { 5_000 } else { 42 };
    format!(
        r#"{{"tool": "{class}", "agent": "bot-{agent}", "session": "s-{session}", "user": "u-{user}",
            "params": {{"order": "o-{number}", "amount": {amount}, "currency": "EUR"}},
            "reason": "The parcel arrived damaged, and the customer sent a photograph of it."}}"#
    )
}
