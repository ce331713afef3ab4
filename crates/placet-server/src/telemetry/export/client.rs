//! Sends bytes to a collector, from the threads of the exporters, which may wait for it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use axum::http::StatusCode;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use placet_client::tls;
use ureq::Agent;
use ureq::tls::TlsConfig;

use super::settings::Target;
use super::variables::{ExportError, Found};

/// Largest answer that is read, in bytes: how many were refused, and a sentence why.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// Sends bytes to a collector.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    what: &'static str,
    /// Whether the last attempt failed, so that an outage is said once and not every few seconds.
    is_failing: AtomicBool,
}

impl Client {
    /// What sends traces or metrics to their collector.
    pub(super) fn new(what: &'static str, target: &Target) -> Result<Self, ExportError> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(target.time));
        if target.endpoint.starts_with("https:") {
            config = config.tls_config(trust(target.certificates.as_ref())?);
        }
        let agent = config.build().into();
        Ok(Self { agent, what, is_failing: AtomicBool::new(false) })
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let (parts, body) = request.into_parts();
        let answered = self.agent.run(Request::from_parts(parts, body.as_ref()))?;
        let (parts, mut body) = answered.into_parts();
        let bytes = body.with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
        Ok(Response::from_parts(parts, bytes.into()))
    }

    /// Says when it begins to fail and when it is over.
    fn note(&self, why: Option<&str>) {
        let failed_before = self.is_failing.swap(why.is_some(), Ordering::Relaxed);
        match why {
            Some(why) if !failed_before => {
                tracing::warn!(target: "placet::telemetry", why, "{} do not arrive", self.what);
            }
            None if failed_before => {
                tracing::info!(target: "placet::telemetry", "{} arrive again", self.what);
            }
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answered = self.send(request);
        match &answered {
            Ok(response) if response.status().is_success() => self.note(None),
            Ok(response) => self.note(Some(&refusal(response.status()))),
            Err(error) => self.note(Some(&error.to_string())),
        }
        Ok(answered?)
    }
}

fn refusal(status: StatusCode) -> String {
    format!("the collector answers with status {}", status.as_u16())
}

/// Encryption that trusts the certificates in the file that a variable names, or the system's.
fn trust(certificates: Option<&Found>) -> Result<TlsConfig, ExportError> {
    let file = certificates.map(|found| Path::new(&found.value));
    tls::config(file).map_err(|source| {
        let variable = certificates.map_or("OTEL_EXPORTER_OTLP_CERTIFICATE", |of| &of.variable);
        ExportError::Certificates { variable: variable.to_owned(), source }
    })
}
