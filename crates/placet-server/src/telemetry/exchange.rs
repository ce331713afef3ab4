//! One request and its answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::response::Response;
use opentelemetry::trace::TraceId;
use placet::{Answer, KeyId, TenantId, Verdict};

use super::export::Parent;
use crate::app::App;
use crate::auth::Principal;
use crate::gone;
use crate::limits::MAX_PATH_SHOWN;
use crate::wire::Cause;

/// The line about a request, at a level that is known where it is written.
macro_rules! line {
    ($level:ident, $of:expr, $trace:expr) => {
        tracing::$level!(
            target: "placet::request",
            method = %$of.method,
            path = %$of.path,
            status = $of.status,
            key = $of.key.map(tracing::field::display),
            tenant = $of.tenant.map(tracing::field::display),
            verdict = $of.verdict.map(Verdict::as_str),
            would_have = $of.would_have.map(Verdict::as_str),
            took_us = u64::try_from($of.took.as_micros()).unwrap_or(u64::MAX),
            trace = $trace.map(tracing::field::display),
            cause = $of.cause,
            client = $of.is_gone.then_some("gone"),
        )
    };
}

/// When the first byte of a request arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstByte(pub(crate) Instant);

/// What an endpoint has to say about its answer for the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    /// What was decided.
    pub(crate) verdict: Option<Verdict>,
    /// What would have been, but for the mode.
    pub(crate) would_have: Option<Verdict>,
    /// Whether it was decided just now, and not asked for again or only in theory.
    pub(crate) is_new: bool,
}

impl Noted {
    /// The decision of an answer.
    pub(crate) fn decision(answer: &Answer, is_new: bool) -> Self {
        Self { verdict: Some(answer.verdict), would_have: answer.would_have, is_new }
    }
}

/// The status of a request whose client went before there was an answer. It is none of HTTP's: many
/// servers write it where nobody reads the answer.
const CLIENT_GONE: u16 = 499;

/// One request, from its first byte to the answer.
///
/// Where nobody waits for the answer any more, its line says so.
pub(crate) struct Exchange {
    app: Arc<App>,
    begun: Instant,
    method: Method,
    path: String,
    endpoint: Option<MatchedPath>,
    parent: Parent,
    who: Option<(KeyId, Option<TenantId>)>,
    /// Whether its line is written.
    is_over: bool,
}

/// What is said about a request that has been answered.
pub(super) struct Answered<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) endpoint: &'a str,
    pub(super) status: u16,
    pub(super) parent: &'a Parent,
    pub(super) key: Option<KeyId>,
    pub(super) tenant: Option<&'a TenantId>,
    pub(super) verdict: Option<Verdict>,
    pub(super) would_have: Option<Verdict>,
    pub(super) took: Duration,
    pub(super) cause: Option<&'a str>,
    pub(super) is_gone: bool,
}

impl Exchange {
    /// Begins with a request that has just been read.
    pub(crate) fn begin(app: &Arc<App>, request: &mut Request) -> Self {
        let first = request.extensions_mut().remove::<FirstByte>();
        Self {
            app: Arc::clone(app),
            begun: first.map_or_else(Instant::now, |first| first.0),
            method: request.method().clone(),
            path: beginning(request.uri().path()),
            endpoint: request.extensions().get::<MatchedPath>().cloned(),
            parent: app.telemetry.exported.parent(request.headers()),
            who: None,
            is_over: false,
        }
    }

    /// Notes who sent it.
    pub(crate) fn by(&mut self, principal: &Principal) {
        self.who = Some((principal.caller.key, principal.key.tenant.clone()));
    }

    /// The tenant of who sent it, if they have one.
    pub(crate) fn tenant(&self) -> Option<TenantId> {
        self.who.as_ref().and_then(|(_, tenant)| tenant.clone())
    }

    /// Whether someone with a key sent it.
    pub(crate) fn is_known(&self) -> bool {
        self.who.is_some()
    }

    /// Ends with its answer.
    pub(crate) fn end(mut self, response: &mut Response) {
        let noted = response.extensions_mut().remove::<Noted>().unwrap_or_default();
        let cause = response.extensions_mut().remove::<Cause>();
        self.finish(response.status().as_u16(), &noted, cause.as_ref());
    }

    fn finish(&mut self, status: u16, noted: &Noted, cause: Option<&Cause>) {
        self.is_over = true;
        let Self { app, method, path, parent, who, .. } = &*self;
        let took = self.begun.elapsed();
        let endpoint = self.endpoint.as_ref().map_or("none", MatchedPath::as_str);
        app.telemetry.answered(method, endpoint, status, took);
        let tenant = who.as_ref().and_then(|(_, tenant)| tenant.as_ref());
        if let (Some(verdict), Some(tenant), true) = (noted.verdict, tenant, noted.is_new) {
            app.tenants.get(tenant).figures.decided(verdict, noted.would_have, took);
            app.telemetry.decided(verdict, noted.would_have);
        }
        let answered = Answered {
            method,
            path,
            endpoint,
            status,
            parent,
            key: who.as_ref().map(|(key, _)| *key),
            tenant,
            verdict: noted.verdict,
            would_have: noted.would_have,
            took,
            cause: cause.map(|Cause(text)| text.as_str()),
            is_gone: status == CLIENT_GONE || gone::is_gone(),
        };
        let trace = app.telemetry.exported.answered(&answered);
        answered.write(trace);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.is_over {
            self.finish(CLIENT_GONE, &Noted::default(), None);
        }
    }
}

/// As much of a path as is written down. Whoever has no key can make it as long as a head may be.
fn beginning(path: &str) -> String {
    match path.char_indices().nth(MAX_PATH_SHOWN) {
        Some((end, _)) => format!("{}…", path.get(..end).unwrap_or_default()),
        None => path.to_owned(),
    }
}

impl Answered<'_> {
    /// Writes its line: an error where something of ours failed.
    fn write(&self, trace: Option<TraceId>) {
        if self.cause.is_some() {
            line!(error, self, trace);
        } else {
            line!(info, self, trace);
        }
    }
}
