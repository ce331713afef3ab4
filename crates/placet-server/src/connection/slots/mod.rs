//! Places for connections. When all are taken, one that waits for its client makes room.
//!
//! A connection waits for its client between two requests and while the body of one comes in.
//! Whoever opens thousands of them thereby only closes their own: first goes what nobody with a key
//! has used, then, of the tenant that has the most connections, the one that waits longest. What needs
//! no key, such as asking for health, is worth nothing here, or it would be the way to keep others
//! out.
//!
//! The bytes of bodies that come in are counted as well. When they are too many, the tenant that has
//! sent the most of them, or those without a key together, lose the body that is the longest on its
//! way.
//!
//! A connection at work makes no room: it is owed an answer. So a tenant gets another request into
//! the works only as long as it has no more of them there than it leaves places for others. The first
//! that comes may have half of all, the next half of the rest, and whoever comes next finds one.

mod table;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use placet::TenantId;
use tokio::sync::Notify;

use crate::wire::Problem;
pub(crate) use table::Room;
use table::{At, Owner, Table};

/// When to ask again who has too many requests in the works.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Places for connections.
#[derive(Clone, Debug)]
pub(crate) struct Slots(Arc<Mutex<Table>>);

/// A place for one connection. Dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Slots,
    /// Tells the connection that it must go.
    evicted: Arc<Notify>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    owner: Owner,
    at: At,
}

/// A request that a connection carries. Dropped, the connection is idle again.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Slot>);

/// A request that is refused, while its answer is kept back. Dropped, the connection is as it is.
#[derive(Debug)]
pub(crate) struct Resting<'a>(&'a Slot);

/// What carries a request, for whoever works on it.
#[derive(Clone, Debug)]
pub(crate) struct Carrier(Arc<Slot>);

/// A body that is coming in. Dropped, it is whole, or nobody waits for it any more.
#[derive(Debug)]
pub(crate) struct Receiving {
    slot: Arc<Slot>,
    has_ended: bool,
}

impl Busy {
    /// What carries the request.
    pub(crate) fn carrier(&self) -> Carrier {
        Carrier(Arc::clone(&self.0))
    }

    /// Has the connection make room for others while its answer is kept back.
    pub(crate) fn rest(&self) -> Resting<'_> {
        self.0.wait(At::Idle);
        Resting(&self.0)
    }
}

impl Resting<'_> {
    /// Goes on; false when the connection was told to go.
    #[must_use]
    pub(crate) fn end(self) -> bool {
        self.0.work_on()
    }
}

impl Carrier {
    /// Lets in a request that someone with a key, and with this tenant if any, has sent.
    pub(crate) fn admit_known(&self, tenant: Option<&TenantId>) -> Result<(), Problem> {
        self.0.admit(Some(Owner::Known(tenant.cloned())))
    }

    /// Lets in a request all of which is there, unless whoever the connection belongs to has too many
    /// in the works.
    pub(crate) fn admit(&self) -> Result<(), Problem> {
        self.0.admit(None)
    }

    /// Begins to wait for the rest of the request.
    pub(crate) fn receive(&self) -> Receiving {
        self.0.wait(At::Receiving);
        Receiving { slot: Arc::clone(&self.0), has_ended: false }
    }
}

impl Receiving {
    /// Counts bytes that have come in; how many connections are being closed because there were too
    /// many.
    pub(crate) fn count(&self, bytes: usize) -> u64 {
        self.slot.count(bytes)
    }

    /// The body is whole; false when the connection was told to go before it was.
    #[must_use]
    pub(crate) fn end(mut self) -> bool {
        self.has_ended = true;
        self.slot.work_on()
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        if !self.has_ended {
            self.slot.work_on();
        }
    }
}

impl Slots {
    /// So many places, and room for so many bytes of bodies.
    pub(crate) fn new(places: usize, most_bytes: usize) -> Self {
        Self(Arc::new(Mutex::new(Table::new(places, most_bytes))))
    }

    /// Takes a place. With none left it sends one away that waits for its client, and the place is
    /// that one's; none when every connection is busy.
    pub(crate) fn take(&self) -> (Option<Arc<Slot>>, Room) {
        let room = self.lock().take();
        if room == Room::None {
            return (None, room);
        }
        let slot = Arc::new(Slot {
            slots: self.clone(),
            evicted: Arc::new(Notify::new()),
            state: Mutex::default(),
        });
        slot.wait(At::Idle);
        (Some(slot), room)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Returns when the connection must go.
    pub(crate) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// Begins a request. None when the connection was just told to go.
    pub(crate) fn work(self: &Arc<Self>) -> Option<Busy> {
        self.work_on().then(|| Busy(Arc::clone(self)))
    }

    /// Waits for the client no more; false when the connection was told to go.
    fn work_on(&self) -> bool {
        let (mut table, mut state) = self.lock();
        let is_here = table.work_on(&state.owner, state.at);
        if is_here {
            state.at = At::Working;
        }
        is_here
    }

    /// Begins to wait for the client, unless the connection was told to go.
    fn wait(&self, how: fn(u64) -> At) {
        let (mut table, mut state) = self.lock();
        if state.at == At::Working {
            state.at = table.wait(&state.owner, how, Arc::clone(&self.evicted));
        }
    }

    /// Lets in a request, of another owner from now on where one is named.
    fn admit(&self, owner: Option<Owner>) -> Result<(), Problem> {
        let (mut table, mut state) = self.lock();
        let is_other = |owner: &Owner| state.at == At::Working && state.owner != *owner;
        if let Some(owner) = owner.filter(is_other) {
            table.pass(&state.owner, &owner);
            state.owner = owner;
        }
        if table.is_within_share(&state.owner) {
            return Ok(());
        }
        let whose = match state.owner {
            Owner::Stranger => "those without a key have",
            Owner::Known(None) => "those who run the daemon have",
            Owner::Known(Some(_)) => "the tenant has",
        };
        let detail =
            format!("{whose} so many requests in the works that others would find no place");
        Err(Problem::too_many(detail, RETRY_AFTER))
    }

    fn count(&self, bytes: usize) -> u64 {
        let (mut table, state) = self.lock();
        table.count(&state.owner, state.at, bytes)
    }

    fn lock(&self) -> (MutexGuard<'_, Table>, MutexGuard<'_, State>) {
        let table = self.slots.lock();
        (table, self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let (mut table, state) = self.lock();
        table.give_back(&state.owner, state.at);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.wait(At::Idle);
    }
}

#[cfg(test)]
mod tests;
