//! The counters that Prometheus reads.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::Method;
use placet::store::{Environment as _, System};
use placet::{KeyId, Timestamp, Verdict};
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::export::Exported;
use super::method_label;
use crate::limits::KEYS_BEFORE_FORGETTING;
use crate::reload::Reloaded;

/// From a tenth of a millisecond to some seconds.
pub(super) const BUCKETS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Everything that is counted for the daemon as a whole.
#[derive(Debug)]
pub(crate) struct Telemetry {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    times: Family<EndpointLabels, Histogram, fn() -> Histogram>,
    decisions: Family<DecisionLabels, Counter>,
    reloads: Family<ReloadLabels, Counter>,
    /// Open connections.
    pub(crate) connections: Gauge,
    /// Connections that were closed to make room for others.
    pub(crate) evicted: Counter,
    log_entries: Gauge,
    open_approvals: Gauge,
    waits: Gauge,
    /// Until when the certificate is good; nothing without one.
    certificate: Option<Gauge>,
    ahead: Gauge,
    /// Since when.
    pub(crate) since: Timestamp,
    used: Mutex<Used>,
    /// The same for a collector, where there is one.
    pub(crate) exported: Exported,
}

/// When each key was used last.
#[derive(Debug)]
struct Used {
    at: HashMap<KeyId, Timestamp>,
    /// How many there may be before those that ended are looked for.
    most: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    endpoint: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabels {
    endpoint: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    verdict: &'static str,
    would_have: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    result: &'static str,
}

impl Telemetry {
    pub(crate) fn new(exported: Exported, has_certificate: bool) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let mut all = Self {
            registry: Registry::with_prefix("placet"),
            requests: Family::default(),
            times: Family::new_with_constructor(histogram),
            decisions: Family::default(),
            reloads: Family::default(),
            connections: Gauge::default(),
            evicted: Counter::default(),
            log_entries: Gauge::default(),
            open_approvals: Gauge::default(),
            waits: Gauge::default(),
            certificate: has_certificate.then(Gauge::default),
            ahead: Gauge::default(),
            since: now(),
            used: Mutex::new(Used { at: HashMap::new(), most: KEYS_BEFORE_FORGETTING }),
            exported,
        };
        all.register();
        all
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("decisions", "Actions decided on", self.decisions.clone());
        let help = "Times that the policy file was read again";
        registry.register("policy_reloads", help, self.reloads.clone());
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "From the first byte of a request to its answer",
            Unit::Seconds,
            self.times.clone(),
        );
        registry.register("http_connections", "Open connections", self.connections.clone());
        let help = "Connections closed to make room for others";
        registry.register("http_connections_evicted", help, self.evicted.clone());
        registry.register("log_entries", "Entries in the log", self.log_entries.clone());
        registry.register(
            "open_approvals",
            "Actions that wait for people",
            self.open_approvals.clone(),
        );
        registry.register("waits", "Requests and streams that wait", self.waits.clone());
        if let Some(certificate) = &self.certificate {
            let (name, help) =
                ("tls_certificate_not_after", "When the certificate expires, since 1970");
            registry.register_with_unit(name, help, Unit::Seconds, certificate.clone());
        }
        let help = "How far the time of the log is ahead of the clock";
        registry.register_with_unit("log_ahead_of_clock", help, Unit::Seconds, self.ahead.clone());
    }

    /// Counts a request that was answered.
    pub(crate) fn answered(&self, method: &Method, endpoint: &str, status: u16, took: Duration) {
        let labels =
            RequestLabels { method: method_label(method), endpoint: endpoint.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        let endpoint = EndpointLabels { endpoint: labels.endpoint };
        self.times.get_or_create(&endpoint).observe(took.as_secs_f64());
        self.exported.counted(method, &endpoint.endpoint, status, took);
    }

    /// Counts a decision.
    pub(crate) fn decided(&self, verdict: Verdict, would_have: Option<Verdict>) {
        let would_have = would_have.unwrap_or(verdict);
        let labels = DecisionLabels { verdict: verdict.as_str(), would_have: would_have.as_str() };
        self.decisions.get_or_create(&labels).inc();
        self.exported.decided(verdict, would_have);
    }

    /// Counts a policy file that was read again.
    pub(crate) fn reloaded(&self, reloaded: Reloaded) {
        self.reloads.get_or_create(&ReloadLabels { result: reloaded.as_str() }).inc();
        self.exported.reloaded(reloaded);
    }

    /// Notes until when the certificate is good that is shown from now on, in seconds since 1970.
    pub(crate) fn certified_until(&self, not_after: u64) {
        if let Some(certificate) = &self.certificate {
            certificate.set(level(not_after));
        }
    }

    /// Until when the certificate is good, where there is one.
    pub(crate) fn certified(&self) -> Option<i64> {
        self.certificate.as_ref().map(Gauge::get)
    }

    /// Notes that a key was used now. Whether so many are known that those that ended should be
    /// forgotten.
    pub(crate) fn seen(&self, key: KeyId) -> bool {
        let mut used = self.used();
        used.at.insert(key, now());
        used.at.len() >= used.most
    }

    /// When a key was used last, as far as this daemon has seen it.
    pub(crate) fn last_use(&self, key: KeyId) -> Option<Timestamp> {
        self.used().at.get(&key).copied()
    }

    /// Forgets the use of keys that are there no more.
    pub(crate) fn keep(&self, is_there: impl Fn(KeyId) -> bool) {
        let mut used = self.used();
        used.at.retain(|key, _| is_there(*key));
        used.most = used.at.len().saturating_mul(2).max(KEYS_BEFORE_FORGETTING);
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything in the format that Prometheus reads.
    ///
    /// # Errors
    /// When it cannot be written in that format. No figures at all would look like a daemon that
    /// does nothing.
    pub(crate) fn text(&self, now: &Levels) -> Result<String, std::fmt::Error> {
        self.log_entries.set(level(now.log_entries));
        self.open_approvals.set(level(u64::try_from(now.open_approvals).unwrap_or(u64::MAX)));
        self.waits.set(level(u64::try_from(now.waits).unwrap_or(u64::MAX)));
        self.ahead.set(level(now.ahead.as_secs()));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// What is not counted but looked up.
pub(crate) struct Levels {
    pub(crate) log_entries: u64,
    pub(crate) open_approvals: usize,
    pub(crate) waits: usize,
    pub(crate) ahead: Duration,
}

fn level(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn now() -> Timestamp {
    System.now()
}

#[cfg(test)]
mod tests {
    use placet::KeyId;
    use uuid::Uuid;

    use super::Telemetry;
    use crate::limits::KEYS_BEFORE_FORGETTING;
    use crate::telemetry::Exported;

    #[test]
    fn keys_that_ended_are_forgotten_before_they_are_many() {
        let telemetry = Telemetry::new(Exported::default(), false);
        let most = u128::try_from(KEYS_BEFORE_FORGETTING).unwrap_or_default();
        let [mut sweeps, mut known] = [0, 0];
        // Sessions come and go: only the last few are there still.
        for number in 1..=10 * most {
            if telemetry.seen(KeyId::new(Uuid::from_u128(number))) {
                let is_there =
                    |key| (number - 9..=number).any(|it| key == KeyId::new(Uuid::from_u128(it)));
                telemetry.keep(is_there);
                sweeps += 1;
            }
            known = telemetry.used().at.len().max(known);
        }
        assert!(known < KEYS_BEFORE_FORGETTING, "{known}");
        assert!((9..=11).contains(&sweeps), "{sweeps}");
    }
}
