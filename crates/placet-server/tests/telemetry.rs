//! What a collector is sent, and that nobody waits for one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use std::ffi::OsString;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use common::Daemon;
use common::collector::{Collector, Received, attribute, figure};
use common::raw::{PATIENCE, Raw};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use placet::{Config, Guard, LogPlace, PolicySource};
use placet_server::{Export, ExportError, Limits, Server, ServerConfig};
use serde_json::json;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn read(variables: &[(&str, &str)]) -> Result<Option<Export>, ExportError> {
    Export::from_variables(&|name| {
        let found = variables.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| OsString::from(value))
    })
}

/// A daemon that sends to a collector, and what else is said to it.
fn daemon(endpoint: &str, variables: &[(&str, &str)]) -> Daemon {
    let all = [&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)], variables].concat();
    let export = read(&all).expect("sound variables");
    assert!(export.is_some());
    Daemon::with(ServerConfig { export, ..ServerConfig::default() }, LogPlace::Memory)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn spans(received: &[Received]) -> Vec<Span> {
    let traces = received.iter().filter(|received| received.path == "/v1/traces");
    traces.flat_map(Received::spans).map(|(_, span)| span).collect()
}

/// The span of the answers to one method and path.
fn span<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {spans:?}"))
}

#[test]
fn the_span_of_a_decision_says_what_its_line_says_and_no_more() {
    let collector = Collector::start();
    let daemon = daemon(
        &collector.url(),
        &[
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=blue%20sky"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test,service.name=other"),
            ("OTEL_SERVICE_NAME", "gate"),
        ],
    );
    let agent = daemon.keys.agent.clone();
    let action = json!({"tool": "issue_refund", "params": {"amount": "500", "order": "hush"}});
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let headers = [("traceparent", parent.as_str()), ("tracestate", "vendor=1")];
    let answer = daemon.call_with(
        "POST",
        "/v1/actions?treatment=binding",
        Some(&agent),
        Some(&action),
        &headers,
    );
    assert_eq!(answer.status, 200);
    daemon.get("/v1/nowhere", &agent);
    // Nothing was sent yet: spans are gathered for seconds. The stop sends what is left.
    assert!(daemon.stop());

    let received = collector.all();
    assert!(received.iter().all(|sent| sent.head.contains("\r\nx-team: blue sky\r\n")));
    let protobuf = "content-type: application/x-protobuf";
    assert!(received.iter().all(|sent| sent.head.contains(protobuf)), "{received:?}");
    for sent in &received {
        let text = String::from_utf8_lossy(&sent.body);
        assert!(!text.contains("hush") && !text.contains("treatment") && !text.contains(&agent));
    }
    let traces = received.iter().find(|sent| sent.path == "/v1/traces").expect("traces");
    let (about, _) = &traces.spans()[0];
    assert_eq!(attribute(about, "service.name").as_deref(), Some("gate"));
    assert_eq!(attribute(about, "deployment.environment").as_deref(), Some("test"));
    assert!(attribute(about, "service.version").is_some());

    let spans = spans(&received);
    let decided = span(&spans, "POST /v1/actions");
    assert_eq!(
        (hex(&decided.trace_id), hex(&decided.parent_span_id)),
        (TRACE.into(), PARENT.into())
    );
    assert_eq!(decided.kind, i32::from(SpanKind::Server));
    assert!(decided.start_time_unix_nano < decided.end_time_unix_nano);
    let says = |name| attribute(&decided.attributes, name);
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/v1/actions"),
        ("url.path", "/v1/actions"),
        ("http.response.status_code", "200"),
        ("placet.tenant", "acme"),
        ("placet.verdict", "require_approval"),
    ] {
        assert_eq!(says(name).as_deref(), Some(value), "{name}");
    }
    assert!(says("placet.key").expect("a key").starts_with("key_"));
    let missing = span(&spans, "GET none");
    assert_eq!(attribute(&missing.attributes, "http.response.status_code").unwrap(), "404");
    assert!(missing.parent_span_id.is_empty() && missing.trace_id != decided.trace_id);
    let is_fault = |span: &Span| {
        span.status.as_ref().is_some_and(|status| status.code == i32::from(StatusCode::Error))
    };
    assert!(!spans.iter().any(is_fault));
}

#[test]
fn the_figures_of_prometheus_are_sent_under_the_same_names() {
    let collector = Collector::start();
    let daemon = daemon(&collector.url(), &[("OTEL_METRIC_EXPORT_INTERVAL", "50")]);
    let agent = daemon.keys.agent.clone();
    for (tool, times) in [("get_order", 3), ("issue_refund", 2)] {
        for _ in 0..times {
            daemon.post("/v1/actions", &agent, &json!({"tool": tool}));
        }
    }
    let held = [("verdict", "require_approval"), ("would_have", "require_approval")];
    let sent = collector.wait_for(|sent| {
        sent.path == "/v1/metrics" && figure(&sent.metrics(), "placet.decisions", &held) == Some(2)
    });
    let metrics = sent.metrics();
    let allowed = [("verdict", "allow"), ("would_have", "allow")];
    assert_eq!(figure(&metrics, "placet.decisions", &allowed), Some(3));
    let posted = [("method", "POST"), ("endpoint", "/v1/actions"), ("status", "200")];
    assert_eq!(figure(&metrics, "placet.http_requests", &posted), Some(5));
    let at = [("endpoint", "/v1/actions")];
    assert_eq!(figure(&metrics, "placet.http_request_duration", &at), Some(5));
    assert_eq!(figure(&metrics, "placet.open_approvals", &[]), Some(2));
    assert!(figure(&metrics, "placet.log_entries", &[]).expect("a figure") >= 5);
    // Whatever Prometheus reads is sent, too, once it has a value.
    let text = daemon.get("/metrics", &daemon.keys.overseer).text;
    let read: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE placet_")?.split(' ').next())
        .collect();
    assert!(read.len() >= 8, "{read:?}");
    for name in read {
        let name = format!("placet.{}", name.trim_end_matches("_seconds"));
        assert!(metrics.iter().any(|metric| metric.name == name), "{name} is not sent");
    }
}

#[test]
fn a_collector_that_hangs_delays_nobody_and_no_stop() {
    // It takes connections, as the system does for it, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", silent.local_addr().expect("an address"));
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "60000"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "8"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1"),
    ];
    let stop_time = Duration::from_secs(2);
    let limits = Limits { stop_time, ..Limits::default() };
    let export = read(&variables).expect("sound variables");
    let config = ServerConfig { export, limits, ..ServerConfig::default() };
    let daemon = Daemon::with(config, LogPlace::Memory);
    let agent = daemon.keys.agent.clone();
    let begun = Instant::now();
    // Many more than the queue has places for.
    for _ in 0..100 {
        assert_eq!(daemon.post("/v1/actions", &agent, &json!({"tool": "get_order"})).status, 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let asked = Instant::now();
    assert!(daemon.stop(), "everything was answered");
    // As long as its stop may take, and what a busy machine adds to it.
    assert!(asked.elapsed() < stop_time + Duration::from_secs(10), "{:?}", asked.elapsed());
}

#[test]
fn a_collector_that_is_away_fails_nothing() {
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", gone.local_addr().expect("an address"));
    drop(gone);
    let daemon = daemon(&endpoint, &[("OTEL_BSP_SCHEDULE_DELAY", "1")]);
    for _ in 0..20 {
        let answer = daemon.post("/v1/actions", &daemon.keys.agent, &json!({"tool": "get_order"}));
        assert_eq!(answer.status, 200);
    }
    assert!(daemon.stop());
}

#[test]
fn a_collector_behind_tls_is_trusted_by_the_certificate_that_is_named() {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a pair");
    let certificate = pair.cert.pem();
    let collector = Collector::start_tls(&certificate, &pair.signing_key.serialize_pem());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, &certificate).expect("written");
    let (endpoint, file) =
        (format!("https://localhost:{}", collector.address.port()), file.to_str().expect("text"));
    let trusting = daemon(&endpoint, &[("OTEL_EXPORTER_OTLP_CERTIFICATE", file)]);
    trusting.get("/v1/autonomy", &trusting.keys.agent);
    assert!(trusting.stop());
    assert!(!spans(&collector.all()).is_empty());
    // The certificates of the system do not vouch for it.
    let other = daemon(&endpoint, &[]);
    other.get("/v1/autonomy", &other.keys.agent);
    assert!(other.stop());
    assert!(collector.all().is_empty());
}

#[test]
fn certificates_that_cannot_be_read_are_named_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").expect("written");
    for path in [folder.path().join("none.pem"), empty] {
        let export = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:4318"),
            ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", path.to_str().expect("text")),
        ]);
        let guard = Guard::open(Config { policy: PolicySource::Log, log: LogPlace::Memory });
        let listen = vec!["127.0.0.1:0".parse().expect("an address")];
        let export = export.expect("sound variables");
        let config = ServerConfig { listen, export, ..ServerConfig::default() };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let bound = runtime.block_on(Server::bind(config, guard.expect("a guard")));
        let said = bound.err().expect("a failure").to_string();
        let names = said.contains("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE");
        assert!(names && said.contains(path.to_str().expect("text")), "{said}");
    }
}

#[test]
fn the_sampler_decides_what_is_sent() {
    let unsampled = format!("00-{TRACE}-{PARENT}-00");
    for (sampler, share, alone, below) in [
        ("always_on", "", true, true),
        ("always_off", "", false, false),
        ("traceidratio", "0", false, false),
        // The default: who is asked by someone that keeps no trace keeps none.
        ("", "", true, false),
        ("parentbased_always_off", "", false, false),
        ("parentbased_traceidratio", "1", true, false),
    ] {
        let collector = Collector::start();
        let variables = [("OTEL_TRACES_SAMPLER", sampler), ("OTEL_TRACES_SAMPLER_ARG", share)];
        let daemon = daemon(&collector.url(), &variables);
        let agent = daemon.keys.agent.clone();
        daemon.get("/v1/policy", &agent);
        let headers = [("traceparent", unsampled.as_str())];
        daemon.call_with("GET", "/v1/autonomy", Some(&agent), None, &headers);
        assert!(daemon.stop());
        let spans = spans(&collector.all());
        let sent = |name: &str| spans.iter().any(|span| span.name == name);
        let seen = (sent("GET /v1/policy"), sent("GET /v1/autonomy"));
        assert_eq!(seen, (alone, below), "{sampler}");
    }
}

#[test]
fn what_is_no_parent_is_passed_over() {
    let collector = Collector::start();
    let daemon = daemon(&collector.url(), &[]);
    let auditor = daemon.keys.auditor.clone();
    let good = format!("00-{TRACE}-{PARENT}-01");
    let long = format!("{good}-{}", "x".repeat(1_000)).replacen("00", "01", 1);
    let zero = format!("00-{}-{PARENT}-01", "0".repeat(32));
    for parent in ["", "nonsense", "00-é", &long, &zero, &good.to_uppercase()] {
        let headers = [("traceparent", parent)];
        assert_eq!(
            daemon.call_with("GET", "/v1/policy", Some(&auditor), None, &headers).status,
            200,
            "{parent}"
        );
    }
    // Said twice it says nothing.
    let twice = [("traceparent", good.as_str()), ("traceparent", good.as_str())];
    daemon.call_with("GET", "/v1/policy", Some(&auditor), None, &twice);
    assert!(daemon.stop());
    let spans = spans(&collector.all());
    assert_eq!(spans.len(), 7);
    assert!(
        spans.iter().all(|span| span.parent_span_id.is_empty() && hex(&span.trace_id) != TRACE)
    );
}

#[test]
fn nothing_is_sent_that_nobody_asked_for() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    let none = [("OTEL_TRACES_EXPORTER", "none"), ("OTEL_METRICS_EXPORTER", "none")];
    for variables in [
        vec![],
        vec![("OTEL_SERVICE_NAME", "gate"), ("OTEL_TRACES_EXPORTER", "otlp")],
        vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "")],
        vec![endpoint, ("OTEL_SDK_DISABLED", "TRUE")],
        vec![endpoint, none[0], none[1]],
    ] {
        assert!(read(&variables).expect("sound").is_none(), "{variables:?}");
    }
    // One of them, where it is named, as it stands.
    let collector = Collector::start();
    let url = format!("{}/otel/in", collector.url());
    let export = read(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &url)]).expect("sound");
    let config = ServerConfig { export, ..ServerConfig::default() };
    let daemon = Daemon::with(config, LogPlace::Memory);
    daemon.get("/v1/policy", &daemon.keys.agent);
    assert!(daemon.stop());
    let paths: Vec<String> = collector.all().into_iter().map(|sent| sent.path).collect();
    assert_eq!(paths, ["/otel/in"]);
}

#[test]
fn a_variable_that_makes_no_sense_is_named() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    for (name, value, says) in [
        ("OTEL_SDK_DISABLED", "yes", "true or false"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318", "http://127.0.0.1:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://a.example", "http://127.0.0.1:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", "none"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon", "from 1 to 3600000"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "key.pem", "no certificate of its own"),
        ("OTEL_TRACES_EXPORTER", "jaeger", "otlp or none"),
        ("OTEL_METRICS_EXPORTER", "prometheus", "otlp or none"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "always_on"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1000000", "from 1 to 65536"),
        ("OTEL_BSP_SCHEDULE_DELAY", "-1", "from 1 to 3600000"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0", "from 1 to 3600000"),
        ("OTEL_PROPAGATORS", "tracecontext,b3", "tracecontext or baggage or none"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "both", "delta"),
    ] {
        let said = read(&[(name, value), endpoint]).expect_err(name).to_string();
        let value = value.rsplit(',').next().expect("a value");
        assert!(said.contains(name) && said.contains(value) && said.contains(says), "{said}");
    }
    let ratio =
        [endpoint, ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "2")];
    let said = read(&ratio).expect_err("a share").to_string();
    assert!(said.contains("OTEL_TRACES_SAMPLER_ARG"), "{said}");
    // What may be a secret is not shown.
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_HEADERS", "hush"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hush%0d%0ax"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:hush@127.0.0.1:4318"),
        ("OTEL_RESOURCE_ATTRIBUTES", "=hush"),
    ] {
        let said = read(&[(name, value), endpoint]).expect_err(name).to_string();
        assert!(said.contains(name) && !said.contains("hush"), "{said}");
    }
    let export = read(&[endpoint, ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hush")]);
    assert!(!format!("{export:?}").contains("hush"));
}

#[test]
fn who_hangs_up_is_counted_and_has_a_span_all_the_same() {
    let collector = Collector::start();
    let daemon = daemon(&collector.url(), &[]);
    let guard = daemon.guard.clone().expect("a guard");
    let before = guard.log().size();
    let agent = daemon.keys.agent.clone();
    let body = r#"{"tool":"get_order"}"#;
    let request = format!(
        "POST /v1/actions HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {agent}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        daemon.address,
        body.len()
    );
    let recorded = || guard.log().size() - before;
    let limit = Instant::now() + PATIENCE;
    let mut patience = Duration::ZERO;
    // One that goes before its request was begun has asked for nothing, so each goes a little later.
    while recorded() < 20 {
        assert!(Instant::now() < limit, "{} are recorded", recorded());
        let mut raw = Raw::open(daemon.address);
        assert!(raw.send(&request));
        let goes = Instant::now() + patience;
        while Instant::now() < goes {
            std::hint::spin_loop();
        }
        drop(raw);
        patience += Duration::from_micros(20);
    }
    let summary = || daemon.get("/v1/metrics/summary", &daemon.keys.auditor).json();
    let counted = || summary()["decisions"]["allow"].as_u64().unwrap_or_default();
    while counted() != recorded() {
        assert!(Instant::now() < limit, "{} of {} are counted", counted(), recorded());
        std::thread::yield_now();
    }
    let recorded = recorded();
    drop(guard);
    assert!(daemon.stop());
    let decided =
        spans(&collector.all()).into_iter().filter(|span| span.name == "POST /v1/actions");
    let verdicts = decided.map(|span| attribute(&span.attributes, "placet.verdict"));
    let allowed = verdicts.filter(|verdict| verdict.as_deref() == Some("allow")).count();
    assert_eq!(u64::try_from(allowed).ok(), Some(recorded));
}

#[test]
fn a_wait_that_is_broken_off_has_a_span() {
    let collector = Collector::start();
    let daemon = daemon(&collector.url(), &[]);
    let held = json!({"tool": "issue_refund", "params": {"amount": "500", "currency": "EUR"}});
    let held = daemon.post("/v1/actions", &daemon.keys.agent, &held).json();
    let mut raw = Raw::open(daemon.address);
    assert!(raw.send(format!(
        "GET /v1/actions/{} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Prefer: wait=60\r\n\r\n",
        held["id"].as_str().expect("an id"),
        daemon.address,
        daemon.keys.agent,
    )));
    let waits = || daemon.get("/metrics", &daemon.keys.overseer).text;
    let until = |line: &str| {
        let limit = Instant::now() + PATIENCE;
        while !waits().lines().any(|found| found == line) {
            assert!(Instant::now() < limit, "{}", waits());
            std::thread::yield_now();
        }
    };
    until("placet_waits 1");
    drop(raw);
    until("placet_waits 0");
    assert!(daemon.stop());
    let spans = spans(&collector.all());
    let broken = span(&spans, "GET /v1/actions/{id}");
    let status = attribute(&broken.attributes, "http.response.status_code");
    assert_eq!(status.as_deref(), Some("499"));
}
