//! Whose connections there are, and what each of them does.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use placet::TenantId;
use tokio::sync::Notify;

/// Every connection that has a place.
#[derive(Debug)]
pub(super) struct Table {
    /// How many places there are, and how many of them nobody has.
    places: usize,
    pub(super) free: usize,
    /// How many connections carry a request all of which is there.
    at_work: usize,
    /// How many bytes of bodies there may be, and how many there are.
    most_bytes: usize,
    pub(super) bytes: usize,
    clock: u64,
    pub(super) crowds: HashMap<Owner, Crowd>,
}

/// What a connection does. One that waits and is not among those of its owner was told to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum At {
    Idle(u64),
    Receiving(u64),
    #[default]
    Working,
}

/// Whose a connection is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    /// Nobody with a key has used it.
    #[default]
    Stranger,
    /// Somebody of a tenant has, or somebody who runs the daemon.
    Known(Option<TenantId>),
}

/// The connections of one owner.
#[derive(Debug, Default)]
pub(super) struct Crowd {
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
pub(super) struct Body {
    evicted: Arc<Notify>,
    bytes: usize,
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
    pub(super) fn new(places: usize, most_bytes: usize) -> Self {
        let crowds = HashMap::new();
        Self { places, free: places, at_work: 0, most_bytes, bytes: 0, clock: 0, crowds }
    }

    /// Takes a place for one that carries a request; where it came from.
    pub(super) fn take(&mut self) -> Room {
        let room = if self.free > 0 {
            self.free -= 1;
            Room::Free
        } else if self.make_room() {
            // Its place passes to the new one now; it gives none back when it ends.
            Room::Made
        } else {
            return Room::None;
        };
        self.crowds.entry(Owner::Stranger).or_default().connections += 1;
        self.at_work += 1;
        room
    }

    /// Gives the place of a connection back, unless it was told to go.
    pub(super) fn give_back(&mut self, owner: &Owner, at: At) {
        if self.work_on(owner, at) {
            self.at_work = self.at_work.saturating_sub(1);
            self.leave(owner);
            self.free += 1;
        }
    }

    /// Has a connection that carries a request wait for its client.
    pub(super) fn wait(&mut self, owner: &Owner, how: fn(u64) -> At, evicted: Arc<Notify>) -> At {
        self.at_work = self.at_work.saturating_sub(1);
        self.clock += 1;
        let (now, at) = (self.clock, how(self.clock));
        let crowd = self.crowds.entry(owner.clone()).or_default();
        match at {
            At::Idle(_) => drop(crowd.idle.insert(now, evicted)),
            At::Receiving(_) => drop(crowd.receiving.insert(now, Body { evicted, bytes: 0 })),
            At::Working => {}
        }
        at
    }

    /// Has a connection go on with a request; false when it was told to go.
    pub(super) fn work_on(&mut self, owner: &Owner, at: At) -> bool {
        let is_here = self.take_back(owner, at);
        if is_here && at != At::Working {
            self.at_work += 1;
        }
        is_here
    }

    /// Has a connection that carries a request change its owner.
    pub(super) fn pass(&mut self, from: &Owner, to: &Owner) {
        self.leave(from);
        self.crowds.entry(to.clone()).or_default().connections += 1;
    }

    /// Whether an owner, with a request that has just come, has no more of them in the works than it
    /// leaves places for others to have theirs in.
    pub(super) fn is_within_share(&self, owner: &Owner) -> bool {
        let own = self.crowds.get(owner).map_or(0, Crowd::at_work);
        own.saturating_add(self.at_work) <= self.places.saturating_add(1)
    }

    /// Counts bytes of a body; how many bodies were cut off because there were too many.
    pub(super) fn count(&mut self, owner: &Owner, at: At, bytes: usize) -> u64 {
        let At::Receiving(since) = at else { return 0 };
        let Some(crowd) = self.crowds.get_mut(owner) else { return 0 };
        let Some(body) = crowd.receiving.get_mut(&since) else { return 0 };
        body.bytes = body.bytes.saturating_add(bytes);
        crowd.bytes = crowd.bytes.saturating_add(bytes);
        self.bytes = self.bytes.saturating_add(bytes);
        self.fit()
    }

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
    /// How many of them carry a request all of which is there.
    fn at_work(&self) -> usize {
        self.connections.saturating_sub(self.idle.len() + self.receiving.len())
    }

    fn first_receiving(&self) -> Option<u64> {
        self.receiving.first_key_value().map(|(at, _)| *at)
    }

    /// Since when whoever waits longest does.
    fn oldest(&self) -> Option<u64> {
        let idle = self.idle.first_key_value().map(|(at, _)| *at);
        idle.into_iter().chain(self.first_receiving()).min()
    }
}
