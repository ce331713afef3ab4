//! A log in memory: for tests, for trying things out, and for several nodes in one process.
//!
//! Clones share the log, each as a node of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use placet_core::log::Hash;
use placet_core::{ActionId, RequestTag};

use crate::entry::{NewEntry, StoredEntry};
use crate::error::{CommitError, StoreError};
use crate::projection::{
    ActionRow, AutonomyRow, Change, RefusalRow, RequestRow, StepRow, SwitchRow, change, request,
};
use crate::snapshot::Snapshot;
use crate::store::{Append, Batch, Head, Reader, Store, StoredTile, View};

/// How many unseen entries are handed out at a time: few, so that tests come to ask twice.
const CHUNK: usize = 7;

/// A log in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Held by whoever has the tip.
    tip: Mutex<()>,
    /// Replaced as a whole, so that a view is not disturbed.
    data: Mutex<Arc<Data>>,
}

/// Everything that is stored.
#[derive(Clone, Debug, Default)]
struct Data {
    head: Option<Head>,
    entries: Vec<StoredEntry>,
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
    snapshot: Option<Snapshot>,
    projections: Projections,
}

#[derive(Clone, Debug, Default)]
struct Projections {
    actions: BTreeMap<u64, ActionRow>,
    by_id: BTreeSet<(ActionId, u64)>,
    steps: BTreeMap<u64, StepRow>,
    steps_of: BTreeSet<(ActionId, u64)>,
    refusals: BTreeMap<u64, RefusalRow>,
    refusals_of: BTreeSet<(ActionId, u64)>,
    requests: BTreeMap<u64, RequestRow>,
    switches: BTreeMap<u64, SwitchRow>,
    autonomy: BTreeMap<u64, AutonomyRow>,
}

impl Memory {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn data(&self) -> Arc<Data> {
        Arc::clone(&lock(&self.shared.data))
    }

    fn change(&self, with: impl FnOnce(&mut Data)) {
        with(Arc::make_mut(&mut lock(&self.shared.data)));
    }
}

impl Store for Memory {
    fn begin(&mut self, known: u64) -> Result<Box<dyn Batch + '_>, StoreError> {
        let tip = lock(&self.shared.tip);
        let before = self.data();
        Ok(Box::new(MemoryBatch {
            store: self,
            before,
            unseen: known,
            staged: Vec::new(),
            _tip: tip,
        }))
    }

    fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.change(|data| data.snapshot = Some(snapshot.clone()));
        Ok(())
    }

    fn rebuild(&mut self) -> Result<(), StoreError> {
        let _tip = lock(&self.shared.tip);
        let mut projections = Projections::default();
        for stored in &self.data().entries {
            let entry = stored.decode().map_err(|error| StoreError::Corrupt(error.to_string()))?;
            projections.extend(change(&entry));
            projections.requests.extend(request(&entry).map(|row| (row.entry, row)));
        }
        self.change(|data| data.projections = projections);
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        Ok(Box::new(self.clone()))
    }
}

impl Reader for Memory {
    fn view(&mut self) -> Result<Box<dyn View + '_>, StoreError> {
        Ok(Box::new(self.data()))
    }

    fn another(&self) -> Result<Box<dyn Reader>, StoreError> {
        Ok(Box::new(self.clone()))
    }
}

/// The tip, held.
struct MemoryBatch<'a> {
    store: &'a Memory,
    before: Arc<Data>,
    unseen: u64,
    staged: Vec<Staged>,
    _tip: MutexGuard<'a, ()>,
}

/// What an append adds.
struct Staged {
    entries: Vec<NewEntry>,
    tiles: Vec<StoredTile>,
    head: Head,
}

impl Batch for MemoryBatch<'_> {
    fn view(&self) -> &dyn View {
        &self.before
    }

    fn unseen(&mut self) -> Result<Vec<StoredEntry>, StoreError> {
        let entries = self.before.entries(self.unseen, CHUNK)?;
        self.unseen = entries.last().map_or(self.unseen, |last| last.index + 1);
        Ok(entries)
    }

    fn append(&mut self, what: Append<'_>) -> Result<(), StoreError> {
        let staged: usize = self.staged.iter().map(|staged| staged.entries.len()).sum();
        check_order(size(self.before.entries.len() + staged), what.entries)?;
        self.staged.push(Staged {
            entries: what.entries.to_vec(),
            tiles: what.tiles.to_vec(),
            head: what.head.clone(),
        });
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<(), CommitError> {
        let Self { store, before, staged, _tip, .. } = *self;
        // Otherwise the log would be copied, because this still looks at it.
        drop(before);
        store.change(|data| staged.into_iter().for_each(|staged| data.append(staged)));
        Ok(())
    }
}

impl Data {
    fn append(&mut self, staged: Staged) {
        for new in staged.entries {
            let erased = new.erases().and_then(|index| usize::try_from(index).ok());
            self.projections.extend(change(&new.entry));
            self.projections.requests.extend(request(&new.entry).map(|row| (row.entry, row)));
            self.entries.push(StoredEntry {
                index: new.entry.index,
                leaf: new.leaf.into_bytes(),
                private: new.private,
            });
            if let Some(entry) = erased.and_then(|index| self.entries.get_mut(index)) {
                entry.private = None;
            }
        }
        for tile in staged.tiles {
            self.tiles.insert((tile.level, tile.index), tile.hashes);
        }
        self.head = Some(staged.head);
    }
}

impl Extend<Change> for Projections {
    fn extend<T: IntoIterator<Item = Change>>(&mut self, changes: T) {
        for change in changes {
            self.change(change);
        }
    }
}

impl Projections {
    fn change(&mut self, change: Change) {
        match change {
            Change::Action(row) => {
                self.by_id.insert((row.id, row.entry));
                self.actions.insert(row.entry, row);
            }
            Change::Step(row) => {
                self.steps_of.insert((row.action, row.entry));
                self.steps.insert(row.entry, row);
            }
            Change::Refusal(row) => {
                self.refusals_of.insert((row.action, row.entry));
                self.refusals.insert(row.entry, row);
            }
            Change::Switch(row) => drop(self.switches.insert(row.entry, row)),
            Change::Reset { scope, entry } => {
                let open = |row: &&mut SwitchRow| row.scope == scope && row.reset.is_none();
                self.switches.values_mut().filter(open).for_each(|row| row.reset = Some(entry));
            }
            Change::Autonomy(row) => drop(self.autonomy.insert(row.entry, row)),
        }
    }
}

impl View for Arc<Data> {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        Ok(self.head.clone())
    }

    fn entries(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(self.entries.iter().skip(from).take(limit).cloned().collect())
    }

    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<Hash>>, StoreError> {
        Ok(self.tiles.get(&(level, index)).cloned())
    }

    fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        Ok(self.snapshot.clone())
    }

    fn action(&self, id: ActionId) -> Result<Option<ActionRow>, StoreError> {
        let latest = self.projections.by_id.range((id, 0)..=(id, u64::MAX)).next_back();
        Ok(latest.and_then(|(_, entry)| self.projections.actions.get(entry)).cloned())
    }

    fn actions(&self, from: u64, limit: usize) -> Result<Vec<ActionRow>, StoreError> {
        Ok(range(&self.projections.actions, from, limit))
    }

    fn steps_of(&self, action: ActionId, limit: usize) -> Result<Vec<StepRow>, StoreError> {
        let latest = self.projections.steps_of.range((action, 0)..=(action, u64::MAX)).rev();
        let rows = latest.filter_map(|(_, entry)| self.projections.steps.get(entry));
        Ok(rows.take(limit).copied().collect())
    }

    fn steps(&self, from: u64, limit: usize) -> Result<Vec<StepRow>, StoreError> {
        Ok(range(&self.projections.steps, from, limit))
    }

    fn refusals_of(&self, action: ActionId, limit: usize) -> Result<Vec<RefusalRow>, StoreError> {
        let latest = self.projections.refusals_of.range((action, 0)..=(action, u64::MAX)).rev();
        let rows = latest.filter_map(|(_, entry)| self.projections.refusals.get(entry));
        Ok(rows.take(limit).copied().collect())
    }

    fn refusals(&self, from: u64, limit: usize) -> Result<Vec<RefusalRow>, StoreError> {
        Ok(range(&self.projections.refusals, from, limit))
    }

    fn request(&self, id: &RequestTag) -> Result<Option<u64>, StoreError> {
        let rows = self.projections.requests.values();
        Ok(rows.rev().find(|row| row.id == *id).map(|row| row.entry))
    }

    fn requests(&self, from: u64, limit: usize) -> Result<Vec<RequestRow>, StoreError> {
        Ok(range(&self.projections.requests, from, limit))
    }

    fn switches(&self, from: u64, limit: usize) -> Result<Vec<SwitchRow>, StoreError> {
        Ok(range(&self.projections.switches, from, limit))
    }

    fn autonomy(&self, from: u64, limit: usize) -> Result<Vec<AutonomyRow>, StoreError> {
        Ok(range(&self.projections.autonomy, from, limit))
    }
}

fn range<T: Clone>(rows: &BTreeMap<u64, T>, from: u64, limit: usize) -> Vec<T> {
    rows.range(from..).take(limit).map(|(_, row)| row.clone()).collect()
}

/// Checks that entries continue a log of `size` entries.
pub(crate) fn check_order(size: u64, entries: &[NewEntry]) -> Result<(), StoreError> {
    for (expected, new) in (size..).zip(entries) {
        if new.entry.index != expected {
            return Err(StoreError::Gap { expected, found: new.entry.index });
        }
    }
    Ok(())
}

fn size(entries: usize) -> u64 {
    u64::try_from(entries).unwrap_or(u64::MAX)
}

/// A panic elsewhere leaves these values whole: each is replaced in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
