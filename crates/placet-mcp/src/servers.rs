//! The servers behind a gateway, and what is started for those who speak to them.

mod again;

use std::pin::Pin;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use placet::SessionId;
use tokio::task::JoinSet;

use crate::child::{Child, ChildError, Command};
use crate::http::{Remote, bridge};
use crate::judge::{Judge, session};
use crate::limits::GATHER;
use crate::many::many_within;
use crate::relay::{Duplex, End, OnChange, Relay};
use crate::tools::Book;

/// Where a server is.
pub enum Place {
    /// It is started here, and spoken to on pipes.
    Command(Command),
    /// It is reached over HTTP.
    Remote(Box<Remote>),
}

/// By what the calls of whoever speaks to a server are judged. All servers of one client are given the
/// same session.
pub type NewSession = Box<dyn Fn(Option<SessionId>) -> (Judge, Book, OnChange) + Send + Sync>;

/// A server behind a gateway.
pub struct Upstream {
    /// What stands before its tools and prompts, where there are several.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// By what its calls are judged.
    pub new: NewSession,
}

/// The servers behind a gateway. To a client several of them are one.
#[derive(Clone)]
pub struct Servers {
    upstreams: Arc<[Arc<Upstream>]>,
    /// How long one of several gets to say what it has.
    time: Duration,
}

/// Why nothing passes to a server any more, although its client is still there.
#[derive(Debug, thiserror::Error)]
pub enum Gone {
    /// It cannot be started.
    #[error(transparent)]
    Start(#[from] ChildError),
    /// Its process has ended.
    #[error("the server ended by itself: {}", how(.0))]
    Ended(Option<ExitStatus>),
}

fn how(status: &Option<ExitStatus>) -> String {
    status.map_or_else(|| "and had to be killed".to_owned(), |it| it.to_string())
}

/// What runs until its client goes away, or until its servers have ended: what became of each of them.
pub(crate) type Running = Pin<Box<dyn Future<Output = Vec<Result<(), Gone>>> + Send>>;

/// A server that was started, for whoever speaks to it.
struct Started {
    child: Option<Child>,
    end: Duplex,
}

impl Upstream {
    /// Starts it, or reaches for it.
    fn start(&self) -> Result<Started, ChildError> {
        match &self.place {
            Place::Remote(remote) => {
                Ok(Started { child: None, end: bridge(Remote::clone(remote)) })
            }
            Place::Command(command) => {
                let (child, end) = Child::start(command)?;
                Ok(Started { child: Some(child), end })
            }
        }
    }

    /// Passes messages between a client and this server, which was started.
    async fn pass(
        &self,
        started: Started,
        (judge, book, on_change): (Judge, Book, OnChange),
        client: Duplex,
    ) -> Result<(), Gone> {
        let end = Relay::run(judge, book, on_change, client, started.end).await;
        let Some(child) = started.child else { return Ok(()) };
        let status = child.end().await;
        match end {
            End::Client => Ok(()),
            End::Server => {
                let how = how(&status);
                tracing::warn!(server = self.name, how, "the server ended by itself");
                Err(Gone::Ended(status))
            }
        }
    }

    /// The same for one of several. The others go on without it.
    async fn pass_beside(&self, session: Option<SessionId>, client: Duplex) -> Result<(), Gone> {
        let passed = match self.start() {
            Ok(started) => self.pass(started, (self.new)(session), client).await,
            Err(error) => Err(error.into()),
        };
        if let Err(gone) = &passed {
            let why = placet::escape::line(&gone.to_string()).into_owned();
            tracing::warn!(server = self.name, why, "this server is left out");
        }
        passed
    }
}

impl Servers {
    /// These servers.
    #[must_use]
    pub fn new(upstreams: Vec<Upstream>) -> Self {
        Self { upstreams: upstreams.into_iter().map(Arc::new).collect(), time: GATHER }
    }

    /// The same, where one of several gets this long to introduce itself or to list what it has.
    #[must_use]
    pub fn within(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    /// Passes messages between one client and these servers, until it goes away or they have ended: what
    /// became of each of them.
    pub async fn pass(&self, client: Duplex) -> Vec<Result<(), Gone>> {
        match self.start(client) {
            Ok(running) => running.await,
            Err(error) => vec![Err(error.into())],
        }
    }

    /// How many processes are started for each client.
    pub(crate) fn processes(&self) -> usize {
        self.upstreams.iter().filter(|it| matches!(it.place, Place::Command(_))).count()
    }

    /// Starts servers for one client. Of several those are left out that cannot be started.
    pub(crate) fn start(&self, client: Duplex) -> Result<Running, ChildError> {
        let session = session();
        if let [only] = &*self.upstreams {
            let (only, started) = (Arc::clone(only), only.start()?);
            return Ok(Box::pin(async move {
                vec![only.pass(started, (only.new)(session), client).await]
            }));
        }
        Ok(self.several(client, move |upstream, end| {
            let session = session.clone();
            async move { upstream.pass_beside(session, end).await }
        }))
    }

    /// What stands behind all clients of the revision without sessions. Each server is started when it is
    /// needed, and again when it has ended.
    pub(crate) fn for_all(&self, client: Duplex) -> Running {
        let session = session();
        if let [only] = &*self.upstreams {
            let passed = again::again(Arc::clone(only), session, client);
            return Box::pin(async move {
                passed.await;
                Vec::new()
            });
        }
        self.several(client, move |upstream, end| {
            let passed = again::again(upstream, session.clone(), end);
            async move {
                passed.await;
                Ok(())
            }
        })
    }

    fn several<F>(
        &self,
        client: Duplex,
        pass: impl Fn(Arc<Upstream>, Duplex) -> F + Send + 'static,
    ) -> Running
    where
        F: Future<Output = Result<(), Gone>> + Send + 'static,
    {
        let upstreams = Arc::clone(&self.upstreams);
        let names = upstreams.iter().map(|it| it.name.clone()).collect();
        let (ends, running) = many_within(client, names, self.time);
        Box::pin(async move {
            let mut relays = JoinSet::new();
            for (upstream, end) in upstreams.iter().zip(ends) {
                relays.spawn(pass(Arc::clone(upstream), end));
            }
            running.await;
            relays.join_all().await
        })
    }
}
