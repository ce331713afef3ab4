//! What a client says, also while its server does not read.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use placet::{ActionId, Outcome};
use tokio::sync::mpsc::error::{SendTimeoutError, TrySendError};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;

use super::{Relay, lock};
use crate::id::Id;
use crate::judge::clip;
use crate::limits::{LAST_WORDS, MAX_AHEAD, READS};
use crate::message::{Kind, Message};
use crate::reply;
use crate::stdio::Skipped;

/// What is said of what a server did not take.
pub(super) const UNREAD: &str = "the server does not read: it did not take this in time";

/// What tells that something is not wanted any more.
const CANCELLED: &str = "notifications/cancelled";

/// Longest message that is looked at for that before it is its turn.
const SHORT: usize = 4096;

/// What a line takes of memory besides its bytes, about.
const BESIDE: usize = 256;

impl Relay {
    /// Hears a client until it goes away. It is listened to also while something waits for the server, so
    /// that its end, and what it does not want any more, is heard.
    pub(super) async fn hear_all(
        self: &Arc<Self>,
        from: &mut mpsc::Receiver<Result<Bytes, Skipped>>,
    ) {
        let room = Semaphore::new(MAX_AHEAD);
        let (to, mut lines) = mpsc::unbounded_channel();
        let taken = async {
            while let Some(line) = from.recv().await {
                if self.takes_back(&line) {
                    continue;
                }
                let size = line.as_ref().map_or(0, Bytes::len).saturating_add(BESIDE);
                let size = size.min(MAX_AHEAD);
                let Ok(taken) = room.acquire_many(u32::try_from(size).unwrap_or(1)).await else {
                    return;
                };
                taken.forget();
                if to.send((line, size)).is_err() {
                    return;
                }
            }
            drop(to);
            // What it said last may still reach the server.
            sleep(LAST_WORDS).await;
        };
        let heard = async {
            while let Some((line, size)) = lines.recv().await {
                self.hear_client(line).await;
                room.add_permits(size);
            }
        };
        tokio::select! {
            biased;
            () = heard => {}
            () = taken => {}
        }
    }

    /// Stops judging a call that its client does not want any more; whether that is all that a line says.
    fn takes_back(&self, line: &Result<Bytes, Skipped>) -> bool {
        let Ok(line) = line else { return false };
        let is_said = |part: &[u8]| part == CANCELLED.as_bytes();
        if line.len() > SHORT || !line.windows(CANCELLED.len()).any(is_said) {
            return false;
        }
        let Ok(message) = Message::read(line.clone()) else { return false };
        matches!(message.kind(), Kind::Notification(method) if method == CANCELLED)
            && self.cancel(&message)
    }

    /// Tells the server something; whether it took it. One that leaves unread what waits for it is not
    /// waited for again before it has read some of it.
    pub(super) async fn tell_server(&self, bytes: Bytes) -> bool {
        let bytes = match self.to_server.try_send(bytes) {
            Ok(()) => {
                self.is_stuck.store(false, Ordering::Relaxed);
                return true;
            }
            Err(TrySendError::Full(bytes)) if !self.is_stuck.load(Ordering::Relaxed) => bytes,
            Err(_) => return false,
        };
        let time = READS.min(self.judge.call_time());
        match self.to_server.send_timeout(bytes, time).await {
            Ok(()) => true,
            Err(SendTimeoutError::Closed(_)) => false,
            Err(SendTimeoutError::Timeout(_)) => {
                tracing::warn!("the server does not read what it is sent");
                self.is_stuck.store(true, Ordering::Relaxed);
                false
            }
        }
    }

    /// Tells the server what nobody answers. Where it does not read, that is lost, and so it is said.
    pub(super) async fn hand_on(&self, what: &str, message: Message) {
        if !self.tell_server(message.into_bytes()).await {
            let what = clip(what);
            tracing::warn!(what, "not passed on: the server does not read, or has ended");
        }
    }

    /// Asks the server what a client asks; one that does not read has not answered.
    pub(super) async fn ask(&self, id: &Id, bytes: Bytes) {
        if !self.tell_server(bytes).await {
            self.unread(id, None).await;
        }
    }

    /// Tells a client that its request never reached the server.
    pub(super) async fn unread(&self, id: &Id, action: Option<ActionId>) {
        if lock(&self.pending).answered(id).is_none() {
            return;
        }
        if let Some(action) = action {
            self.conclude(action, Outcome::Failed, UNREAD.to_owned());
        }
        self.tell_client(reply::error(Some(id), reply::INTERNAL_ERROR, UNREAD)).await;
    }
}
