//! How a client hears that its call waits for people.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, watch};

use crate::client::Client;
use crate::id::Id;
use crate::reply;

/// Numbers the gateway's own requests.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// An id that no other request of ours has.
pub(crate) fn fresh_id() -> Id {
    Id::ours(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The way to the client that made a call.
pub(crate) struct Ask {
    to: mpsc::Sender<Bytes>,
    client: Client,
    /// What progress of the call is told under, if the client wants to hear of it.
    token: Option<Value>,
    told: u64,
    waits: Arc<Notify>,
    wanted: watch::Receiver<()>,
}

/// Whoever holds it wants the call; dropped, it is not wanted any more.
#[derive(Debug)]
pub(crate) struct Wanted {
    _sender: watch::Sender<()>,
}

impl Ask {
    pub(crate) fn new(
        to: mpsc::Sender<Bytes>,
        client: Client,
        token: Option<Value>,
    ) -> (Self, Wanted) {
        let (sender, wanted) = watch::channel(());
        let ask = Self { to, client, token, told: 0, waits: Arc::default(), wanted };
        (ask, Wanted { _sender: sender })
    }

    /// The way to a client that asks now and then what became of its call.
    pub(crate) fn later(&self) -> (Self, Wanted) {
        // Nobody listens.
        let (to, _) = mpsc::channel(1);
        Self::new(to, self.client.asks_later(), None)
    }

    /// Whether nobody wants the call any more.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.wanted.has_changed().is_err()
    }

    /// Waits until nobody wants the call any more.
    pub(crate) async fn cancelled(&self) {
        let mut wanted = self.wanted.clone();
        while wanted.changed().await.is_ok() {}
    }

    /// What is notified when the call begins to wait for people.
    pub(crate) fn waits(&self) -> Arc<Notify> {
        Arc::clone(&self.waits)
    }

    /// Says that the call begins to wait.
    pub(crate) fn begin(&self) {
        self.waits.notify_one();
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Says that the call still waits.
    pub(crate) async fn progress(&mut self, text: &str) {
        let Some(token) = &self.token else { return };
        self.told += 1;
        let params = json!({ "progressToken": token, "progress": self.told, "message": text });
        drop(self.to.send(reply::notification("notifications/progress", &params)).await);
    }

    /// Shows a person where they can answer. What comes back is not waited for: it is no proof that
    /// anybody did.
    pub(crate) async fn show_page(&self, url: &str, text: &str, approval: &str) {
        if self.client.opens_pages && !self.client.is_modern {
            let params = page(url, text, approval);
            drop(self.to.send(reply::request(&fresh_id(), "elicitation/create", &params)).await);
        }
    }

    /// Says that the page is of no use any more.
    pub(crate) async fn close_page(&self, approval: &str) {
        if self.client.opens_pages && !self.client.is_modern {
            let params = json!({ "elicitationId": approval });
            let told = reply::notification("notifications/elicitation/complete", &params);
            drop(self.to.send(told).await);
        }
    }
}

/// What asks a client to open a page.
pub(crate) fn page(url: &str, text: &str, approval: &str) -> Value {
    json!({ "mode": "url", "url": url, "message": text, "elicitationId": approval })
}
