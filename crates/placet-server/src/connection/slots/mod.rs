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

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use placet::TenantId;
use tokio::sync::Notify;

/// Places for connections.
#[derive(Clone, Debug)]
pub(crate) struct Slots(Arc<Mutex<Table>>);

#[derive(Debug)]
struct Table {
    free: usize,
    /// How many bytes of bodies there may be, and how many there are.
    most_bytes: usize,
    bytes: usize,
    clock: u64,
    crowds: HashMap<Owner, Crowd>,
}

/// Whose a connection is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
enum Owner {
    /// Nobody with a key has used it.
    #[default]
    Stranger,
    /// Somebody of a tenant has, or somebody who runs the daemon.
    Known(Option<TenantId>),
}

/// The connections of one owner.
#[derive(Debug, Default)]
struct Crowd {
    connections: usize,
    /// How many bytes of its bodies there are.
    bytes: usize,
    /// Those without a request, by when they became idle.
    idle: BTreeMap<u64, Arc<Notify>>,
    /// Those whose request lacks a part of its body, by when that began.
    receiving: BTreeMap<u64, Body>,
}

/// The body of a request, as far as it has come in.
#[derive(Debug)]
struct Body {
    evicted: Arc<Notify>,
    bytes: usize,
}

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

/// What a connection does. One that waits and is not among those of its owner was told to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    Idle(u64),
    Receiving(u64),
    #[default]
    Working,
}

/// A request that a connection carries. Dropped, the connection is idle again.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Slot>);

/// What carries a request, for whoever works on it.
#[derive(Clone, Debug)]
pub(crate) struct Carrier(Arc<Slot>);

/// A body that is coming in. Dropped, it is whole, or nobody waits for it any more.
#[derive(Debug)]
pub(crate) struct Receiving(Arc<Slot>);

impl Busy {
    /// What carries the request.
    pub(crate) fn carrier(&self) -> Carrier {
        Carrier(Arc::clone(&self.0))
    }
}

impl Carrier {
    /// Someone with a key, and with this tenant if any, has sent the request.
    pub(crate) fn belongs_to(&self, tenant: Option<&TenantId>) {
        self.0.belongs_to(Owner::Known(tenant.cloned()));
    }

    /// Begins to wait for the rest of the request.
    pub(crate) fn receive(&self) -> Receiving {
        self.0.wait(At::Receiving);
        Receiving(Arc::clone(&self.0))
    }
}

impl Receiving {
    /// Counts bytes that have come in; how many connections are being closed because there were too
    /// many.
    pub(crate) fn count(&self, bytes: usize) -> u64 {
        self.0.count(bytes)
    }

    /// The body is whole; false when the connection was told to go before it was.
    #[must_use]
    pub(crate) fn end(self) -> bool {
        self.0.work_on()
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.0.work_on();
    }
}

impl Slots {
    /// So many places, and room for so many bytes of bodies.
    pub(crate) fn new(places: usize, most_bytes: usize) -> Self {
        let crowds = HashMap::new();
        Self(Arc::new(Mutex::new(Table { free: places, most_bytes, bytes: 0, clock: 0, crowds })))
    }

    /// Takes a place. With none left it sends one away that waits for its client, and the place is
    /// that one's; none when every connection is busy.
    pub(crate) fn take(&self) -> (Option<Arc<Slot>>, Room) {
        let mut table = self.lock();
        let room = if table.free > 0 {
            table.free -= 1;
            Room::Free
        } else if table.make_room() {
            // Its place passes to the new one now; it gives none back when it ends.
            Room::Made
        } else {
            return (None, Room::None);
        };
        table.crowds.entry(Owner::Stranger).or_default().connections += 1;
        drop(table);
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

/// Where a place came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// It was free.
    Free,
    /// Another connection is being closed for it.
    Made,
    /// Nobody waited for their client, and there is none.
    None,
}

impl Table {
    /// Sends one away; whether there was one.
    fn make_room(&mut self) -> bool {
        let waits = |crowd: &Crowd| crowd.oldest();
        let known = |(owner, crowd): (&Owner, &Crowd)| {
            Some((crowd.connections, Reverse(waits(crowd)?), owner.clone()))
        };
        let strangers = self.crowds.get(&Owner::Stranger).and_then(waits).map(|_| Owner::Stranger);
        let owner = strangers.or_else(|| {
            let all = self.crowds.iter().filter_map(known);
            all.max_by_key(|(most, oldest, _)| (*most, *oldest)).map(|(_, _, owner)| owner)
        });
        owner.is_some_and(|owner| self.send_away(&owner))
    }

    /// Sends away whichever of an owner waits longest; whether there was one.
    fn send_away(&mut self, owner: &Owner) -> bool {
        let Some(crowd) = self.crowds.get_mut(owner) else { return false };
        let [idle, receiving] =
            [crowd.idle.first_key_value().map(|(at, _)| *at), crowd.first_receiving()];
        match (idle, receiving) {
            (Some(idle), receiving) if receiving.is_none_or(|receiving| idle < receiving) => {
                let Some((_, evicted)) = crowd.idle.pop_first() else { return false };
                evicted.notify_one();
                self.leave(owner);
                true
            }
            _ => self.cut_off(owner),
        }
    }

    /// Sends away whichever of an owner has the longest waited for the rest of a body.
    fn cut_off(&mut self, owner: &Owner) -> bool {
        let crowd = self.crowds.get_mut(owner);
        let Some((_, body)) = crowd.and_then(|crowd| crowd.receiving.pop_first()) else {
            return false;
        };
        self.forget(owner, body.bytes);
        body.evicted.notify_one();
        self.leave(owner);
        true
    }

    /// Cuts off bodies until there are few enough bytes of them; how many.
    fn fit(&mut self) -> u64 {
        let mut cut = 0;
        while self.bytes > self.most_bytes {
            let sends = self.crowds.iter().filter(|(_, crowd)| !crowd.receiving.is_empty());
            let most =
                sends.max_by_key(|(_, crowd)| (crowd.bytes, Reverse(crowd.first_receiving())));
            let most = most.map(|(owner, _)| owner.clone());
            if !most.is_some_and(|most| self.cut_off(&most)) {
                return cut;
            }
            cut += 1;
        }
        cut
    }

    /// Some bytes of an owner's bodies are there no more.
    fn forget(&mut self, owner: &Owner, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        if let Some(crowd) = self.crowds.get_mut(owner) {
            crowd.bytes = crowd.bytes.saturating_sub(bytes);
        }
    }

    /// An owner has one connection less.
    fn leave(&mut self, owner: &Owner) {
        if let Some(crowd) = self.crowds.get_mut(owner) {
            crowd.connections = crowd.connections.saturating_sub(1);
            if crowd.connections == 0 {
                self.crowds.remove(owner);
            }
        }
    }

    /// Takes a connection from among those that wait; false when it was told to go.
    fn take_back(&mut self, owner: &Owner, at: At) -> bool {
        let crowd = self.crowds.get_mut(owner);
        match at {
            At::Working => true,
            At::Idle(since) => crowd.is_some_and(|crowd| crowd.idle.remove(&since).is_some()),
            At::Receiving(since) => {
                let body = crowd.and_then(|crowd| crowd.receiving.remove(&since));
                self.forget(owner, body.as_ref().map_or(0, |body| body.bytes));
                body.is_some()
            }
        }
    }
}

impl Crowd {
    fn first_receiving(&self) -> Option<u64> {
        self.receiving.first_key_value().map(|(at, _)| *at)
    }

    /// Since when whoever waits longest does.
    fn oldest(&self) -> Option<u64> {
        let idle = self.idle.first_key_value().map(|(at, _)| *at);
        idle.into_iter().chain(self.first_receiving()).min()
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
        let is_here = table.take_back(&state.owner, state.at);
        if is_here {
            state.at = At::Working;
        }
        is_here
    }

    /// Begins to wait for the client, unless the connection was told to go.
    fn wait(&self, how: fn(u64) -> At) {
        let (mut table, mut state) = self.lock();
        if state.at != At::Working {
            return;
        }
        table.clock += 1;
        let now = table.clock;
        state.at = how(now);
        let crowd = table.crowds.entry(state.owner.clone()).or_default();
        let evicted = Arc::clone(&self.evicted);
        match state.at {
            At::Idle(_) => drop(crowd.idle.insert(now, evicted)),
            At::Receiving(_) => drop(crowd.receiving.insert(now, Body { evicted, bytes: 0 })),
            At::Working => {}
        }
    }

    fn belongs_to(&self, owner: Owner) {
        let (mut table, mut state) = self.lock();
        if state.at == At::Working && state.owner != owner {
            table.leave(&state.owner);
            table.crowds.entry(owner.clone()).or_default().connections += 1;
            state.owner = owner;
        }
    }

    fn count(&self, bytes: usize) -> u64 {
        let (mut table, state) = self.lock();
        let At::Receiving(since) = state.at else { return 0 };
        let Some(crowd) = table.crowds.get_mut(&state.owner) else { return 0 };
        let Some(body) = crowd.receiving.get_mut(&since) else { return 0 };
        body.bytes = body.bytes.saturating_add(bytes);
        crowd.bytes = crowd.bytes.saturating_add(bytes);
        table.bytes = table.bytes.saturating_add(bytes);
        table.fit()
    }

    fn lock(&self) -> (MutexGuard<'_, Table>, MutexGuard<'_, State>) {
        let table = self.slots.lock();
        (table, self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let (mut table, state) = self.lock();
        if table.take_back(&state.owner, state.at) {
            table.leave(&state.owner);
            table.free += 1;
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.wait(At::Idle);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use std::sync::Arc;

    use placet::TenantId;

    use super::{Busy, Receiving, Room, Slot, Slots};

    const BYTES: usize = 100;

    fn take(slots: &Slots) -> (Arc<Slot>, Room) {
        let (slot, room) = slots.take();
        (slot.expect("a place"), room)
    }

    /// A connection of a tenant that is idle.
    fn known(slots: &Slots, tenant: &str) -> Arc<Slot> {
        let (slot, _) = take(slots);
        let tenant: TenantId = tenant.parse().expect("a tenant");
        slot.work().expect("here").carrier().belongs_to(Some(&tenant));
        slot
    }

    /// Begins to send a body over a connection.
    fn begin(slot: &Arc<Slot>) -> (Receiving, Busy) {
        let busy = slot.work().expect("here");
        (busy.carrier().receive(), busy)
    }

    #[test]
    fn a_place_is_free_again_when_its_connection_ends() {
        let slots = Slots::new(1, BYTES);
        for _ in 0..3 {
            let (slot, room) = take(&slots);
            assert_eq!(room, Room::Free);
            drop(slot.work().expect("here"));
        }
        assert!(slots.lock().crowds.is_empty());
    }

    #[test]
    fn who_nobody_knows_goes_before_who_is_known() {
        let slots = Slots::new(2, BYTES);
        let known = known(&slots, "acme");
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
    fn of_those_who_are_known_the_tenant_with_the_most_makes_room() {
        let slots = Slots::new(4, BYTES);
        let first = known(&slots, "acme");
        let many = ["umbrella", "umbrella", "umbrella"].map(|tenant| known(&slots, tenant));
        let (one, two) = (known(&slots, "initech"), known(&slots, "initech"));
        let is_there = |slot: &Arc<Slot>| slot.work().is_some();
        assert!(is_there(&first), "it was idle longest, and it is the only one of its tenant");
        assert_eq!(many.each_ref().map(is_there), [false, false, true]);
        assert!(is_there(&one) && is_there(&two));
    }

    #[test]
    fn connections_at_work_are_never_sent_away() {
        let slots = Slots::new(1, BYTES);
        let (slot, _) = take(&slots);
        let busy = slot.work().expect("here");
        assert!(matches!(slots.take(), (None, Room::None)));
        drop(busy);
        assert_eq!(take(&slots).1, Room::Made);
    }

    #[test]
    fn who_sends_a_body_slowly_makes_room_and_gives_no_place_back() {
        let slots = Slots::new(2, BYTES);
        let (slow, _) = take(&slots);
        let busy = slow.work().expect("here");
        let receiving = busy.carrier().receive();
        assert_eq!(receiving.count(10), 0);
        let known = known(&slots, "acme");
        let (newcomer, room) = take(&slots);
        assert_eq!(room, Room::Made);
        assert_eq!(slots.lock().bytes, 0);
        // Nothing that comes in later counts, and the body is never whole.
        assert_eq!(receiving.count(BYTES + 1), 0);
        assert!(!receiving.end());
        drop(busy);
        assert!(slow.work().is_none());
        drop(slow);
        assert!(known.work().is_some() && newcomer.work().is_some());
        assert_eq!(slots.lock().free, 0);
    }

    #[test]
    fn who_has_sent_the_most_loses_the_body_that_is_the_longest_on_its_way() {
        let slots = Slots::new(8, BYTES);
        let acme = known(&slots, "acme");
        let umbrella = [(); 3].map(|()| known(&slots, "umbrella"));
        let (honest, _busy) = begin(&acme);
        assert_eq!(honest.count(30), 0);
        let slow = umbrella.each_ref().map(begin);
        assert_eq!(slow.each_ref().map(|(body, _)| body.count(30)), [0, 0, 1]);
        assert_eq!(honest.count(20), 1);
        assert_eq!(honest.count(20), 0);
        assert_eq!(slots.lock().bytes, BYTES);
        // A body that is whole counts no more.
        assert!(honest.end());
        assert_eq!(slots.lock().bytes, 30);
        assert_eq!(slow.each_ref().map(|(body, _)| body.0.work_on()), [false, false, true]);
    }
}
