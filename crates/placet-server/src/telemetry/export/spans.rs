//! A span for each request: what its line in the log says, at the place that it has in a trace.

use std::time::SystemTime;

use axum::http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{
    Span as _, SpanKind, Status, TraceContextExt as _, TraceId, Tracer as _,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracer;
use placet::Verdict;

use super::super::exchange::Answered;
use super::super::method_label;
use crate::limits::MAX_TRACE_STATE_BYTES;

/// The trace that a request is a part of, as its sender says.
#[derive(Debug, Default)]
pub(crate) struct Parent(Option<Context>);

/// Makes spans.
#[derive(Debug)]
pub(super) struct Spans {
    tracer: SdkTracer,
    takes_parents: bool,
}

impl Spans {
    pub(super) fn new(tracer: SdkTracer, takes_parents: bool) -> Self {
        Self { tracer, takes_parents }
    }

    /// What a request says about the trace that it is a part of.
    pub(super) fn parent(&self, headers: &HeaderMap) -> Parent {
        if !self.takes_parents {
            return Parent::default();
        }
        let none = Context::new();
        let found = TraceContextPropagator::new().extract_with_context(&none, &Named(headers));
        Parent(found.has_active_span().then_some(found))
    }

    /// Makes the span of a request that has been answered; its trace, if it is kept.
    pub(super) fn answered(&self, answered: &Answered<'_>) -> Option<TraceId> {
        let ended = SystemTime::now();
        let builder = self
            .tracer
            .span_builder(format!("{} {}", method_label(answered.method), answered.endpoint))
            .with_kind(SpanKind::Server)
            .with_start_time(ended.checked_sub(answered.took).unwrap_or(ended))
            .with_attributes(attributes(answered));
        let none = Context::new();
        let parent = answered.parent.0.as_ref().unwrap_or(&none);
        let mut span = self.tracer.build_with_context(builder, parent);
        if answered.status >= 500 {
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(ended);
        let context = span.span_context();
        context.is_sampled().then(|| context.trace_id())
    }
}

/// Under the names of the standard where it has some. Never params, never a query.
fn attributes(answered: &Answered<'_>) -> Vec<KeyValue> {
    let said = |name, value: Option<Value>| value.map(|value| KeyValue::new(name, value));
    let text = |text: String| Some(Value::from(text));
    let verdict = |verdict: Option<Verdict>| verdict.map(|verdict| Value::from(verdict.as_str()));
    [
        said("http.request.method", text(method_label(answered.method).to_owned())),
        said("http.route", text(answered.endpoint.to_owned())),
        said("url.path", text(answered.path.to_owned())),
        said("http.response.status_code", Some(Value::from(i64::from(answered.status)))),
        said("placet.key", answered.key.and_then(|key| text(key.to_string()))),
        said("placet.tenant", answered.tenant.and_then(|tenant| text(tenant.to_string()))),
        said("placet.verdict", verdict(answered.verdict)),
        said("placet.would_have", verdict(answered.would_have)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The headers that say what a request is a part of: once, and short enough to be kept.
struct Named<'a>(&'a HeaderMap);

impl Extractor for Named<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.get_all(name).iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        value.to_str().ok().filter(|value| value.len() <= MAX_TRACE_STATE_BYTES)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}
