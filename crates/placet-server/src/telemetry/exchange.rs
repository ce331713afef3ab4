//! One request and its answer.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::response::Response;
use placet::{Answer, KeyId, TenantId, Verdict};

use crate::app::App;
use crate::auth::Principal;

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

/// One request, from its first byte to the answer.
pub(crate) struct Exchange {
    begun: Instant,
    method: Method,
    path: String,
    endpoint: Option<MatchedPath>,
    who: Option<(KeyId, Option<TenantId>)>,
}

impl Exchange {
    /// Begins with a request that has just been read.
    pub(crate) fn begin(request: &mut Request) -> Self {
        let first = request.extensions_mut().remove::<FirstByte>();
        Self {
            begun: first.map_or_else(Instant::now, |first| first.0),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            endpoint: request.extensions().get::<MatchedPath>().cloned(),
            who: None,
        }
    }

    /// Notes who sent it.
    pub(crate) fn by(&mut self, principal: &Principal) {
        self.who = Some((principal.caller.key, principal.key.tenant.clone()));
    }

    /// Whether someone with a key sent it.
    pub(crate) fn is_known(&self) -> bool {
        self.who.is_some()
    }

    /// Ends with its answer.
    pub(crate) fn end(self, app: &App, response: &mut Response) {
        let took = self.begun.elapsed();
        let noted = response.extensions_mut().remove::<Noted>().unwrap_or_default();
        let status = response.status().as_u16();
        let endpoint = self.endpoint.as_ref().map_or("none", MatchedPath::as_str);
        app.telemetry.answered(&self.method, endpoint, status, took);
        let (key, tenant) = self.who.unzip();
        let decided = noted.verdict.filter(|_| noted.is_new);
        if let (Some(verdict), Some(tenant)) = (decided, tenant.clone().flatten()) {
            app.tenants.get(&tenant).figures.decided(verdict, noted.would_have, took);
            app.telemetry.decided(verdict, noted.would_have);
        }
        tracing::info!(
            target: "placet::request",
            method = %self.method,
            path = %self.path,
            status,
            key = key.map(tracing::field::display),
            tenant = tenant.flatten().map(tracing::field::display),
            verdict = noted.verdict.map(Verdict::as_str),
            would_have = noted.would_have.map(Verdict::as_str),
            took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        );
    }
}
