//! The daemon as a whole: from its start to its stop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use placet::{Guard, Pulse};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::ahead;
use crate::api;
use crate::app::App;
use crate::config::{Listen, ServerConfig};
use crate::connection::{self, Listener, Secured, Shared, Slots, TlsError, Waste};
use crate::edge::{NameError, Source, check_host, check_origin};
use crate::limits::LAST_EXPORT_TIME;
use crate::reload::{self, ReloadHandle};
use crate::stop::Stop;
use crate::telemetry::{Export, ExportError, Exported, Exporters};
use crate::webhooks;

/// File descriptors that the daemon needs besides connections: the log and its readers.
const RESERVED_DESCRIPTORS: u64 = 128;

/// How long those who are told to end at once get to let go of the log.
const ENDING_TIME: Duration = Duration::from_secs(1);

/// How much of its time a stop keeps for closing the log, where not all is answered: at most this, and
/// at most a quarter.
const CLOSING_TIME: Duration = Duration::from_secs(4);

/// Why the daemon could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It cannot listen there.
    #[error("cannot listen at {listen}: {source}")]
    Listen {
        /// Where.
        listen: Listen,
        /// Why.
        source: io::Error,
    },
    /// It would be reached from other machines, in plain text.
    #[error(
        "{0} is reached from other machines, and keys would travel in plain text; name a \
         certificate with --tls-cert and --tls-key, or say --plaintext if something in front of \
         it encrypts"
    )]
    Plaintext(Listen),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Telemetry cannot be sent as it was asked for.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A name or an origin would match nothing, or everything.
    #[error(transparent)]
    Name(#[from] NameError),
    /// There is nowhere to listen.
    #[error("there is nowhere to listen at; name an address")]
    Nowhere,
}

/// A daemon that listens, and does not answer yet.
pub struct Server {
    config: ServerConfig,
    guard: Guard,
    listeners: Vec<Listener>,
    addresses: Vec<Listen>,
    tls: Option<Arc<Secured>>,
    reload: ReloadHandle,
    exported: Exported,
    exporters: Exporters,
}

impl Server {
    /// Begins to listen.
    ///
    /// # Errors
    /// When it cannot, or must not.
    pub async fn bind(config: ServerConfig, guard: Guard) -> Result<Self, StartError> {
        config.hosts.iter().try_for_each(|host| check_host(host))?;
        config.origins.iter().try_for_each(|origin| check_origin(origin))?;
        let tls = config.tls.as_ref().map(Secured::new).transpose()?.map(Arc::new);
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        for listen in &config.listen {
            let is_open = matches!(listen, Listen::Tcp(address) if !address.ip().is_loopback());
            if is_open && tls.is_none() && !config.plaintext {
                return Err(StartError::Plaintext(listen.clone()));
            }
            let failed = |source| StartError::Listen { listen: listen.clone(), source };
            let listener = connection::bind(listen).await.map_err(failed)?;
            addresses.push(listener.address().map_err(failed)?);
            listeners.push(listener);
        }
        if listeners.is_empty() {
            return Err(StartError::Nowhere);
        }
        let export = config.export.as_ref();
        let (exported, exporters) = export.map(Export::start).transpose()?.unwrap_or_default();
        let reload = ReloadHandle::default();
        Ok(Self { config, guard, listeners, addresses, tls, reload, exported, exporters })
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> &[Listen] {
        &self.addresses
    }

    /// What its addresses begin with: `https` where it has a certificate.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// The address of the console, as a browser on this machine opens it; none where only a socket
    /// is listened at.
    #[must_use]
    pub fn console(&self) -> Option<String> {
        let address = self.addresses.iter().find_map(|listen| match listen {
            Listen::Tcp(address) if address.ip().is_unspecified() => {
                Some(format!("localhost:{}", address.port()))
            }
            Listen::Tcp(address) => Some(address.to_string()),
            Listen::Unix(_) => None,
        })?;
        Some(format!("{}://{address}/console", self.scheme()))
    }

    /// What asks it to read its policy file again.
    #[must_use]
    pub fn reload_handle(&self) -> ReloadHandle {
        self.reload.clone()
    }

    /// Answers requests until it is asked to stop, then answers those that it has accepted, and
    /// closes the log. Whether all of that was done within its time.
    pub async fn run(self, stop: Stop) -> bool {
        let source = Source::new(&self.config, &self.addresses);
        let places = connections(self.config.limits.connections);
        let limit = self.config.limits.stop_time;
        let (inner, handle) = Stop::new();
        // Whatever works holds the app, and the app holds this: when it is gone all is answered.
        let (working, mut done) = mpsc::channel(1);
        let guard = self.guard.clone();
        let app = App::new(self.config, guard, source, inner, places, self.exported, working);
        app.telemetry.exported.watch(&Arc::downgrade(&app));
        if let Some(tls) = &self.tls {
            app.telemetry.certified_until(tls.not_after());
        }
        let follower = tokio::spawn({
            let (app, guard) = (Arc::clone(&app), self.guard.clone());
            async move { app.hub.follow(guard).await }
        });
        let reloader =
            tokio::spawn(reload::follow(Arc::clone(&app), self.reload, self.tls.clone()));
        let nothing_comes = Arc::new(Notify::new());
        let mut announcer =
            tokio::spawn(webhooks::follow(Arc::clone(&app), Arc::clone(&nothing_comes)));
        let watcher = tokio::spawn(watch(app.pulse.clone()));
        let timekeeper = tokio::spawn(ahead::follow(Arc::clone(&app)));
        let router = api::router(&app);
        let (slots, waste) = (Slots::new(places, app.config.limits.bodies_bytes), Waste::new());
        let shared = Shared { app, router, slots, waste, tls: self.tls };
        let mut accepting = JoinSet::new();
        for listener in self.listeners {
            accepting.spawn(connection::accept(listener, shared.clone()));
        }
        drop(shared);
        stop.asked().await;
        let deadline = Instant::now() + limit;
        let kept = CLOSING_TIME.min(limit / 4);
        handle.ask();
        let mut helpers = [follower, reloader, watcher, timekeeper];
        let all_is_answered = async {
            while accepting.join_next().await.is_some() {}
            nothing_comes.notify_one();
            drop((&mut announcer).await);
            for helper in &mut helpers {
                helper.abort();
                drop(helper.await);
            }
            done.recv().await;
        };
        let answered = tokio::select! {
            () = all_is_answered => true,
            () = sleep_until(deadline - kept) => false,
            () = stop.insisted() => false,
        };
        if !answered {
            accepting.abort_all();
            helpers.iter().chain([&announcer]).for_each(JoinHandle::abort);
            handle.ask();
            drop(timeout(ENDING_TIME.min(kept / 2), done.recv()).await);
        }
        let left = deadline.saturating_duration_since(Instant::now()).min(LAST_EXPORT_TIME);
        let exported = async {
            tokio::select! {
                () = self.exporters.stop(left) => {}
                () = stop.insisted() => {}
            }
        };
        let (closed, ()) = tokio::join!(close(self.guard, deadline, &stop), exported);
        answered && closed
    }
}

/// Says so when the log cannot be written, when it can be again, and when it is written no more. What a
/// panic said was written where it happened.
async fn watch(pulse: Pulse) {
    loop {
        tokio::select! {
            () = pulse.stopped() => break,
            () = pulse.failing() => tracing::error!(
                "the log cannot be written, and so nothing is allowed; the answers of the requests that \
                 failed name the cause. It is tried again every few seconds"
            ),
        }
        tokio::select! {
            () = pulse.stopped() => break,
            () = pulse.written() => tracing::info!("the log is written again"),
        }
    }
    tracing::error!(
        "the log is written no more, because whoever wrote it has panicked; nothing is decided until \
         the daemon is started again"
    );
}

/// Closes the log, and says whether that was done in time. It has a thread of its own, because nobody
/// can end one that waits for a disk: it is left behind, and what was answered is recorded all the same.
async fn close(guard: Guard, deadline: Instant, stop: &Stop) -> bool {
    let (tell, closed) = oneshot::channel();
    let close = move || tell.send(guard.close()).is_ok();
    // Where there is no thread for it, the guard is dropped, which closes the log as well.
    drop(std::thread::Builder::new().name("placet-closing".to_owned()).spawn(close));
    let insisted = async {
        stop.insisted().await;
        sleep(ENDING_TIME).await;
    };
    tokio::select! {
        closed = closed => closed.unwrap_or(false),
        () = sleep_until(deadline) => false,
        () = insisted => false,
    }
}

/// How many connections there can be: each needs a file descriptor, of which the system gives so
/// many.
fn connections(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(RESERVED_DESCRIPTORS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let mut granted = current.unwrap_or(u64::MAX);
    if granted < needed {
        let raised = maximum.map_or(needed, |maximum| needed.min(maximum));
        let limit = Rlimit { current: Some(raised), maximum };
        if setrlimit(Resource::Nofile, limit).is_ok() {
            granted = raised;
        }
    }
    let places = granted.saturating_sub(RESERVED_DESCRIPTORS).max(1);
    usize::try_from(places).unwrap_or(usize::MAX).min(wanted)
}
