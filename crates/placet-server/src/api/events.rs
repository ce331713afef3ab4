//! `GET /v1/events`

#![expect(unused_qualifications, reason = "the macro that describes the endpoint writes one")]

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use placet::store::StoreError;
use placet::{AgentId, Entry, Log, READ_TOGETHER, TenantId};
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::{Principal, Read, go_on, role};
use crate::limits::{EVENTS_AHEAD, EVENTS_HEARTBEAT};
use crate::seats::Seat;
use crate::wire::{Problem, Query, prefer};

/// Where the stream begins.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct From {
    /// The first entry to send; without it, and without `Last-Event-ID`, the next one to come.
    from: Option<u64>,
}

/// One event of the stream, by its fields.
#[derive(ToSchema)]
#[schema(as = Event)]
#[expect(dead_code, reason = "it describes what is sent")]
pub(crate) struct Shape {
    /// The index of the entry.
    #[schema(pattern = "^[0-9]+$", example = "12")]
    id: String,
    /// What kind of entry it is.
    #[schema(pattern = "^[a-z_]+$", example = "decided")]
    event: String,
    /// The entry.
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// Follow the log, live.
///
/// Every entry is a server-sent event: its `id` is the entry's index, its `event` the kind, its
/// `data` the entry as JSON. A client that was cut off sends `Last-Event-ID`, as browsers do by
/// themselves, and misses nothing. A key of a tenant sees what is about its tenant. Where the log has
/// not come as far as the place that is named, as after it was restored from a copy, the answer is 409.
///
/// With `Prefer: wait=N` the stream sends what is there, and what comes within N seconds after that,
/// and ends.
#[utoipa::path(
    get,
    path = "/v1/events",
    operation_id = "follow_events",
    tag = "log",
    params(
        From,
        ("Prefer" = Option<String>, Header, nullable = false, description = "wait=N, in seconds", example = "wait=30"),
        ("Last-Event-ID" = Option<u64>, Header, nullable = false, description = "the index of the last entry seen"),
    ),
    responses((status = OK, body = Shape, content_type = "text/event-stream")),
)]
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    read: Read<role::Reader>,
    Query(From { from }): Query<From>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").map(|last| {
        let index = last.to_str().ok().and_then(|last| last.parse().ok()).filter(is_index);
        index.ok_or_else(|| Problem::malformed("Last-Event-ID: send the id of an event"))
    });
    let resumed = last.transpose()?.map(|last| last.saturating_add(1));
    if !from.as_ref().is_none_or(is_index) {
        return Err(Problem::malformed("the query: from: the index of an entry is expected"));
    }
    let size = app.guard.log().size();
    let from = resumed.or(from).unwrap_or(size);
    if from > size {
        return Err(Problem::conflict(
            "the log has not come that far: it is another one than was followed, or was restored \
             from a copy; follow it anew, with from=0 for all of it",
        ));
    }
    let seat = read.principal.seat(&app)?;
    let (sender, receiver) = mpsc::channel(EVENTS_AHEAD);
    let key = &read.principal.key;
    let sees = Sees(key.tenant.clone().map(|tenant| (tenant, key.agent.clone())));
    let follower = Follower { app, principal: read.principal, sees, next: from, sender };
    go_on(follower.run(seat, prefer::wait(&headers)));
    let alive = KeepAlive::new().interval(EVENTS_HEARTBEAT);
    Ok(Sse::new(Events(receiver)).keep_alive(alive).into_response())
}

/// Whether an entry can have this index: a log counts to 2^63.
fn is_index(index: &u64) -> bool {
    i64::try_from(*index).is_ok()
}

/// The stream that is sent.
pub(crate) struct Events(mpsc::Receiver<Sent>);

impl Stream for Events {
    type Item = Result<Sent, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|sent| sent.map(Ok))
    }
}

/// What somebody sees: what is about a tenant and, where one is named, one of its agents; or everything.
#[derive(Clone)]
struct Sees(Option<(TenantId, Option<AgentId>)>);

impl Sees {
    fn sees(&self, log: &Log, entry: &Entry) -> Result<bool, StoreError> {
        let Some((tenant, agent)) = &self.0 else { return Ok(true) };
        log.is_about(entry, tenant, agent.as_ref())
    }

    /// Entries from an index on, and whether each is seen.
    fn read(&self, log: &Log, from: u64) -> Result<Vec<(Entry, bool)>, StoreError> {
        let entries = log.entries(from, READ_TOGETHER)?.into_iter();
        entries.map(|entry| self.sees(log, &entry).map(|sees| (entry, sees))).collect()
    }
}

/// Follows the log for one client.
struct Follower {
    app: Arc<App>,
    principal: Principal,
    sees: Sees,
    next: u64,
    sender: mpsc::Sender<Sent>,
}

impl Follower {
    /// Until the client goes, its key is revoked, the daemon stops, or the client has waited long
    /// enough.
    async fn run(mut self, _seat: Seat, wait: Option<Duration>) {
        let (stop, client) = (self.app.stop.clone(), self.sender.clone());
        tokio::select! {
            () = client.closed() => {}
            () = stop.asked() => {}
            _ = self.follow_for(wait) => {}
        }
    }

    /// What is in the log, and what comes within so much time after that.
    async fn follow_for(&mut self, wait: Option<Duration>) -> Option<()> {
        let Some(wait) = wait else { return self.follow().await };
        self.catch_up(self.app.guard.log().size()).await?;
        tokio::time::timeout(wait, self.follow()).await.ok()?
    }

    /// First what is in the log, then what comes; none when there is nothing more to do.
    async fn follow(&mut self) -> Option<()> {
        loop {
            let mut live = self.app.hub.events(self.app.guard.log());
            self.catch_up(u64::MAX).await?;
            loop {
                match live.recv().await {
                    Ok(entry) if entry.index == self.next => {
                        let sees = self.sees(&entry).await?;
                        self.send(&entry, sees).await?;
                    }
                    // It was read already.
                    Ok(entry) if entry.index < self.next => {}
                    // Some are missing: they are in the log.
                    Ok(_) | Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return None,
                }
            }
        }
    }

    /// What is in the log, at most the rest of what is read together with the last one below an index.
    async fn catch_up(&mut self, below: u64) -> Option<()> {
        while self.next < below {
            let (from, sees) = (self.next, self.sees.clone());
            let read = self.app.blocking(move |guard| sees.read(guard.log(), from)).await;
            let entries = read.ok()?.ok()?;
            if entries.is_empty() {
                return Some(());
            }
            for (entry, sees) in entries {
                self.send(&entry, sees).await?;
            }
        }
        Some(())
    }

    async fn send(&mut self, entry: &Entry, sees: bool) -> Option<()> {
        self.next = entry.index.saturating_add(1);
        // A stream outlives the request that opened it, but not the key.
        if !self.app.guard.admits(&self.principal.caller) {
            return None;
        }
        if !sees {
            return Some(());
        }
        let sent = Sent::default().id(entry.index.to_string()).event(entry.event.kind());
        let sent = sent.json_data(entry).ok()?;
        self.sender.send(sent).await.ok()
    }

    async fn sees(&self, entry: &Arc<Entry>) -> Option<bool> {
        if self.sees.0.is_none() {
            return Some(true);
        }
        let (entry, sees) = (Arc::clone(entry), self.sees.clone());
        self.app.blocking(move |guard| sees.sees(guard.log(), &entry)).await.ok()?.ok()
    }
}
