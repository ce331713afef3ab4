//! Which revision the servers speak.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use tokio::time::timeout;

use super::{Said, Stateless, UNFIT, code};
use crate::ask::fresh_id;
use crate::limits::START;
use crate::message::Message;
use crate::reply;
use crate::servers::Servers;

/// The revision without sessions.
const MODERN: &str = "2026-07-28";

/// Whether the servers know the revision without sessions.
#[derive(Default)]
pub(crate) enum Era {
    /// Nobody knows yet.
    #[default]
    Unknown,
    /// They do.
    Modern(Arc<Stateless>),
    /// They do not.
    Before,
}

impl Era {
    /// What stands behind the clients of that revision; none where the servers do not know it. Servers
    /// that do not say are asked again when somebody else wants to know.
    pub(crate) async fn find(&mut self, servers: &Servers) -> Option<Arc<Stateless>> {
        match self {
            Self::Modern(stateless) if !stateless.is_over() => return Some(Arc::clone(stateless)),
            Self::Before => return None,
            Self::Modern(_) | Self::Unknown => {}
        }
        let stateless = Stateless::begin(servers);
        let said = timeout(START, stateless.discover()).await.ok().flatten();
        *self = said.map_or(Self::Unknown, |said| Self::of(&said, &stateless));
        match self {
            Self::Modern(stateless) => Some(Arc::clone(stateless)),
            Self::Unknown | Self::Before => None,
        }
    }

    /// As servers say when they are asked what they can do.
    fn of(said: &Bytes, stateless: &Arc<Stateless>) -> Self {
        match code(said) {
            None if says_versions(said) => Self::Modern(Arc::clone(stateless)),
            Some(code) if UNFIT.contains(&code) => Self::Modern(Arc::clone(stateless)),
            // It was not started, or has ended: that says nothing.
            Some(code) if code == i64::from(reply::INTERNAL_ERROR) => Self::Unknown,
            _ => Self::Before,
        }
    }
}

impl Stateless {
    /// Whether nothing can be asked any more.
    fn is_over(&self) -> bool {
        self.to.is_closed()
    }

    /// Asks the servers what they can do.
    async fn discover(self: &Arc<Self>) -> Option<Bytes> {
        let params = json!({ "_meta": {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo":
                { "name": "placet", "version": env!("CARGO_PKG_VERSION") },
            "io.modelcontextprotocol/clientCapabilities": {},
        } });
        let (id, method) = (fresh_id(), "server/discover");
        let message = Message::read(reply::request(&id, method, &params)).ok()?;
        let mut asking = self.ask(id, method, &message).await?;
        loop {
            match asking.next().await {
                Said::Answer(answer) => return Some(answer),
                Said::Told(_) => {}
                Said::Over => return None,
            }
        }
    }
}

/// Whether an answer says which revisions are spoken, as it does since there are some without sessions.
fn says_versions(said: &Bytes) -> bool {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Discovered {
        supported_versions: Vec<String>,
    }
    let message = Message::read(said.clone()).ok();
    let read = message.as_ref().and_then(Message::result);
    let read = read.and_then(|it| serde_json::from_str::<Discovered>(it).ok());
    read.is_some_and(|it| !it.supported_versions.is_empty())
}
