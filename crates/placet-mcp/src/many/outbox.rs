//! What waits for one of several servers, so that one that does not read holds up nobody but itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::limits::{MAX_BACKLOG, SLOT};
use crate::stdio::Skipped;

/// The way to a server.
pub(super) struct Outbox {
    to: mpsc::UnboundedSender<(Bytes, OwnedSemaphorePermit)>,
    /// Room for what waits, in bytes.
    room: Arc<Semaphore>,
    sending: AbortHandle,
}

impl Outbox {
    pub(super) fn new(server: mpsc::Sender<Result<Bytes, Skipped>>) -> Self {
        let (to, mut from) = mpsc::unbounded_channel();
        // It goes on for what waits when there is nothing more to come.
        let sending = tokio::spawn(async move {
            while let Some((bytes, room)) = from.recv().await {
                if server.send(Ok(bytes)).await.is_err() {
                    return;
                }
                drop(room);
            }
        });
        let room = Arc::new(Semaphore::new(MAX_BACKLOG));
        Self { to, room, sending: sending.abort_handle() }
    }

    /// Sends a message as soon as there is room for it, or gives the server up if there is none within
    /// this time; whether it was sent.
    pub(super) async fn send(&self, bytes: Bytes, time: Duration) -> bool {
        // A message that is larger than that waits alone.
        let size = bytes.len().saturating_add(SLOT).min(MAX_BACKLOG);
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(size);
        let Ok(Ok(room)) = timeout(time, room).await else {
            self.sending.abort();
            return false;
        };
        // A server that has ended says so in another way.
        drop(self.to.send((bytes, room)));
        true
    }
}
