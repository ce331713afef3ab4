//! Opening: from what is stored to a state that can be judged by.
//!
//! Nothing stored is believed because it is there. The head is believed because the log's key
//! signed it; a snapshot because the key signed it together with the root of the entries it
//! stands for; every entry after it because its hash, taken together with that root, leads to the
//! root in the head.

use placet_core::State;
use placet_core::log::{Checkpoint, Verifier, leaf_hash};

use crate::error::StoreError;
use crate::store::{Head, View};
use crate::tree::Tree;

/// How many entries are read at a time: enough to forget the cost of asking, few enough to hold.
const CHUNK: usize = 1024;

/// A log as it was found.
#[derive(Debug)]
pub struct Recovered {
    /// The fold of its entries.
    pub state: State,
    /// The edge of its tree.
    pub tree: Tree,
    /// Its head; nothing for a log that was never written to.
    pub head: Option<Head>,
    /// How many entries the snapshot spared.
    pub snapshot: u64,
}

/// Reads the state at the head of a stored log.
///
/// # Errors
/// When the log is damaged, or its head is not signed by one of these keys.
pub fn recover(view: &dyn View, trusted: &[Verifier]) -> Result<Recovered, StoreError> {
    let Some(head) = view.head()? else { return nothing(view) };
    check_head(&head, trusted)?;
    let (mut state, mut tree) = from_snapshot(view, head.size, trusted)?;
    let snapshot = state.size();
    take_in(view, &mut state, &mut tree, head.size)?;
    if tree.root() != head.root {
        return Err(StoreError::Corrupt(format!(
            "its {} entries hash to {}, its checkpoint says {}",
            head.size,
            tree.root(),
            head.root
        )));
    }
    if !view.entries(head.size, 1)?.is_empty() {
        let reason =
            format!("there are entries after the {} that its checkpoint covers", head.size);
        return Err(StoreError::Corrupt(reason));
    }
    tree.take_tiles();
    Ok(Recovered { state, tree, head: Some(head), snapshot })
}

/// Checks that a stored head is what one of these keys signed.
///
/// # Errors
/// When it is not.
pub fn check_head(head: &Head, trusted: &[Verifier]) -> Result<(), StoreError> {
    let checkpoint = Checkpoint::open(head.checkpoint.as_bytes(), trusted).map_err(|error| {
        StoreError::Corrupt(format!("its checkpoint is not to be trusted: {error}"))
    })?;
    if (checkpoint.size(), checkpoint.root()) == (head.size, head.root) {
        return Ok(());
    }
    Err(StoreError::Corrupt(format!(
        "its head says {} entries, its checkpoint {}",
        head.size,
        checkpoint.size()
    )))
}

/// A log that was never written to, unless it only lost its head.
fn nothing(view: &dyn View) -> Result<Recovered, StoreError> {
    if view.entries(0, 1)?.is_empty() {
        return Ok(Recovered {
            state: State::default(),
            tree: Tree::default(),
            head: None,
            snapshot: 0,
        });
    }
    Err(StoreError::Corrupt("it has entries, but its head is missing".to_owned()))
}

/// The state and the edge of the tree at the snapshot; at the start where there is none to trust.
fn from_snapshot(
    view: &dyn View,
    size: u64,
    trusted: &[Verifier],
) -> Result<(State, Tree), StoreError> {
    let start = (State::default(), Tree::default());
    let Some(snapshot) = view.snapshot()?.filter(|snapshot| snapshot.size <= size) else {
        return Ok(start);
    };
    let tree = match Tree::load(snapshot.size, view) {
        Ok(tree) => tree,
        Err(StoreError::Corrupt(_)) => return Ok(start),
        Err(error) => return Err(error),
    };
    Ok(snapshot.open(&tree.root(), trusted).map_or(start, |state| (state, tree)))
}

/// Applies the entries up to `size` that the state has not taken in.
fn take_in(
    view: &dyn View,
    state: &mut State,
    tree: &mut Tree,
    size: u64,
) -> Result<(), StoreError> {
    while state.size() < size {
        let entries = view.entries(state.size(), CHUNK)?;
        if entries.is_empty() {
            let reason = format!("entry {} is missing, its checkpoint covers {size}", state.size());
            return Err(StoreError::Corrupt(reason));
        }
        for stored in entries.iter().take_while(|entry| entry.index < size) {
            let entry = stored.decode().map_err(|error| damaged(stored.index, &error))?;
            if entry.index != state.size() || stored.index != entry.index {
                return Err(StoreError::Corrupt(format!(
                    "entry {} is stored where entry {} should be",
                    entry.index,
                    state.size()
                )));
            }
            tree.push(leaf_hash(&stored.leaf))
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            state.apply(&entry);
        }
    }
    Ok(())
}

/// An entry that is not what it should be.
pub(crate) fn damaged(index: u64, error: &dyn std::error::Error) -> StoreError {
    StoreError::Corrupt(format!("entry {index}: {error}"))
}
