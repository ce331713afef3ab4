//! What receives telemetry: as much of a collector as there is to OTLP over HTTP.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConnection, StreamOwned};

use super::raw::PATIENCE;

/// A collector on a port of its own, for as long as the test runs.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    received: Receiver<Received>,
}

/// What was sent to it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    /// The headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        Self::begin(None)
    }

    /// The same behind TLS, with a certificate and its key in PEM.
    pub(crate) fn start_tls(certificate: &str, key: &str) -> Self {
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("one")];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a pair");
        Self::begin(Some(Arc::new(config)))
    }

    fn begin(tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, received) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (sender, tls) = (sender.clone(), tls.clone());
                std::thread::spawn(move || match tls {
                    None => serve(stream, &sender),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).expect("a connection");
                        serve(StreamOwned::new(connection, stream), &sender);
                    }
                });
            }
        });
        Self { address, received }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The first that satisfies a condition, of those that have come and will come.
    pub(crate) fn wait_for(&self, wanted: impl Fn(&Received) -> bool) -> Received {
        loop {
            let received = self.received.recv_timeout(PATIENCE).expect("more telemetry");
            if wanted(&received) {
                return received;
            }
        }
    }

    /// Everything that has come so far.
    pub(crate) fn all(&self) -> Vec<Received> {
        self.received.try_iter().collect()
    }
}

fn serve(stream: impl Read + Write, sender: &Sender<Received>) {
    let mut reader = BufReader::new(stream);
    while let Some(received) = request(&mut reader) {
        drop(sender.send(received));
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        if reader.get_mut().write_all(answer).and_then(|()| reader.get_mut().flush()).is_err() {
            return;
        }
    }
}

fn request(reader: &mut BufReader<impl Read>) -> Option<Received> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.trim().parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    Some(Received { path, head, body })
}

impl Received {
    /// The spans in it, with what is said about their process.
    pub(crate) fn spans(&self) -> Vec<(Vec<KeyValue>, Span)> {
        let request = ExportTraceServiceRequest::decode(&self.body[..]).expect("spans");
        let mut spans = Vec::new();
        for of_process in request.resource_spans {
            let about = of_process.resource.expect("a process").attributes;
            for of_scope in of_process.scope_spans {
                spans.extend(of_scope.spans.into_iter().map(|span| (about.clone(), span)));
            }
        }
        spans
    }

    /// The metrics in it.
    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let request = ExportMetricsServiceRequest::decode(&self.body[..]).expect("metrics");
        let scopes = request.resource_metrics.into_iter().flat_map(|all| all.scope_metrics);
        scopes.flat_map(|scope| scope.metrics).collect()
    }
}

/// An attribute as text.
pub(crate) fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    Some(match found.value.clone()?.value? {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => panic!("{name} is {other:?}"),
    })
}

/// The number of a metric where its attributes are these.
pub(crate) fn figure(metrics: &[Metric], name: &str, labels: &[(&str, &str)]) -> Option<u64> {
    let metric = metrics.iter().find(|metric| metric.name == name)?;
    let is_meant = |attributes: &[KeyValue]| {
        labels.iter().all(|(name, value)| attribute(attributes, name).as_deref() == Some(value))
    };
    let points = match metric.data.clone()? {
        Data::Histogram(histogram) => {
            let points = histogram.data_points;
            return points.iter().find(|at| is_meant(&at.attributes)).map(|at| at.count);
        }
        Data::Sum(sum) => sum.data_points,
        Data::Gauge(gauge) => gauge.data_points,
        other => panic!("{name} is {other:?}"),
    };
    let point = points.iter().find(|at| is_meant(&at.attributes))?;
    match point.value? {
        number_data_point::Value::AsInt(number) => u64::try_from(number).ok(),
        number_data_point::Value::AsDouble(_) => None,
    }
}
