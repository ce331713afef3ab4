//! What every request shares.

use std::collections::HashSet;
use std::sync::Arc;

use placet::{Guard, Pulse, TenantId};
use tokio::sync::{Semaphore, mpsc};

use crate::auth::Tenants;
use crate::config::ServerConfig;
use crate::console::{Throttle, Verifications};
use crate::edge::Source;
use crate::hub::Hub;
use crate::limits::{BACKUPS, LEFT_BEHIND};
use crate::rates::Rates;
use crate::seats::Seats;
use crate::stop::Stop;
use crate::telemetry::{Exported, Series, Telemetry};
use crate::webhooks::DeadLetters;
use crate::wire::Problem;

/// What every request shares.
pub(crate) struct App {
    /// What decides.
    pub(crate) guard: Guard,
    /// What tells whether the log is still written.
    pub(crate) pulse: Pulse,
    /// What the daemon was told.
    pub(crate) config: ServerConfig,
    /// Where requests may come from.
    pub(crate) source: Source,
    /// What is kept for each tenant.
    pub(crate) tenants: Tenants,
    /// Tells those who wait that something has happened.
    pub(crate) hub: Hub,
    /// Places for those who wait.
    pub(crate) seats: Arc<Seats>,
    /// What is counted.
    pub(crate) telemetry: Telemetry,
    /// The end, when it comes.
    pub(crate) stop: Stop,
    /// The decisions of the last week, for people to look at.
    pub(crate) series: Series,
    /// Places for requests whose clients have gone.
    pub(crate) left_behind: Arc<Semaphore>,
    /// How often someone may ask.
    pub(crate) rates: Rates,
    /// How often somebody may try to sign in.
    pub(crate) throttle: Throttle,
    /// Places for those who fetch a copy of the log.
    pub(crate) backups: Arc<Semaphore>,
    /// The verification of the log that somebody asked for.
    pub(crate) verifications: Verifications,
    /// The place for the policy that is being replayed.
    pub(crate) replays: Arc<Semaphore>,
    /// What could not be announced.
    pub(crate) dead_letters: Arc<DeadLetters>,
    /// Nothing is ever sent. Last, so that the guard is let go of before it.
    _working: mpsc::Sender<()>,
}

impl App {
    /// All of it, for so many connections. When the last who holds it lets go, `working` is dropped.
    pub(crate) fn new(
        config: ServerConfig,
        guard: Guard,
        source: Source,
        stop: Stop,
        connections: usize,
        exported: Exported,
        working: mpsc::Sender<()>,
    ) -> Arc<Self> {
        let limits = &config.limits;
        // Who waits keeps a connection. The rest is for those who do not, whoever waits.
        let waits = limits.waits.min(connections / 2);
        let waits_per_key = limits.waits_per_key.min(connections / 4);
        Arc::new(Self {
            source,
            tenants: Tenants::new(limits.in_flight_per_tenant),
            hub: Hub::new(),
            seats: Seats::new(waits, waits_per_key),
            telemetry: Telemetry::new(exported, config.tls.is_some()),
            stop,
            series: Series::default(),
            left_behind: Arc::new(Semaphore::new(LEFT_BEHIND)),
            rates: Rates::new(limits),
            throttle: Throttle::default(),
            backups: Arc::new(Semaphore::new(BACKUPS)),
            verifications: Verifications::default(),
            replays: Arc::new(Semaphore::new(1)),
            pulse: guard.log().pulse(),
            dead_letters: Arc::new(DeadLetters::open(config.dead_letters.as_deref())),
            guard,
            config,
            _working: working,
        })
    }

    /// Forgets the keys that are there no more, and tenants that have none. Every session is a key, so
    /// this is done whenever many more of them have asked than the last time.
    pub(crate) fn forget_ended(&self) {
        let tenants: HashSet<TenantId> = {
            let state = self.guard.log().state();
            self.telemetry.keep(|key| state.keys().get(key).is_some());
            state.keys().iter().filter_map(|(_, key)| key.tenant.clone()).collect()
        };
        self.tenants.forget(|tenant| tenants.contains(tenant));
        self.rates.forget_idle();
    }

    /// Runs something that blocks, such as reading the log, where it holds up nobody but requests of
    /// the same tenant.
    pub(crate) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Guard) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let app = Arc::clone(self);
        let turn = self.tenants.lookup().await;
        let carry_out = move || {
            let _turn = turn;
            work(&app.guard)
        };
        let done = tokio::task::spawn_blocking(carry_out).await;
        done.map_err(|why| Problem::unfinished(&why))
    }
}
