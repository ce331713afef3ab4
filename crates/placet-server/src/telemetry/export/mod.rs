//! Telemetry for a collector: a span for each request and the figures of `/metrics`, by OTLP.
//!
//! A decision never waits for it. A request leaves its span in a queue of a fixed length and goes
//! on; threads of their own send what is there. When nobody takes it the queue runs full, what comes
//! then is lost, and the line in the log and the entry in the record are there all the same.

mod client;
mod figures;
mod settings;
mod spans;
mod variables;

use std::sync::Weak;
use std::time::Duration;

use axum::http::{HeaderMap, Method};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{TraceId, TracerProvider as _};
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use placet::Verdict;

use self::client::Client;
use self::figures::Figures;
use self::settings::{Metrics, Traces};
use self::spans::Spans;
use super::exchange::Answered;
use super::method_label;
use crate::app::App;
use crate::reload::Reloaded;
pub use settings::Export;
pub(crate) use spans::Parent;
pub use variables::ExportError;

/// The name of what makes spans and figures.
const SCOPE: &str = "placet";

/// What is noted for a collector; nothing when there is none.
#[derive(Debug, Default)]
pub(crate) struct Exported {
    spans: Option<Spans>,
    figures: Option<Figures>,
}

/// The threads that send to collectors.
#[derive(Debug, Default)]
pub(crate) struct Exporters {
    tracer: Option<SdkTracerProvider>,
    meter: Option<SdkMeterProvider>,
}

impl Export {
    /// Begins to send.
    pub(crate) fn start(&self) -> Result<(Exported, Exporters), ExportError> {
        let resource = self.resource();
        let tracer = self.traces.as_ref().map(|traces| tracer(traces, &resource)).transpose()?;
        let meter = self.metrics.as_ref().map(|metrics| meter(metrics, &resource)).transpose()?;
        let takes_parents = self.traces.as_ref().is_some_and(|traces| traces.takes_parents);
        let spans = tracer.as_ref().map(|of| Spans::new(of.tracer(SCOPE), takes_parents));
        let figures = meter.as_ref().map(|of| Figures::new(of.meter(SCOPE)));
        Ok((Exported { spans, figures }, Exporters { tracer, meter }))
    }

    fn resource(&self) -> Resource {
        let said = self.resource.iter();
        let said = said.map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
        Resource::builder_empty()
            .with_detector(Box::new(TelemetryResourceDetector))
            .with_attributes(said)
            .build()
    }
}

fn tracer(traces: &Traces, resource: &Resource) -> Result<SdkTracerProvider, ExportError> {
    let target = &traces.target;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new("traces", target)?)
        .with_endpoint(&target.endpoint)
        .with_timeout(target.time)
        .with_headers(target.headers.clone())
        .build()
        .map_err(set_up)?;
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(traces.queued)
        .with_max_export_batch_size(traces.together)
        .with_scheduled_delay(traces.delay)
        .build();
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
    say("traces", &target.endpoint);
    Ok(SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_sampler(traces.sampler.clone())
        .with_span_processor(processor)
        .build())
}

fn meter(metrics: &Metrics, resource: &Resource) -> Result<SdkMeterProvider, ExportError> {
    let target = &metrics.target;
    let exporter = MetricExporter::builder()
        .with_http()
        .with_http_client(Client::new("metrics", target)?)
        .with_endpoint(&target.endpoint)
        .with_timeout(target.time)
        .with_headers(target.headers.clone())
        .with_temporality(metrics.temporality)
        .build()
        .map_err(set_up)?;
    let reader = PeriodicReader::builder(exporter).with_interval(metrics.interval).build();
    say("metrics", &target.endpoint);
    Ok(SdkMeterProvider::builder().with_resource(resource.clone()).with_reader(reader).build())
}

#[expect(clippy::needless_pass_by_value, reason = "whoever fails is done with the cause")]
fn set_up(error: ExporterBuildError) -> ExportError {
    ExportError::SetUp(error.to_string())
}

fn say(what: &str, endpoint: &str) {
    tracing::info!(target: "placet::telemetry", endpoint, "{what} are sent");
}

impl Exported {
    /// What a request says about the trace that it is a part of.
    pub(crate) fn parent(&self, headers: &HeaderMap) -> Parent {
        self.spans.as_ref().map(|spans| spans.parent(headers)).unwrap_or_default()
    }

    /// Notes a request that was answered; its trace, if it is kept.
    pub(super) fn answered(&self, answered: &Answered<'_>) -> Option<TraceId> {
        self.spans.as_ref()?.answered(answered)
    }

    pub(super) fn counted(&self, method: &Method, endpoint: &str, status: u16, took: Duration) {
        if let Some(figures) = &self.figures {
            figures.answered(method_label(method), endpoint, status, took);
        }
    }

    pub(super) fn decided(&self, verdict: Verdict, would_have: Verdict) {
        if let Some(figures) = &self.figures {
            figures.decided(verdict.as_str(), would_have.as_str());
        }
    }

    pub(super) fn reloaded(&self, reloaded: Reloaded) {
        if let Some(figures) = &self.figures {
            figures.reloaded(reloaded.as_str());
        }
    }

    /// Sends, besides what is counted, how things stand with the daemon.
    pub(crate) fn watch(&self, app: &Weak<App>) {
        if let Some(figures) = &self.figures {
            figures.watch(app);
        }
    }
}

impl Exporters {
    /// Sends what is left, and ends. It takes as long as this at most; what nobody has taken by
    /// then is lost.
    pub(crate) async fn stop(self, limit: Duration) {
        let (done, sent) = tokio::sync::oneshot::channel();
        // Not a thread of the runtime, which would wait for it when it ends.
        let sender = std::thread::Builder::new().name("telemetry-end".to_owned());
        let spawned = sender.spawn(move || {
            self.end(limit);
            let _nobody_waits = done.send(()).is_err();
        });
        if spawned.is_ok() {
            drop(tokio::time::timeout(limit, sent).await);
        }
    }

    /// A collector that takes nothing of one has its say about the other.
    fn end(self, limit: Duration) {
        let Self { tracer, meter } = self;
        std::thread::scope(|scope| {
            scope.spawn(move || tracer.map(|tracer| tracer.shutdown_with_timeout(limit)));
            scope.spawn(move || meter.map(|meter| meter.shutdown_with_timeout(limit)));
        });
    }
}
