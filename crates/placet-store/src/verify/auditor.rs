//! The last stage: judging the entries in order.

use std::collections::BTreeSet;

use placet_core::audit::Violation;
use placet_core::log::Verifier;
use placet_core::{Entry, Event, State, audit};

use super::chunk::{Decoded, DecodedEntry};
use super::problem::{Place, Problems, What};
use super::rows::{Rows, Stored};
use crate::snapshot::Snapshot;
use crate::store::StoredTile;
use crate::tree::Tree;

/// What is known of the log up to some entry.
pub(super) struct Auditor<'a> {
    trusted: &'a [Verifier],
    /// Reads an entry again that another one rests on.
    cited: Cited<'a>,
    snapshot: Option<Snapshot>,
    state: State,
    tree: Tree,
    /// Complete tiles above the lowest level.
    upper: Vec<StoredTile>,
    rows: Rows,
    /// Entries without the payload that they commit to, until an entry says why.
    gone: BTreeSet<u64>,
    /// What the log says is erased.
    erased: BTreeSet<u64>,
    /// The place where the next entry should be.
    next: u64,
    judges: Judges,
    problems: Problems,
}

/// Finds an earlier entry, if it can be read.
pub(super) type Cited<'a> = Box<dyn Fn(u64) -> Option<Entry> + Send + 'a>;

/// What can still be judged.
struct Judges {
    /// Whether every entry up to here could be read and stands in its place.
    entries: bool,
    /// Whether every row up to here could be read.
    rows: bool,
}

/// What the last stage found.
pub(super) struct Audited {
    pub(super) tree: Tree,
    pub(super) upper: Vec<StoredTile>,
    pub(super) erased: Vec<u64>,
    pub(super) entries: u64,
    pub(super) problems: Problems,
}

impl<'a> Auditor<'a> {
    pub(super) fn new(
        trusted: &'a [Verifier],
        cited: Cited<'a>,
        snapshot: Option<Snapshot>,
        problems: Problems,
    ) -> Self {
        Self {
            trusted,
            cited,
            snapshot,
            state: State::default(),
            tree: Tree::default(),
            upper: Vec::new(),
            rows: Rows::default(),
            gone: BTreeSet::new(),
            erased: BTreeSet::new(),
            next: 0,
            judges: Judges { entries: true, rows: true },
            problems,
        }
    }

    /// Judges the next chunk.
    pub(super) fn judge(&mut self, chunk: Decoded) {
        let Decoded { entries, mut beside, .. } = chunk;
        if let Some(reason) = beside.damage.take() {
            self.problems.add(Place::Projections, What::Damaged(reason));
            self.judges.rows = false;
        }
        let mut stored = Stored::take(&mut beside);
        for entry in entries {
            self.entry(entry, &mut stored);
        }
        if self.judges.rows {
            stored.finish(&mut self.problems);
        }
        self.compare_tiles(&beside.tiles);
    }

    fn entry(&mut self, decoded: DecodedEntry, stored: &mut Stored) {
        let DecodedEntry { index, hash, has_payload, entry, problem } = decoded;
        if index != self.next {
            self.problems.add(Place::Entry(self.next), What::Missing);
            self.stop(self.next);
        }
        self.next = index + 1;
        if let Some(problem) = problem {
            self.problems.add(Place::Entry(index), problem);
        }
        // A tree cannot become too large here, for each of its leaves was stored.
        drop(self.tree.push(hash));
        match entry {
            None => self.stop(index),
            Some(entry) => self.follow(index, &entry, has_payload, stored),
        }
    }

    fn follow(&mut self, index: u64, entry: &Entry, has_payload: bool, stored: &mut Stored) {
        if self.judges.entries {
            let cited = entry.event.cites().and_then(|cited| (self.cited)(cited));
            if let Err(violation) = audit(&self.state, entry, cited.as_ref()) {
                self.problems.add(Place::Entry(index), violation);
            }
            if let Event::Erased(erased) = &entry.event
                && !erased.holds(|index| (self.cited)(index))
            {
                self.problems.add(Place::Entry(index), Violation::Cited);
            }
            self.state.apply(entry);
            if self.judges.rows {
                self.rows.compare(entry, stored, &mut self.problems);
            }
            self.compare_snapshot();
        }
        if entry.payload.is_some() && !has_payload {
            self.gone.insert(index);
        }
        if let Event::Erased(erased) = &entry.event {
            self.gone.remove(&erased.index);
            self.erased.insert(erased.index);
        }
    }

    /// Stops judging what depends on the entries before: one of them is unknown.
    fn stop(&mut self, index: u64) {
        if std::mem::take(&mut self.judges.entries) {
            self.judges.rows = false;
            self.problems.add(Place::Entry(index), What::Unjudged);
        }
    }

    fn compare_snapshot(&mut self) {
        let Some(snapshot) = self.snapshot.take_if(|snapshot| snapshot.size == self.state.size())
        else {
            return;
        };
        match snapshot.open(&self.tree.root(), self.trusted) {
            Ok(state) if state == self.state => {}
            Ok(_) => self.problems.add(Place::Snapshot, What::OtherState),
            Err(error) => self.problems.add(Place::Snapshot, What::Snapshot(error.to_string())),
        }
    }

    fn compare_tiles(&mut self, stored: &[Option<Vec<placet_core::log::Hash>>]) {
        let complete = self.tree.take_complete();
        let (lowest, upper): (Vec<_>, Vec<_>) =
            complete.into_iter().partition(|tile| tile.level == 0);
        for (tile, stored) in lowest.iter().zip(stored) {
            if stored.as_ref() != Some(&tile.hashes) {
                let place = Place::Tile { level: 0, index: tile.index };
                self.problems.add(place, What::Tile);
            }
        }
        self.upper.extend(upper);
    }

    /// Looks at what only the end of the log can tell.
    pub(super) fn finish(mut self) -> Audited {
        for index in &self.gone {
            self.problems.add(Place::Entry(*index), What::PayloadGone);
        }
        if self.judges.entries && self.snapshot.is_some() {
            let what = What::Snapshot("it is of a longer log than this".to_owned());
            self.problems.add(Place::Snapshot, what);
        }
        if self.judges.rows {
            self.rows.finish(&mut self.problems);
        }
        self.tree.take_tiles();
        Audited {
            tree: self.tree,
            upper: self.upper,
            erased: self.erased.into_iter().collect(),
            entries: self.next,
            problems: self.problems,
        }
    }
}
