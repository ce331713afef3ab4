//! Places for connections. When all are taken, who has been idle longest makes room.
//!
//! Whoever opens thousands of connections thereby only closes their own: a connection that someone
//! with a key has used is closed after all those that nobody known has. What needs no key, such as
//! asking for health, is worth nothing here, or it would be the way to keep others out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// Places for connections.
#[derive(Clone, Debug)]
pub(crate) struct Slots(Arc<Mutex<Table>>);

#[derive(Debug)]
struct Table {
    free: usize,
    /// Idle connections: first those that nobody known has used, then by when they became idle.
    idle: BTreeMap<Rank, Arc<Notify>>,
    clock: u64,
}

/// Who goes first.
type Rank = (Proven, u64);

/// Whether someone with a key has used a connection.
type Proven = bool;

/// A place for one connection. Dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Slots,
    /// Tells the connection that it must go.
    evicted: Arc<Notify>,
    rank: Mutex<Option<Rank>>,
    proven: AtomicBool,
}

/// A request that a connection carries. Dropped, the connection is idle again.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Slot>);

impl Busy {
    /// Someone with a key has sent the request.
    pub(crate) fn prove(&self) {
        self.0.proven.store(true, Ordering::Relaxed);
    }
}

impl Slots {
    pub(crate) fn new(places: usize) -> Self {
        Self(Arc::new(Mutex::new(Table { free: places, idle: BTreeMap::new(), clock: 0 })))
    }

    /// Takes a place. With none left it sends the one away that has been idle longest, and the
    /// place is that one's; none when every connection is busy.
    pub(crate) fn take(&self) -> (Option<Arc<Slot>>, Room) {
        let mut table = self.lock();
        let room = if table.free > 0 {
            table.free -= 1;
            Room::Free
        } else if let Some((_, notify)) = table.idle.pop_first() {
            // Its place passes to the new one now; it gives none back when it ends.
            notify.notify_one();
            Room::Made
        } else {
            return (None, Room::None);
        };
        drop(table);
        let slot = Arc::new(Slot {
            slots: self.clone(),
            evicted: Arc::new(Notify::new()),
            rank: Mutex::new(None),
            proven: AtomicBool::new(false),
        });
        slot.rest();
        (Some(slot), room)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a place came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// It was free.
    Free,
    /// Another connection is being closed for it.
    Made,
    /// Nobody was idle, and there is none.
    None,
}

impl Slot {
    /// Returns when the connection must go.
    pub(crate) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// Begins a request. None when the connection was just told to go.
    pub(crate) fn work(self: &Arc<Self>) -> Option<Busy> {
        let mut table = self.slots.lock();
        let mut rank = self.rank.lock().unwrap_or_else(PoisonError::into_inner);
        table.idle.remove(&(*rank)?)?;
        *rank = None;
        Some(Busy(Arc::clone(self)))
    }

    /// Becomes idle.
    fn rest(&self) {
        let mut table = self.slots.lock();
        table.clock += 1;
        let rank = (self.proven.load(Ordering::Relaxed), table.clock);
        table.idle.insert(rank, Arc::clone(&self.evicted));
        *self.rank.lock().unwrap_or_else(PoisonError::into_inner) = Some(rank);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let rank = self.rank.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let mut table = self.slots.lock();
        let owns_its_place = match rank {
            // Idle: it owns its place unless it was evicted.
            Some(rank) => table.idle.remove(&rank).is_some(),
            // Busy: nobody could evict it.
            None => true,
        };
        if owns_its_place {
            table.free += 1;
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.rest();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use std::sync::Arc;

    use super::{Room, Slot, Slots};

    fn take(slots: &Slots) -> (Arc<Slot>, Room) {
        let (slot, room) = slots.take();
        (slot.expect("a place"), room)
    }

    #[test]
    fn a_place_is_free_again_when_its_connection_ends() {
        let slots = Slots::new(1);
        for _ in 0..3 {
            let (slot, room) = take(&slots);
            assert_eq!(room, Room::Free);
            drop(slot.work().expect("here"));
        }
    }

    #[test]
    fn who_nobody_knows_goes_before_who_is_known() {
        let slots = Slots::new(2);
        let (known, _) = take(&slots);
        let busy = known.work().expect("here");
        busy.prove();
        drop(busy);
        let (stranger, _) = take(&slots);
        // An answer that anyone can have makes nobody known.
        drop(stranger.work().expect("here"));
        let (_new, room) = take(&slots);
        assert_eq!(room, Room::Made, "the stranger's place");
        assert!(stranger.work().is_none(), "it was told to go");
        assert!(known.work().is_some());
        // The stranger gives back no place: it has none any more.
        drop(stranger);
        let (_newer, room) = take(&slots);
        assert_eq!(room, Room::Made, "the idle newcomer's place");
    }

    #[test]
    fn busy_connections_are_never_sent_away() {
        let slots = Slots::new(1);
        let (slot, _) = take(&slots);
        let busy = slot.work().expect("here");
        assert!(matches!(slots.take(), (None, Room::None)));
        drop(busy);
        assert_eq!(take(&slots).1, Room::Made);
    }
}
