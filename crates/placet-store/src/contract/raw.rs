//! Promises of the trait itself, asked without a sequencer.

use placet_core::event::Switched;
use placet_core::log::{Checkpoint, Hash};
use placet_core::{Event, Fact, Kept, Payload, Scope, Timestamp};

use super::Site;
use super::fixture::{Bench, keys};
use crate::entry::NewEntry;
use crate::error::StoreError;
use crate::snapshot::Snapshot;
use crate::store::{Append, Head, Store, View};
use crate::tree::Tree;

/// A log that is written by hand.
struct Hand {
    tree: Tree,
}

impl Hand {
    fn new() -> Self {
        Self { tree: Tree::default() }
    }

    /// The next entry, with a payload.
    fn entry(&self, ahead: u64) -> NewEntry {
        let (scope, reason) = (Scope::ALL, "by hand".to_owned());
        let fact = Fact {
            event: Event::Tripped(Switched { scope, reason, by: None }),
            payload: Some(Kept::Open(Payload::Statement("private".to_owned()))),
        };
        let index = self.tree.size() + ahead;
        NewEntry::seal(index, Timestamp::from_millis(1), fact, None, &*Bench::new(index)).unwrap()
    }

    /// Appends entries through a batch, and commits it or not.
    fn append(&mut self, store: &mut dyn Store, entries: &[NewEntry], commit: bool) {
        let mut tree = self.tree.clone();
        entries.iter().for_each(|new| tree.push(new.hash).unwrap());
        let (head, tiles) = (head(&tree), tree.take_tiles());
        let mut batch = store.begin(self.tree.size()).unwrap();
        batch.append(Append { entries, tiles: &tiles, head: &head }).unwrap();
        if commit {
            batch.commit().unwrap();
            self.tree = tree;
        }
    }
}

fn head(tree: &Tree) -> Head {
    let (size, root) = (tree.size(), tree.root());
    let note =
        Checkpoint::new(keys().origin(), size, root).unwrap().sign(keys().signing()).unwrap();
    Head { size, root, checkpoint: note.into_string() }
}

fn with_view<T>(store: &dyn Store, look: impl FnOnce(&dyn View) -> T) -> T {
    look(&*store.reader().unwrap().view().unwrap())
}

pub(super) fn uncommitted_leaves_no_trace(site: &dyn Site) {
    let mut store = site.open();
    let mut hand = Hand::new();
    hand.append(&mut *store, &[hand.entry(0)], true);
    let before = with_view(&*store, |view| (view.head().unwrap(), super::rows(view)));
    hand.append(&mut *store, &[hand.entry(0), hand.entry(1)], false);
    with_view(&*store, |view| {
        assert_eq!((view.head().unwrap(), super::rows(view)), before);
        assert_eq!(view.entries(0, 10).unwrap().len(), 1);
    });
}

pub(super) fn committed_is_there(site: &dyn Site) {
    let mut store = site.open();
    let mut hand = Hand::new();
    let entries: Vec<_> = (0..300).map(|ahead| hand.entry(ahead)).collect();
    hand.append(&mut *store, &entries, true);
    drop(store);
    with_view(&*site.open(), |view| {
        assert_eq!(view.head().unwrap(), Some(head(&hand.tree)));
        let stored = view.entries(0, 1000).unwrap();
        assert_eq!(stored.len(), entries.len());
        for (stored, new) in stored.iter().zip(&entries) {
            assert_eq!(stored.index, new.entry.index);
            assert_eq!(stored.leaf, new.leaf.as_bytes());
            assert_eq!(stored.private, new.private);
        }
        let tile: Vec<Hash> = entries.iter().take(256).map(|new| new.hash).collect();
        assert_eq!(view.tile(0, 0).unwrap(), Some(tile));
        assert_eq!(view.tile(0, 1).unwrap(), None);
        assert_eq!(Tree::load(300, view).unwrap().root(), hand.tree.root());
        assert_eq!(view.entries(298, 10).unwrap().len(), 2);
        assert_eq!(view.entries(10, 3).unwrap().last().unwrap().index, 12);
    });
}

pub(super) fn gaps_are_refused(site: &dyn Site) {
    let mut store = site.open();
    let mut hand = Hand::new();
    let first = hand.entry(0);
    hand.append(&mut *store, std::slice::from_ref(&first), true);
    for wrong in [first, hand.entry(1)] {
        let mut batch = store.begin(1).unwrap();
        let what = Append { entries: &[wrong], tiles: &[], head: &head(&hand.tree) };
        assert!(matches!(batch.append(what), Err(StoreError::Gap { expected: 1, .. })));
    }
    with_view(&*store, |view| assert_eq!(view.entries(0, 10).unwrap().len(), 1));
}

pub(super) fn views_are_stable(site: &dyn Site) {
    let mut store = site.open();
    let mut hand = Hand::new();
    hand.append(&mut *store, &[hand.entry(0)], true);
    let mut reader = store.reader().unwrap();
    let view = reader.view().unwrap();
    let before = view.head().unwrap();
    hand.append(&mut *store, &[hand.entry(0)], true);
    assert_eq!(view.head().unwrap(), before);
    assert_eq!(view.entries(0, 10).unwrap().len(), 1);
    drop(view);
    assert_eq!(reader.view().unwrap().entries(0, 10).unwrap().len(), 2);
}

pub(super) fn snapshots_come_back(site: &dyn Site) {
    let mut store = site.open();
    with_view(&*store, |view| assert_eq!(view.snapshot().unwrap(), None));
    for size in [3, 5] {
        let snapshot = Snapshot { size, state: vec![0, 255, 7], note: format!("note {size}") };
        store.save_snapshot(&snapshot).unwrap();
        with_view(&*store, |view| assert_eq!(view.snapshot().unwrap(), Some(snapshot)));
    }
    drop(store);
    with_view(&*site.open(), |view| assert_eq!(view.snapshot().unwrap().unwrap().size, 5));
}
