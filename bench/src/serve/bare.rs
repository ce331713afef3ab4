//! The web framework with nothing to do: what HTTP alone costs.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::runtime::{Builder, Runtime};

/// The web framework alone, which reads the body and answers a text.
pub(super) struct Bare {
    pub(super) address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Bare {
    pub(super) fn start() -> Result<Self> {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        runtime.spawn(async move {
            let handler = axum::routing::post(async |_: axum::body::Bytes| FIXED);
            let router = axum::Router::new().route("/v1/actions", handler);
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, router).await
        });
        Ok(Self { address, runtime: Some(runtime) })
    }
}

/// About as long as a decision.
const FIXED: &str = concat!(
    r#"{"verdict":"allow","mode":"enforce","class":"issue_refund","risk":"reversible_write","#,
    r#""autonomy":"supervised","findings":[{"check":"autonomy","verdict":"allow","reason":"#,
    r#""supervised: at or below the auto cap"}],"digest":"sha256:0000000000000000000000000000"}"#
);

impl Drop for Bare {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
