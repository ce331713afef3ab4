//! `/console/log`: its head, verifying it, and taking it along.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_core::Stream;
use http_body::Frame as BodyFrame;
use http_body_util::StreamBody;
use placet::core::json::canonical_json;
use placet::store::verify::Report;
use placet::{Guard, Timestamp};
use tokio::sync::mpsc;

use super::super::fault::{Fault, go};
use super::super::form::Submitted;
use super::super::frame::{Frame, Place};
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::{reply, time};
use crate::app::App;
use crate::auth::go_on;
use crate::auth::role::{Overseer, Reader};

/// Entries that are read at a time for a download.
const CHUNK: usize = 256;

/// Chunks of a download that are read ahead.
const AHEAD: usize = 4;

#[derive(Template)]
#[template(path = "log.html")]
struct Page {
    frame: Frame,
    size: u64,
    checkpoint: String,
    verifier: String,
    verified: Option<Verified>,
    /// Whether they see all of it.
    is_overseer: bool,
}

/// The verification that was asked for last.
struct Verified {
    at: String,
    by: String,
    done: u64,
    total: u64,
    /// What was found, when it is over.
    end: Option<Result<Findings, String>>,
}

struct Findings {
    entries: u64,
    erased: u64,
    problems: Vec<String>,
    more: u64,
}

/// The verification that was asked for last. One runs at a time: it reads everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verifications(Arc<Mutex<Option<Arc<Run>>>>);

#[derive(Debug)]
struct Run {
    at: Timestamp,
    by: String,
    done: AtomicU64,
    total: AtomicU64,
    end: Mutex<Option<Result<Report, String>>>,
}

impl Verifications {
    fn last(&self) -> Option<Arc<Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins one, unless one is running.
    fn begin(&self, at: Timestamp, by: String) -> Option<Arc<Run>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_some_and(|run| !run.is_over()) {
            return None;
        }
        let (done, total) = (AtomicU64::new(0), AtomicU64::new(0));
        let run = Arc::new(Run { at, by, done, total, end: Mutex::default() });
        *last = Some(Arc::clone(&run));
        Some(run)
    }
}

impl Run {
    fn is_over(&self) -> bool {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn carry_out(&self, guard: &Guard) {
        let progress = |done, total| {
            self.done.store(done, Ordering::Relaxed);
            self.total.store(total, Ordering::Relaxed);
        };
        let end = guard.log().verify(&progress).map_err(|error| error.to_string());
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
    }
}

impl From<&Run> for Verified {
    fn from(run: &Run) -> Self {
        let end = run.end.lock().unwrap_or_else(PoisonError::into_inner);
        let findings = |report: &Report| Findings {
            entries: report.entries,
            erased: report.erased,
            problems: report.problems.iter().map(ToString::to_string).collect(),
            more: report.more,
        };
        Self {
            at: time(run.at),
            by: run.by.clone(),
            done: run.done.load(Ordering::Relaxed),
            total: run.total.load(Ordering::Relaxed),
            end: end.as_ref().map(|end| end.as_ref().map(findings).map_err(Clone::clone)),
        }
    }
}

pub(super) async fn show(State(app): State<Arc<App>>, visitor: Visitor<Reader>) -> Response {
    let log = app.guard.log();
    let is_overseer = visitor.tenant().is_none();
    let last = app.verifications.last().filter(|_| is_overseer);
    let page = Page {
        frame: Frame::new("Log", Place::Log, &visitor),
        size: log.size(),
        checkpoint: log.checkpoint().to_string(),
        verifier: log.verifier().to_string(),
        verified: last.map(|run| Verified::from(&*run)),
        is_overseer,
    };
    reply(&page, StatusCode::OK)
}

pub(super) async fn verify(
    State(app): State<Arc<App>>,
    form: Submitted<Overseer>,
) -> Result<Response, Fault> {
    let begun = app.verifications.begin(app.guard.now(), form.visitor.person.to_string());
    if let Some(run) = begun {
        // It outlives this request, and ends before the log is closed, because it holds the app.
        let app = Arc::clone(&app);
        go_on(async move { drop(app.blocking(move |guard| run.carry_out(guard)).await) });
    }
    Ok(go("/console/log"))
}

pub(super) async fn checkpoint(State(app): State<Arc<App>>, _: Visitor<Overseer>) -> Response {
    download(
        Body::from(app.guard.log().checkpoint().to_string()),
        "text/plain; charset=utf-8",
        "attachment; filename=\"checkpoint\"",
    )
}

/// The public part of every entry, one a line: each line is a leaf of the tree, byte by byte.
pub(super) async fn entries(State(app): State<Arc<App>>, _: Visitor<Overseer>) -> Response {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let size = app.guard.log().size();
    go_on(async move { drop(app.blocking(move |guard| send(guard, size, &sender)).await) });
    let body = Body::new(StreamBody::new(Chunks(receiver)));
    download(body, "application/jsonl", "attachment; filename=\"entries.jsonl\"")
}

fn send(guard: &Guard, size: u64, sender: &mpsc::Sender<Result<BodyFrame<Bytes>, Cut>>) {
    let mut next = 0;
    while next < size {
        let chunk = chunk(guard, next, size);
        let (is_last, taken) = match &chunk {
            Ok((_, taken)) => (*taken == 0, *taken),
            Err(_) => (true, 0),
        };
        let frame = chunk.map(|(bytes, _)| BodyFrame::data(bytes));
        if sender.blocking_send(frame).is_err() || is_last {
            return;
        }
        next = next.saturating_add(taken);
    }
}

fn chunk(guard: &Guard, from: u64, size: u64) -> Result<(Bytes, u64), Cut> {
    let entries = guard.log().entries(from, CHUNK).map_err(|error| Cut(error.to_string()))?;
    let mut bytes = Vec::new();
    let mut taken = 0;
    for entry in entries.iter().filter(|entry| entry.index < size) {
        bytes.extend(canonical_json(entry).map_err(|error| Cut(error.to_string()))?);
        bytes.push(b'\n');
        taken += 1;
    }
    Ok((bytes.into(), taken))
}

/// The log could not be read to its end, so the download is cut off.
#[derive(Debug, thiserror::Error)]
#[error("the log cannot be read: {0}")]
struct Cut(String);

struct Chunks(mpsc::Receiver<Result<BodyFrame<Bytes>, Cut>>);

impl Stream for Chunks {
    type Item = Result<BodyFrame<Bytes>, Cut>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}

fn download(body: Body, kind: &'static str, name: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(name));
    response
}
