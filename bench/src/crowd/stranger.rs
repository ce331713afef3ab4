//! Those who mean no good.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use super::daemon::Daemon;
use crate::priority::give_way;

/// How far apart a slow client sends its bytes.
const DRIP: Duration = Duration::from_millis(50);

/// How long the others wait before they come again.
const PAUSE: Duration = Duration::from_millis(10);

/// Idle connections, more than the daemon keeps.
const IDLE: usize = 10_000;

/// Connections of every other kind.
const OTHERS: usize = 64;

/// A body that is larger than any that is taken.
const TOO_LARGE: usize = 2_000_000;

/// What somebody does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Idle,
    SlowHead,
    SlowBody,
    Large,
    Deep,
    NoText,
    All,
}

impl Kind {
    pub(super) const ALL: [Self; 7] = [
        Self::Idle,
        Self::SlowHead,
        Self::SlowBody,
        Self::Large,
        Self::Deep,
        Self::NoText,
        Self::All,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle connections",
            Self::SlowHead => "slow heads",
            Self::SlowBody => "slow bodies",
            Self::Large => "bodies that are too large",
            Self::Deep => "bodies that are too deep",
            Self::NoText => "bodies that are no UTF-8",
            Self::All => "of all of them together",
        }
    }

    /// How many there are of them.
    pub(super) fn size(self, is_full: bool) -> usize {
        let idle = if is_full { IDLE } else { IDLE / 100 };
        match self {
            Self::Idle => idle,
            Self::All => idle + OTHERS * 5,
            _ => OTHERS,
        }
    }

    /// What they send, for those who send whole requests.
    fn body(self) -> Vec<u8> {
        match self {
            Self::Large => vec![b' '; TOO_LARGE],
            Self::Deep => vec![b'['; 100_000],
            Self::NoText => b"{\"tool\": \"\xff\"}".to_vec(),
            _ => Vec::new(),
        }
    }
}

/// All who came. They leave when this is dropped.
pub(super) struct Crowd {
    runtime: Option<Runtime>,
}

impl Crowd {
    /// Everybody is connected when this returns.
    pub(super) fn gather(kind: Kind, size: usize, daemon: &Daemon) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_thread_start(give_way)
            .enable_all()
            .build()?;
        let kinds = match kind {
            Kind::All => Kind::ALL.into_iter().filter(|kind| *kind != Kind::All).collect(),
            one => vec![one],
        };
        for kind in kinds {
            let count = if kind == Kind::Idle { size.min(IDLE) } else { OTHERS };
            for _ in 0..count {
                let stream = runtime.block_on(TcpStream::connect(daemon.address))?;
                runtime.spawn(annoy(kind, stream, daemon.address, head(kind, daemon)));
            }
        }
        Ok(Self { runtime: Some(runtime) })
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn head(kind: Kind, daemon: &Daemon) -> String {
    let length = kind.body().len().max(1_000);
    format!(
        "POST /v1/actions HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n",
        daemon.address, daemon.other
    )
}

/// Does it again and again, and comes back when it is cut off.
async fn annoy(kind: Kind, mut stream: TcpStream, address: SocketAddr, head: String) {
    loop {
        // Being refused is what happens to them.
        let _refused = annoy_once(kind, &mut stream, &head).await;
        tokio::time::sleep(PAUSE).await;
        if let Ok(another) = TcpStream::connect(address).await {
            stream = another;
        }
    }
}

async fn annoy_once(kind: Kind, stream: &mut TcpStream, head: &str) -> std::io::Result<()> {
    match kind {
        Kind::Idle => {
            stream.read_u8().await?;
        }
        Kind::SlowHead => drip(stream, head.as_bytes()).await?,
        Kind::SlowBody => {
            stream.write_all(head.as_bytes()).await?;
            drip(stream, &[b' '; 1_000]).await?;
        }
        Kind::Large | Kind::Deep | Kind::NoText | Kind::All => {
            stream.write_all(head.as_bytes()).await?;
            let mut body = kind.body();
            body.resize(body.len().max(1_000), b' ');
            stream.write_all(&body).await?;
            stream.read_u8().await?;
        }
    }
    Ok(())
}

async fn drip(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        stream.write_u8(*byte).await?;
        tokio::time::sleep(DRIP).await;
    }
    Ok(())
}
