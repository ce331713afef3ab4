//! What is to be sent to one receiver, and whose turn it is.
//!
//! Tenants take turns, so that the many announcements of one do not delay the few of another. Where no
//! place is free, one of the tenant that has most of them gives way.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use placet::{ApprovalId, TenantId};
use tokio::time::Instant;

use super::announcement::{Announcement, Kind};

/// An announcement that is in the works.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) what: Arc<Announcement>,
    /// How often it was tried.
    pub(super) attempts: u32,
    /// Why it could not be delivered, the last time.
    pub(super) why: Option<String>,
    /// When it was to be sent for the first time.
    since: Instant,
}

impl Item {
    pub(super) fn new(what: Arc<Announcement>) -> Self {
        Self { what, attempts: 0, why: None, since: Instant::now() }
    }
}

/// When something is to be sent, and a number that makes it unique.
type Place = (Instant, u64);

/// What is being sent.
#[derive(Debug)]
struct Sending {
    item: Item,
    /// Whether the approval has ended meanwhile.
    is_over: bool,
}

/// All that is in the works for one receiver.
#[derive(Debug)]
pub(super) struct Queue {
    /// How much that may be.
    places: usize,
    /// How long each may be in the works.
    time: Duration,
    /// What waits, by tenant. No tenant is there with nothing.
    waiting: BTreeMap<TenantId, BTreeMap<Place, Item>>,
    /// Where the announcements of what is open wait.
    opened: BTreeMap<ApprovalId, (TenantId, Place)>,
    /// At most one for each approval, so that they arrive in their order.
    sending: BTreeMap<ApprovalId, Sending>,
    /// How much waits.
    length: usize,
    /// Whose turn it was last.
    last: Option<TenantId>,
    /// The number of the next place.
    next: u64,
}

impl Queue {
    pub(super) fn new(places: usize, time: Duration) -> Self {
        Self {
            places,
            time,
            waiting: BTreeMap::new(),
            opened: BTreeMap::new(),
            sending: BTreeMap::new(),
            length: 0,
            last: None,
            next: 0,
        }
    }

    /// Takes in an announcement; what has to give way to it, which may be itself.
    pub(super) fn add(&mut self, item: Item) -> Option<Item> {
        let is_full = self.length.saturating_add(self.sending.len()) >= self.places;
        let out = match is_full.then(|| self.largest_beside(&item.what.tenant)) {
            None => None,
            Some(None) => return Some(item),
            Some(Some((tenant, place))) => self.take(&tenant, place),
        };
        self.put(item.since, item);
        out
    }

    /// The last place of the tenant that has most, unless that is the one named.
    fn largest_beside(&self, newcomer: &TenantId) -> Option<(TenantId, Place)> {
        let own = self.waiting.get(newcomer).map_or(0, BTreeMap::len).saturating_add(1);
        let (tenant, items) = self.waiting.iter().max_by_key(|(_, items)| items.len())?;
        let (place, _) = items.last_key_value().filter(|_| items.len() > own)?;
        Some((tenant.clone(), *place))
    }

    /// An approval has ended: nobody has to hear any more that it is open.
    pub(super) fn over(&mut self, approval: ApprovalId) {
        if let Some((tenant, place)) = self.opened.remove(&approval) {
            self.take(&tenant, place);
        }
        if let Some(sending) = self.sending.get_mut(&approval) {
            sending.is_over = true;
        }
    }

    /// What is to be sent now, if anything: of the next tenant that has something.
    pub(super) fn next(&mut self, now: Instant) -> Option<Item> {
        let after = self.last.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let until = self.last.as_ref().map_or(Bound::Unbounded, Bound::Included);
        let (behind, before) = (
            self.waiting.range::<TenantId, _>((after, Bound::Unbounded)),
            self.waiting.range::<TenantId, _>((Bound::Unbounded, until)),
        );
        let (tenant, place) = behind.chain(before).find_map(|(tenant, items)| {
            let mut due = items.range(..=(now, u64::MAX));
            let free = due.find(|(_, item)| !self.sending.contains_key(&item.what.approval));
            free.map(|(place, _)| (tenant.clone(), *place))
        })?;
        let item = self.take(&tenant, place)?;
        let sending = Sending { item: item.clone(), is_over: false };
        self.sending.insert(item.what.approval, sending);
        self.last = Some(tenant);
        Some(item)
    }

    /// It is sent no more.
    pub(super) fn done(&mut self, item: &Item) {
        self.sending.remove(&item.what.approval);
    }

    /// It is to be sent again, unless what it says is over.
    pub(super) fn again(&mut self, item: Item, due: Instant) {
        let sent = self.sending.remove(&item.what.approval);
        let is_over = sent.is_some_and(|sent| sent.is_over);
        if !(is_over && item.what.kind == Kind::Opened) {
            self.put(due, item);
        }
    }

    /// Whether its time is over at some moment.
    pub(super) fn is_late(&self, item: &Item, at: Instant) -> bool {
        at.saturating_duration_since(item.since) >= self.time
    }

    /// What has waited for longer than it may.
    pub(super) fn late(&mut self, now: Instant) -> Vec<Item> {
        let all = self.waiting.iter();
        let late: Vec<(TenantId, Place)> = all
            .flat_map(|(tenant, items)| {
                items.iter().map(move |(place, item)| (tenant, place, item))
            })
            .filter(|(_, _, item)| self.is_late(item, now))
            .map(|(tenant, place, _)| (tenant.clone(), *place))
            .collect();
        late.iter().filter_map(|(tenant, place)| self.take(tenant, *place)).collect()
    }

    /// When the next is to be sent, of those that wait.
    pub(super) fn due(&self) -> Option<Instant> {
        let free = |item: &Item| !self.sending.contains_key(&item.what.approval);
        let of = |items: &BTreeMap<Place, Item>| {
            items.iter().find(|(_, item)| free(item)).map(|((due, _), _)| *due)
        };
        self.waiting.values().filter_map(of).min()
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether nothing is being sent, and nothing could be.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.sending.is_empty() && self.due().is_none_or(|due| due > now)
    }

    /// All that is left, and what is being sent before what waits.
    pub(super) fn drain(&mut self) -> Vec<Item> {
        let sending = std::mem::take(&mut self.sending).into_values().map(|sending| sending.item);
        let waiting = std::mem::take(&mut self.waiting).into_values();
        self.opened.clear();
        self.length = 0;
        sending.chain(waiting.flat_map(BTreeMap::into_values)).collect()
    }

    fn put(&mut self, due: Instant, item: Item) {
        let place = (due, self.next);
        self.next = self.next.saturating_add(1);
        let tenant = item.what.tenant.clone();
        if item.what.kind == Kind::Opened {
            self.opened.insert(item.what.approval, (tenant.clone(), place));
        }
        self.waiting.entry(tenant).or_default().insert(place, item);
        self.length = self.length.saturating_add(1);
    }

    fn take(&mut self, tenant: &TenantId, place: Place) -> Option<Item> {
        let Entry::Occupied(mut items) = self.waiting.entry(tenant.clone()) else { return None };
        let item = items.get_mut().remove(&place)?;
        if items.get().is_empty() {
            items.remove();
        }
        if item.what.kind == Kind::Opened {
            self.opened.remove(&item.what.approval);
        }
        self.length = self.length.saturating_sub(1);
        Some(item)
    }
}
