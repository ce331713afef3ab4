//! Waiting for what becomes of an action.
//!
//! One thread follows the log and wakes whoever waits for the action that an entry is about. So a
//! wait is a few hundred bytes and no thread of its own, and nobody looks at what concerns others.
//! The thread starts with the first wait and ends with the log.

use std::collections::HashMap;
use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread::Builder;
use std::time::Duration;

use placet_core::{ActionId, Entry, Event};
use placet_store::sequencer::{Pulse, Tip, wait};
use placet_store::{Reader, StoreError};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, watch};

use crate::log::READ_TOGETHER;

/// How long to wait before the log is read again after it could not be.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Everyone who waits for something to become of an action.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    actions: Mutex<HashMap<ActionId, Arc<Notify>>>,
    /// Whether the log is followed.
    is_running: Mutex<bool>,
}

/// Listens for what becomes of one action. Dropped, it is forgotten.
pub(crate) struct Ear {
    waits: Arc<Waits>,
    action: ActionId,
    notify: Arc<Notify>,
}

impl Waits {
    /// Listens for what becomes of an action.
    pub(crate) fn listen(self: &Arc<Self>, action: ActionId) -> Ear {
        let notify = Arc::clone(self.lock().entry(action).or_default());
        Ear { waits: Arc::clone(self), action, notify }
    }

    /// Starts following the log, unless that is being done. Whatever is appended after this has
    /// returned, to whoever, is heard: the place to follow from is taken before, and not when the
    /// thread gets round to it.
    pub(crate) fn run(
        self: &Arc<Self>,
        (tip, pulse): (watch::Receiver<Tip>, Pulse),
        reader: impl FnOnce() -> Result<Box<dyn Reader>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut is_running = self.is_running.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_running {
            return Ok(());
        }
        let (reader, waits, next) = (reader()?, Arc::clone(self), tip.borrow().size);
        Builder::new()
            .name("placet-waits".to_owned())
            .spawn(move || waits.follow(next, (tip, pulse), reader))
            .map_err(|error| StoreError::Io(error.to_string()))?;
        *is_running = true;
        Ok(())
    }

    /// Follows the log from an entry on, until it is closed or written no more.
    fn follow(
        &self,
        mut next: u64,
        (mut tip, pulse): (watch::Receiver<Tip>, Pulse),
        mut reader: Box<dyn Reader>,
    ) {
        while let Some(size) = beyond(next, &mut tip, &pulse) {
            match read(&mut *reader, next, size) {
                Ok(entries) => {
                    next = entries.last().map_or(next, |last| last.index.saturating_add(1));
                    entries.iter().filter_map(about).for_each(|action| self.wake(action));
                }
                // Whoever waits looks again by themselves at the deadline.
                Err(_) => std::thread::sleep(RETRY_AFTER),
            }
        }
        // Nothing more will happen, which they see when they look.
        for (_, notify) in self.lock().drain() {
            notify.notify_waiters();
        }
    }

    fn wake(&self, action: ActionId) {
        if let Some(notify) = self.lock().remove(&action) {
            notify.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ActionId, Arc<Notify>>> {
        self.actions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many entries are shown, once there are more than `next`; none when there will be no more.
fn beyond(next: u64, tip: &mut watch::Receiver<Tip>, pulse: &Pulse) -> Option<u64> {
    let mut grown = pin!(tip.wait_for(|tip| tip.size > next));
    let mut stopped = pin!(pulse.stopped());
    wait(poll_fn(|context| match grown.as_mut().poll(context) {
        Poll::Ready(grown) => Poll::Ready(grown.ok().map(|tip| tip.size)),
        // After a panic the place where the tip is shown stays there, and nobody shows any more.
        Poll::Pending => stopped.as_mut().poll(context).map(|()| None),
    }))
}

/// The next entries, and none that is not shown yet: an entry can be read a moment before the state
/// has it, and whoever were woken then would look at the state, find nothing, and never be woken
/// again.
fn read(reader: &mut dyn Reader, from: u64, size: u64) -> Result<Vec<Entry>, StoreError> {
    let shown = usize::try_from(size.saturating_sub(from)).unwrap_or(READ_TOGETHER);
    let entries = reader.view()?.entries(from, shown.min(READ_TOGETHER))?;
    let decoded = entries
        .iter()
        .map(|stored| stored.decode().map_err(|error| StoreError::Corrupt(error.to_string())));
    decoded.collect()
}

/// The action whose approval ended with an entry.
fn about(entry: &Entry) -> Option<ActionId> {
    match &entry.event {
        Event::SignedOff(signed) => signed.expires.map(|_| signed.action),
        Event::Denied(denied) => Some(denied.action),
        Event::Expired(expired) => Some(expired.action),
        Event::Withdrawn(withdrawn) => Some(withdrawn.action),
        Event::Superseded(superseded) => Some(superseded.action),
        Event::Voided(voided) => Some(voided.action),
        _ => None,
    }
}

impl Ear {
    /// Returns when something has become of the action. What happens from this call on is heard,
    /// also before the future is waited for.
    pub(crate) fn heard(&self) -> Pin<Box<Notified<'_>>> {
        let mut heard = Box::pin(self.notify.notified());
        heard.as_mut().enable();
        heard
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let mut waiting = self.waits.lock();
        // The table's and our own: nobody else listens.
        let is_last = |notify: &Arc<Notify>| {
            Arc::ptr_eq(notify, &self.notify) && Arc::strong_count(notify) == 2
        };
        if waiting.get(&self.action).is_some_and(is_last) {
            waiting.remove(&self.action);
        }
    }
}
