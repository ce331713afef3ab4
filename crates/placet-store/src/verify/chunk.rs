//! A stretch of the log on its way through the stages.

use std::ops::Range;

use placet_core::Entry;
use placet_core::json::canonical_json;
use placet_core::log::tile::TILE_WIDTH;
use placet_core::log::{Hash, leaf_hash};

use super::problem::What;
use crate::entry::StoredEntry;
use crate::error::StoreError;
use crate::projection::{ActionRow, AutonomyRow, RefusalRow, RequestRow, StepRow, SwitchRow};
use crate::store::View;

/// How many entries are in a chunk: a few tiles.
pub(super) const CHUNK: u64 = 4 * 256;

/// Entries with everything stored that belongs to them.
pub(super) struct Chunk {
    pub(super) start: u64,
    entries: Vec<Found>,
    beside: Beside,
}

/// What was found where an entry should be.
enum Found {
    Entry(StoredEntry),
    /// What keeps it from being read.
    Damage(u64, String),
}

/// What is stored beside the entries of a chunk.
#[derive(Default)]
pub(super) struct Beside {
    /// The complete tiles of the lowest level; nothing where one is missing.
    pub(super) tiles: Vec<Option<Vec<Hash>>>,
    pub(super) actions: Vec<ActionRow>,
    pub(super) steps: Vec<StepRow>,
    pub(super) refusals: Vec<RefusalRow>,
    pub(super) requests: Vec<RequestRow>,
    pub(super) switches: Vec<SwitchRow>,
    pub(super) autonomy: Vec<AutonomyRow>,
    /// What kept this from being read.
    pub(super) damage: Option<String>,
}

/// A chunk after everything that needs no order.
pub(super) struct Decoded {
    pub(super) start: u64,
    pub(super) entries: Vec<DecodedEntry>,
    pub(super) beside: Beside,
}

/// An entry after everything that needs no order.
pub(super) struct DecodedEntry {
    pub(super) index: u64,
    pub(super) hash: Hash,
    pub(super) has_payload: bool,
    /// Nothing where the leaf cannot be read.
    pub(super) entry: Option<Entry>,
    pub(super) problem: Option<What>,
}

impl Chunk {
    /// Reads the chunk that begins at `start`. Damage becomes part of it.
    pub(super) fn read(view: &dyn View, start: u64, size: u64) -> Result<Self, StoreError> {
        let end = size.min(start + CHUNK);
        let limit = usize::try_from(end - start).unwrap_or(usize::MAX);
        let entries = match damaged(view.entries(start, limit))? {
            (_, Some(_)) => read_singly(view, start..end)?,
            (entries, None) => {
                entries.into_iter().filter(|entry| entry.index < end).map(Found::Entry).collect()
            }
        };
        let (mut beside, unread) = damaged(Beside::read(view, start, end, limit))?;
        beside.damage = unread;
        Ok(Self { start, entries, beside })
    }

    /// Decodes and hashes.
    pub(super) fn decode(self) -> Decoded {
        let Self { start, entries, beside } = self;
        let entries = entries.into_iter().map(DecodedEntry::of).collect();
        Decoded { start, entries, beside }
    }
}

/// Reads entries one by one, to tell those that can be read from those that cannot.
fn read_singly(view: &dyn View, range: Range<u64>) -> Result<Vec<Found>, StoreError> {
    let mut found = Vec::new();
    for index in range {
        match damaged(view.entries(index, 1))? {
            (_, Some(reason)) => found.push(Found::Damage(index, reason)),
            (entries, None) => {
                found.extend(
                    entries.into_iter().filter(|entry| entry.index == index).map(Found::Entry),
                );
            }
        }
    }
    Ok(found)
}

impl Decoded {
    /// The index after the last entry.
    pub(super) fn end(&self) -> u64 {
        self.entries.last().map_or(self.start, |last| last.index + 1)
    }
}

impl Beside {
    fn read(view: &dyn View, start: u64, end: u64, limit: usize) -> Result<Self, StoreError> {
        let width = u64::from(TILE_WIDTH);
        let tiles = (start / width..end / width).map(|index| view.tile(0, index));
        let mut beside = Self {
            tiles: tiles.collect::<Result<_, _>>()?,
            actions: view.actions(start, limit)?,
            steps: view.steps(start, limit)?,
            refusals: view.refusals(start, limit)?,
            requests: view.requests(start, limit)?,
            switches: view.switches(start, limit)?,
            autonomy: view.autonomy(start, limit)?,
            damage: None,
        };
        beside.actions.retain(|row| row.entry < end);
        beside.steps.retain(|row| row.entry < end);
        beside.refusals.retain(|row| row.entry < end);
        beside.requests.retain(|row| row.entry < end);
        beside.switches.retain(|row| row.entry < end);
        beside.autonomy.retain(|row| row.entry < end);
        Ok(beside)
    }
}

impl DecodedEntry {
    fn of(found: Found) -> Self {
        let stored = match found {
            Found::Entry(stored) => stored,
            // Its hash is not known. Any other keeps the rest of the tree in its place.
            Found::Damage(index, reason) => {
                let (hash, problem) = (leaf_hash(&[]), Some(What::Damaged(reason)));
                return Self { index, hash, has_payload: false, entry: None, problem };
            }
        };
        let (entry, problem) = match stored.decode() {
            Ok(entry) => {
                let problem = check(&stored, &entry);
                (Some(entry), problem)
            }
            Err(error) => (None, Some(error.into())),
        };
        let (index, hash) = (stored.index, leaf_hash(&stored.leaf));
        Self { index, hash, has_payload: stored.private.is_some(), entry, problem }
    }
}

/// What is wrong with an entry by itself.
fn check(stored: &StoredEntry, entry: &Entry) -> Option<What> {
    // An entry has one canonical text. So whatever was read in from the leaf and would be written
    // otherwise, spaces, another order, a field twice, is found by writing it again.
    if canonical_json(entry).ok().as_ref() != Some(&stored.leaf) {
        return Some(What::NotCanonical);
    }
    stored.check_private(entry).err().map(What::Entry)
}

/// Splits damage from what was read.
fn damaged<T: Default>(result: Result<T, StoreError>) -> Result<(T, Option<String>), StoreError> {
    match result {
        Ok(value) => Ok((value, None)),
        Err(StoreError::Corrupt(reason)) => Ok((T::default(), Some(reason))),
        Err(error) => Err(error),
    }
}
