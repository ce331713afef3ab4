//! The daemon, as the measurements want it: with a policy of refunds, and without a rate for its key.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use placet::{Config, Guard, KeyScope, LogPlace, NewKey, PolicySource, TenantId};
use placet_server::{Limits, Listen, Server, ServerConfig, Stop, StopHandle};
use tokio::runtime::{Builder, Runtime};

use crate::sample;

/// Classes in the policy.
pub(crate) const CLASSES: usize = 10;

/// The daemon with a log on the disk, on threads of this process.
pub(crate) struct Daemon {
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    stop: StopHandle,
    runtime: Option<Runtime>,
}

impl Daemon {
    pub(crate) fn start(log: PathBuf) -> Result<Self> {
        let policy = PolicySource::Files(sample::policy(CLASSES));
        let guard = Guard::open(Config { policy, log: LogPlace::File(log) })?;
        for number in 0..CLASSES {
            guard.blocking().report(sample::evidence(number)?)?;
        }
        let (secret, _) = guard.blocking().create_key(agents_key()?)?;
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let server = runtime.block_on(Server::bind(config(), guard))?;
        let Some(Listen::Tcp(address)) = server.addresses().first().cloned() else {
            anyhow::bail!("no address")
        };
        let (stop, handle) = Stop::new();
        runtime.spawn(server.run(stop));
        let key = secret.danger_text().to_string();
        Ok(Self { address, key, stop: handle, runtime: Some(runtime) })
    }
}

fn agents_key() -> Result<NewKey> {
    Ok(NewKey {
        name: "bench".parse()?,
        tenant: Some(TenantId::default()),
        agent: None,
        person: None,
        scopes: [KeyScope::Agent].into(),
    })
}

fn config() -> ServerConfig {
    ServerConfig {
        listen: vec![Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)))],
        limits: Limits {
            requests_per_second: NonZeroU32::MAX,
            burst: NonZeroU32::MAX,
            ..Limits::default()
        },
        ..ServerConfig::default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop.ask();
        self.stop.ask();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}
