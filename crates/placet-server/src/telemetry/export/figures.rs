//! The figures of `/metrics` once more, for those who are sent them.
//!
//! They have the same names, which a collector that speaks to Prometheus turns into the very ones
//! of `/metrics`: a board that was drawn for one shows the other.

use std::sync::Weak;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

use super::super::registry::BUCKETS;
use crate::app::App;

/// What is counted as it happens.
#[derive(Debug)]
pub(super) struct Figures {
    meter: Meter,
    requests: Counter<u64>,
    times: Histogram<f64>,
    decisions: Counter<u64>,
    reloads: Counter<u64>,
}

impl Figures {
    pub(super) fn new(meter: Meter) -> Self {
        let counter = |name: &'static str, help: &'static str| {
            meter.u64_counter(name).with_description(help).build()
        };
        Self {
            requests: counter("placet.http_requests", "Requests answered"),
            times: meter
                .f64_histogram("placet.http_request_duration")
                .with_description("From the first byte of a request to its answer")
                .with_unit("s")
                .with_boundaries(BUCKETS.to_vec())
                .build(),
            decisions: counter("placet.decisions", "Actions decided on"),
            reloads: counter("placet.policy_reloads", "Times that the policy file was read again"),
            meter,
        }
    }

    pub(super) fn answered(
        &self,
        method: &'static str,
        endpoint: &str,
        status: u16,
        took: Duration,
    ) {
        let endpoint = KeyValue::new("endpoint", endpoint.to_owned());
        self.times.record(took.as_secs_f64(), std::slice::from_ref(&endpoint));
        let method = KeyValue::new("method", method);
        let status = KeyValue::new("status", i64::from(status));
        self.requests.add(1, &[method, endpoint, status]);
    }

    pub(super) fn decided(&self, verdict: &'static str, would_have: &'static str) {
        let labels = [KeyValue::new("verdict", verdict), KeyValue::new("would_have", would_have)];
        self.decisions.add(1, &labels);
    }

    pub(super) fn reloaded(&self, result: &'static str) {
        self.reloads.add(1, &[KeyValue::new("result", result)]);
    }

    /// What is not counted as it happens but looked up whenever it is sent, for as long as the
    /// daemon works.
    pub(super) fn watch(&self, app: &Weak<App>) {
        self.level(app, "placet.http_connections", "Open connections", |app| {
            Some(app.telemetry.connections.get())
        });
        self.level(app, "placet.log_entries", "Entries in the log", |app| {
            Some(i64::try_from(app.guard.log().size()).unwrap_or(i64::MAX))
        });
        self.level(app, "placet.open_approvals", "Actions that wait for people", |app| {
            Some(count(app.guard.log().state().approvals().len()))
        });
        self.level(app, "placet.waits", "Requests and streams that wait", |app| {
            Some(count(app.seats.taken()))
        });
        let help = "When the certificate expires, in seconds since 1970";
        self.level(app, "placet.tls_certificate_not_after", help, |app| app.telemetry.certified());
        self.watch_clock(app);
        let app = Weak::clone(app);
        let _registered = self
            .meter
            .u64_observable_counter("placet.http_connections_evicted")
            .with_description("Connections closed to make room for others")
            .with_callback(move |seen| {
                if let Some(app) = app.upgrade() {
                    seen.observe(app.telemetry.evicted.get(), &[]);
                }
            })
            .build();
    }

    fn watch_clock(&self, app: &Weak<App>) {
        let app = Weak::clone(app);
        let _registered = self
            .meter
            .u64_observable_gauge("placet.log_ahead_of_clock")
            .with_description("How far the time of the log is ahead of the clock")
            .with_unit("s")
            .with_callback(move |seen| {
                if let Some(app) = app.upgrade() {
                    seen.observe(app.guard.log().ahead().as_secs(), &[]);
                }
            })
            .build();
    }

    fn level(
        &self,
        app: &Weak<App>,
        name: &'static str,
        help: &'static str,
        look_up: fn(&App) -> Option<i64>,
    ) {
        let app = Weak::clone(app);
        let _registered = self
            .meter
            .i64_observable_gauge(name)
            .with_description(help)
            .with_callback(move |seen| {
                if let Some(figure) = app.upgrade().and_then(|app| look_up(&app)) {
                    seen.observe(figure, &[]);
                }
            })
            .build();
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
