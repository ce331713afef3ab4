//! Where telemetry goes and how much of it, as the variables of the standard say.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Uri};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::trace::Sampler;

use super::variables::{ExportError, Found, Variables, time};
use crate::limits::{MAX_SPANS_QUEUED, SPANS_QUEUED, SPANS_SENT_TOGETHER};

/// How long one export may take when nothing is said: the standard's.
const EXPORT_TIME: Duration = Duration::from_secs(10);

/// How long spans are gathered when nothing is said: the standard's.
const SPAN_DELAY: Duration = Duration::from_secs(5);

/// How often metrics are sent when nothing is said: the standard's.
const METRIC_INTERVAL: Duration = Duration::from_secs(60);

/// The name of the service when nothing is said.
const SERVICE: &str = "placet";

/// Where telemetry goes.
///
/// ```
/// use placet_server::Export;
///
/// let variables = |name: &str| match name {
///     "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("http://127.0.0.1:4318".into()),
///     _ => None,
/// };
/// assert!(Export::from_variables(&variables).unwrap().is_some());
/// // Nothing is sent that nobody asked for.
/// assert!(Export::from_variables(&|_: &str| None).unwrap().is_none());
/// ```
#[derive(Clone, Debug)]
pub struct Export {
    pub(super) traces: Option<Traces>,
    pub(super) metrics: Option<Metrics>,
    /// What is said about this process.
    pub(super) resource: Vec<(String, String)>,
}

/// What is said about traces.
#[derive(Clone, Debug)]
pub(super) struct Traces {
    pub(super) target: Target,
    pub(super) sampler: Sampler,
    /// Whether a request may name the trace that it is a part of.
    pub(super) takes_parents: bool,
    pub(super) queued: usize,
    pub(super) together: usize,
    pub(super) delay: Duration,
}

/// What is said about metrics.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    pub(super) target: Target,
    pub(super) interval: Duration,
    pub(super) temporality: Temporality,
}

/// Who is sent something.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) endpoint: String,
    pub(super) headers: HashMap<String, String>,
    /// How long it may take, with everything that is tried again.
    pub(super) time: Duration,
    /// The certificates to trust instead of the system's.
    pub(super) certificates: Option<Found>,
}

impl fmt::Debug for Target {
    /// Without the headers: there are keys among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.endpoint).finish()
    }
}

impl Export {
    /// What the environment of this process says; none when nothing shall be sent.
    ///
    /// # Errors
    /// When a variable makes no sense.
    pub fn from_environment() -> Result<Option<Self>, ExportError> {
        Self::from_variables(&|name| std::env::var_os(name))
    }

    /// What variables say; none when nothing shall be sent.
    ///
    /// # Errors
    /// When a variable makes no sense.
    pub fn from_variables(
        look_up: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, ExportError> {
        let variables = Variables(look_up);
        if switch(&variables, "OTEL_SDK_DISABLED")? {
            return Ok(None);
        }
        let traces = traces(&variables)?;
        let metrics = metrics(&variables)?;
        if traces.is_none() && metrics.is_none() {
            return Ok(None);
        }
        Ok(Some(Self { traces, metrics, resource: resource(&variables)? }))
    }
}

fn switch(variables: &Variables<'_>, name: &str) -> Result<bool, ExportError> {
    let found = variables.find(name)?;
    found.map_or(Ok(false), |found| found.one_of(&[("true", true), ("false", false)]))
}

/// What is said about the process. The shorter variable counts more than the list.
fn resource(variables: &Variables<'_>) -> Result<Vec<(String, String)>, ExportError> {
    let own = [("service.name", SERVICE), ("service.version", env!("CARGO_PKG_VERSION"))];
    let mut all: Vec<(String, String)> =
        own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if let Some(found) = variables.find("OTEL_RESOURCE_ATTRIBUTES")? {
        all.extend(found.pairs()?);
    }
    if let Some(found) = variables.find("OTEL_SERVICE_NAME")? {
        all.push(("service.name".to_owned(), found.value));
    }
    Ok(all)
}

fn traces(variables: &Variables<'_>) -> Result<Option<Traces>, ExportError> {
    let Some(mut target) = target(variables, "TRACES")? else { return Ok(None) };
    if let Some(time) = variables.millis("OTEL_BSP_EXPORT_TIMEOUT")? {
        target.time = target.time.min(time);
    }
    let delay = variables.millis("OTEL_BSP_SCHEDULE_DELAY")?.unwrap_or(SPAN_DELAY);
    let queued = spans(variables, "OTEL_BSP_MAX_QUEUE_SIZE", SPANS_QUEUED)?;
    let together = spans(variables, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", SPANS_SENT_TOGETHER)?;
    Ok(Some(Traces {
        target,
        sampler: sampler(variables)?,
        takes_parents: takes_parents(variables)?,
        queued,
        together: together.min(queued),
        delay,
    }))
}

fn spans(variables: &Variables<'_>, name: &str, default: usize) -> Result<usize, ExportError> {
    let Some(found) = variables.find(name)? else { return Ok(default) };
    let most = u64::try_from(MAX_SPANS_QUEUED).unwrap_or(u64::MAX);
    let number = found.number(1..=most)?;
    Ok(usize::try_from(number).unwrap_or(MAX_SPANS_QUEUED))
}

/// Which of the spans are sent.
#[derive(Clone, Copy)]
enum Share {
    All,
    None,
    Some,
}

fn sampler(variables: &Variables<'_>) -> Result<Sampler, ExportError> {
    let (follows_parent, share) = match variables.find("OTEL_TRACES_SAMPLER")? {
        None => (true, Share::All),
        Some(found) => found.one_of(&[
            ("always_on", (false, Share::All)),
            ("always_off", (false, Share::None)),
            ("traceidratio", (false, Share::Some)),
            ("parentbased_always_on", (true, Share::All)),
            ("parentbased_always_off", (true, Share::None)),
            ("parentbased_traceidratio", (true, Share::Some)),
        ])?,
    };
    let sampler = match share {
        Share::All => Sampler::AlwaysOn,
        Share::None => Sampler::AlwaysOff,
        Share::Some => Sampler::TraceIdRatioBased(ratio(variables)?),
    };
    Ok(if follows_parent { Sampler::ParentBased(Box::new(sampler)) } else { sampler })
}

/// The share of traces that is sent; all of them when nothing is said.
fn ratio(variables: &Variables<'_>) -> Result<f64, ExportError> {
    let Some(found) = variables.find("OTEL_TRACES_SAMPLER_ARG")? else { return Ok(1.0) };
    let ratio = found.value.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| found.wrong("write a share from 0 to 1"))
}

/// Whether `traceparent` is read. Baggage is let pass: nothing here makes use of it.
fn takes_parents(variables: &Variables<'_>) -> Result<bool, ExportError> {
    let Some(found) = variables.find("OTEL_PROPAGATORS")? else { return Ok(true) };
    let words = [("tracecontext", true), ("baggage", false), ("none", false)];
    let mut takes = false;
    for word in found.value.split(',') {
        let variable = found.variable.clone();
        let word = Found { variable, value: word.trim().to_owned() };
        takes |= word.one_of(&words)?;
    }
    Ok(takes)
}

fn metrics(variables: &Variables<'_>) -> Result<Option<Metrics>, ExportError> {
    let Some(mut target) = target(variables, "METRICS")? else { return Ok(None) };
    if let Some(time) = variables.millis("OTEL_METRIC_EXPORT_TIMEOUT")? {
        target.time = target.time.min(time);
    }
    let interval = variables.millis("OTEL_METRIC_EXPORT_INTERVAL")?.unwrap_or(METRIC_INTERVAL);
    let preference = variables.find("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE")?;
    let temporality = preference.map_or(Ok(Temporality::Cumulative), |found| {
        found.one_of(&[
            ("cumulative", Temporality::Cumulative),
            ("delta", Temporality::Delta),
            ("lowmemory", Temporality::LowMemory),
        ])
    })?;
    Ok(Some(Metrics { target, interval, temporality }))
}

/// Who is sent a signal; nobody, unless an endpoint is named.
fn target(variables: &Variables<'_>, signal: &str) -> Result<Option<Target>, ExportError> {
    let exporter = variables.find(&format!("OTEL_{signal}_EXPORTER"))?;
    let wanted =
        exporter.map_or(Ok(true), |found| found.one_of(&[("otlp", true), ("none", false)]))?;
    if !wanted {
        return Ok(None);
    }
    let Some(endpoint) = endpoint(variables, signal)? else { return Ok(None) };
    only(variables.otlp(signal, "PROTOCOL")?, "http/protobuf")?;
    only(variables.otlp(signal, "COMPRESSION")?, "none")?;
    for what in ["CLIENT_KEY", "CLIENT_CERTIFICATE"] {
        if let Some(found) = variables.otlp(signal, what)? {
            return Err(found.wrong("leave it out: the daemon has no certificate of its own"));
        }
    }
    let time = variables.otlp(signal, "TIMEOUT")?.map(time).transpose()?;
    Ok(Some(Target {
        endpoint,
        headers: headers(variables, signal)?,
        time: time.unwrap_or(EXPORT_TIME),
        certificates: variables.otlp(signal, "CERTIFICATE")?,
    }))
}

fn only(found: Option<Found>, word: &str) -> Result<(), ExportError> {
    found.map_or(Ok(()), |found| found.one_of(&[(word, ())]))
}

/// The URL that a signal is sent to: its own as it stands, or its path below the one for all.
fn endpoint(variables: &Variables<'_>, signal: &str) -> Result<Option<String>, ExportError> {
    let own = variables.find(&format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"))?;
    if let Some(found) = own {
        return url(found).map(Some);
    }
    let Some(found) = variables.find("OTEL_EXPORTER_OTLP_ENDPOINT")? else { return Ok(None) };
    let base = url(found)?;
    Ok(Some(format!("{}/v1/{}", base.trim_end_matches('/'), signal.to_ascii_lowercase())))
}

fn url(found: Found) -> Result<String, ExportError> {
    let is_url = found.value.parse::<Uri>().is_ok_and(|uri| {
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        has_host && matches!(uri.scheme_str(), Some("http" | "https"))
    });
    // A password in it would be written wherever the endpoint is.
    if found.value.contains('@') {
        return Err(found.wrong_secret("send a name and password with OTEL_EXPORTER_OTLP_HEADERS"));
    }
    if !is_url {
        return Err(found.wrong("write a URL such as http://127.0.0.1:4318"));
    }
    Ok(found.value)
}

fn headers(
    variables: &Variables<'_>,
    signal: &str,
) -> Result<HashMap<String, String>, ExportError> {
    let Some(found) = variables.otlp(signal, "HEADERS")? else { return Ok(HashMap::new()) };
    let variable = found.variable.clone();
    let pairs = found.pairs()?;
    let is_header = |(name, value): &(String, String)| {
        name.parse::<HeaderName>().is_ok() && HeaderValue::from_str(value).is_ok()
    };
    if !pairs.iter().all(is_header) {
        let remedy = "there is something in it that no header can be".to_owned();
        return Err(ExportError::Hidden { variable, remedy });
    }
    Ok(pairs.into_iter().collect())
}
