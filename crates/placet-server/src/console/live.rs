//! `/console/events`: telling a page that it is out of date.
//!
//! The stream says only that something has changed; the page then asks for itself again, and gets
//! what its visitor may see. So nothing that an agent wrote ever reaches a script.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use placet::{ActionId, Entry, Event};
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::fault::Fault;
use super::visitor::Visitor;
use crate::app::App;
use crate::auth::go_on;
use crate::auth::role::Reader;
use crate::limits::EVENTS_HEARTBEAT;
use crate::seats::Seat;
use crate::wire::{Problem, Query};

/// How long a page is left alone after it was told: what happens meanwhile is told at its end.
const PAUSE: Duration = Duration::from_millis(300);

/// What a page is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// `inbox`, `activity`, or the id of an action.
    of: String,
}

#[derive(Clone, Copy)]
enum Subject {
    Inbox,
    Activity,
    Action(ActionId),
}

pub(super) async fn events(
    State(app): State<Arc<App>>,
    visitor: Visitor<Reader>,
    Query(Asked { of }): Query<Asked>,
) -> Result<Response, Fault> {
    let subject = match of.as_str() {
        "inbox" => Subject::Inbox,
        "activity" => Subject::Activity,
        id => Subject::Action(id.parse().map_err(Problem::malformed)?),
    };
    let seat = visitor.principal.seat(&app)?;
    let (sender, receiver) = mpsc::channel(1);
    let teller = Teller { app, visitor, subject, sender };
    go_on(teller.run(seat));
    let alive = KeepAlive::new().interval(EVENTS_HEARTBEAT);
    Ok(Sse::new(Changes(receiver)).keep_alive(alive).into_response())
}

/// The stream that is sent.
struct Changes(mpsc::Receiver<()>);

impl Stream for Changes {
    type Item = Result<Sent, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let sent = |()| Ok(Sent::default().event("changed").data("-"));
        self.0.poll_recv(cx).map(|told| told.map(sent))
    }
}

/// Tells one page.
struct Teller {
    app: Arc<App>,
    visitor: Visitor<Reader>,
    subject: Subject,
    sender: mpsc::Sender<()>,
}

impl Teller {
    /// Until the page is closed, its session ends, or the daemon stops.
    async fn run(self, _seat: Seat) {
        tokio::select! {
            () = self.sender.closed() => {}
            () = self.app.stop.asked() => {}
            _ = self.follow() => {}
        }
    }

    /// None when there is nobody to tell any more.
    async fn follow(&self) -> Option<()> {
        let mut live = self.app.hub.events(self.app.guard.log());
        // What happened before we listened may be missing on the page.
        self.sender.send(()).await.ok()?;
        loop {
            let matters = match live.recv().await {
                Ok(entry) => self.matters(&entry).await?,
                Err(RecvError::Lagged(_)) => true,
                Err(RecvError::Closed) => return None,
            };
            // A stream outlives the request that opened it, but not the session.
            if !self.app.guard.admits(&self.visitor.principal.caller) {
                return None;
            }
            if matters {
                self.sender.send(()).await.ok()?;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Whether the page shows something else after an entry. Nobody learns from the timing what
    /// happens in other tenants.
    async fn matters(&self, entry: &Arc<Entry>) -> Option<bool> {
        let is_about = match self.subject {
            // What a policy or a switch forbids may be what is shown here.
            Subject::Inbox | Subject::Action(_) if changes_all(&entry.event) => true,
            Subject::Inbox => changes_inbox(&entry.event),
            Subject::Activity => entry.event.action().is_some(),
            Subject::Action(id) => entry.event.action() == Some(id),
        };
        match self.visitor.tenant().cloned() {
            Some(tenant) if is_about => {
                let entry = Arc::clone(entry);
                let about =
                    self.app.blocking(move |guard| guard.log().is_about(&entry, &tenant, None));
                about.await.ok()?.ok()
            }
            _ => Some(is_about),
        }
    }
}

/// Whether it changes what may run, whatever was decided before.
fn changes_all(event: &Event) -> bool {
    matches!(event, Event::PolicyInstalled(_) | Event::Tripped(_))
}

/// Whether an action begins to wait, or waits no more, or for fewer people.
fn changes_inbox(event: &Event) -> bool {
    match event {
        Event::Decided(decided) => decided.approval.is_some(),
        Event::SignedOff(_)
        | Event::Denied(_)
        | Event::Expired(_)
        | Event::Withdrawn(_)
        | Event::Superseded(_)
        | Event::Voided(_) => true,
        _ => false,
    }
}
