//! Verification: replaying a whole log and saying what is wrong with it.
//!
//! Everything is worked out again from the leaves: each must be the canonical JSON of an entry
//! that follows from the entries before it; the tree over them must have the stored tiles, and its
//! root the signature of the log's key; payloads must be what the leaves commit to, or be gone
//! because the log says so; snapshot and projections must say what the log says.
//!
//! What this cannot see is a log that was cut or rewritten as a whole by someone with the key, for
//! such a log is sound in itself. Whoever kept a checkpoint or a receipt sees it; see
//! [`continues`](crate::prove::continues).
//!
//! Three stages work side by side, with few entries in flight between them: one thread reads, some
//! decode and hash, one judges in order.

mod auditor;
mod chunk;
mod problem;
mod rows;

use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use placet_core::Entry;
use placet_core::log::{Checkpoint, Verifier};

use crate::error::StoreError;
use crate::store::{Head, Reader, View};
use crate::tree::Tree;
use auditor::{Audited, Auditor};
use chunk::{CHUNK, Chunk, Decoded};
pub use problem::{Place, Problem, Problems, What};

/// How many chunks are in flight between two stages.
const IN_FLIGHT: usize = 4;

/// What a verification found.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many entries were looked at.
    pub entries: u64,
    /// The head, if it is signed by a trusted key.
    pub checkpoint: Option<Checkpoint>,
    /// How many payloads are gone because the log says so.
    pub erased: u64,
    /// What is wrong, the first few things.
    pub problems: Vec<Problem>,
    /// How many more things are wrong.
    pub more: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Verifies a log. `progress` is told how many entries of how many are done.
///
/// # Errors
/// Only when the log cannot be read at all. What is wrong with it is in the report.
pub fn verify(
    reader: &mut dyn Reader,
    trusted: &[Verifier],
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Report, StoreError> {
    let second = reader.another()?;
    let view = reader.view()?;
    let mut problems = Problems::default();
    let head = problems.unless_damaged(Place::Head, view.head())?.flatten();
    let checkpoint = head.as_ref().and_then(|head| open(head, trusted, &mut problems));
    let snapshot = problems.unless_damaged(Place::Snapshot, view.snapshot())?.flatten();
    let size = head.as_ref().map_or(0, |head| head.size);
    let second = Mutex::new(second);
    let cited = Box::new(move |index| cited(&second, index));
    let auditor = Auditor::new(trusted, cited, snapshot, problems);
    let Audited { tree, upper, erased, entries, mut problems } =
        run(&*view, size, auditor, progress)?;
    if let Some(head) = &head {
        compare_root(head, &tree, &mut problems);
        compare_tiles(&*view, &tree, upper, &mut problems)?;
    }
    if entries < size {
        problems.add(Place::Entry(entries), What::Missing);
    }
    check_erased(&*view, &erased, &mut problems)?;
    check_end(&*view, head.as_ref(), &mut problems)?;
    let erased = u64::try_from(erased.len()).unwrap_or(u64::MAX);
    let (problems, more) = problems.into_parts();
    Ok(Report { entries, checkpoint, erased, problems, more })
}

/// An entry that a later one rests on. Entries never change, so it does not matter when it is read.
fn cited(reader: &Mutex<Box<dyn Reader>>, index: u64) -> Option<Entry> {
    let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
    let stored = reader.view().ok()?.entries(index, 1).ok()?.into_iter().next()?;
    stored.decode().ok().filter(|entry| entry.index == index)
}

/// Sends the entries through the stages.
fn run(
    view: &dyn View,
    size: u64,
    mut auditor: Auditor<'_>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Audited, StoreError> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let (read, to_decode) = sync_channel::<Chunk>(IN_FLIGHT);
    let (decoded, to_judge) = sync_channel::<Decoded>(IN_FLIGHT);
    let to_decode = Mutex::new(to_decode);
    thread::scope(|scope| {
        for _ in 0..workers {
            let (to_decode, decoded) = (&to_decode, decoded.clone());
            scope.spawn(move || decode(to_decode, &decoded));
        }
        drop(decoded);
        let judge = scope.spawn(move || {
            in_order(&to_judge, |chunk| {
                let done = chunk.end();
                auditor.judge(chunk);
                progress(done, size);
            });
            auditor.finish()
        });
        let end = feed(view, size, &read);
        // Nothing more to decode, so each stage comes to its end.
        drop(read);
        let audited =
            judge.join().map_err(|_| StoreError::Io("the judging thread stopped".to_owned()));
        end.and(audited)
    })
}

/// Reads everything, chunk by chunk.
fn feed(view: &dyn View, size: u64, read: &SyncSender<Chunk>) -> Result<(), StoreError> {
    let mut next = 0;
    while next < size {
        let chunk = Chunk::read(view, next, size)?;
        next += CHUNK;
        // Nobody listens any more only when the judging thread is gone, which join will tell.
        if read.send(chunk).is_err() {
            break;
        }
    }
    Ok(())
}

fn decode(chunks: &Mutex<Receiver<Chunk>>, decoded: &SyncSender<Decoded>) {
    loop {
        let chunk = chunks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(chunk) = chunk else { break };
        if decoded.send(chunk.decode()).is_err() {
            break;
        }
    }
}

/// Hands on the chunks in the order of the log, whichever was decoded first.
fn in_order(decoded: &Receiver<Decoded>, mut judge: impl FnMut(Decoded)) {
    let mut early = std::collections::BTreeMap::new();
    let mut next = 0;
    for chunk in decoded {
        early.insert(chunk.start, chunk);
        while let Some(chunk) = early.remove(&next) {
            next += CHUNK;
            judge(chunk);
        }
    }
}

fn open(head: &Head, trusted: &[Verifier], problems: &mut Problems) -> Option<Checkpoint> {
    match Checkpoint::open(head.checkpoint.as_bytes(), trusted) {
        Ok(checkpoint) if (checkpoint.size(), checkpoint.root()) == (head.size, head.root) => {
            Some(checkpoint)
        }
        Ok(checkpoint) => {
            let (head, signed) = (head.size, checkpoint.size());
            problems.add(Place::Head, What::OtherHead { head, signed });
            None
        }
        Err(error) => {
            problems.add(Place::Head, What::Checkpoint(error));
            None
        }
    }
}

fn compare_root(head: &Head, tree: &Tree, problems: &mut Problems) {
    if tree.size() == head.size && tree.root() != head.root {
        problems.add(Place::Head, What::Root { computed: tree.root(), stored: head.root });
    }
}

/// Compares the tiles above the lowest level, and the incomplete ones.
fn compare_tiles(
    view: &dyn View,
    tree: &Tree,
    upper: Vec<crate::store::StoredTile>,
    problems: &mut Problems,
) -> Result<(), StoreError> {
    for tile in upper {
        let place = Place::Tile { level: tile.level, index: tile.index };
        let stored = problems.unless_damaged(place, view.tile(tile.level, tile.index))?;
        if stored.is_some_and(|stored| stored.as_ref() != Some(&tile.hashes)) {
            problems.add(place, What::Tile);
        }
    }
    let stored = problems.unless_damaged(Place::Edge, Tree::load(tree.size(), view))?;
    if stored.is_some_and(|stored| stored != *tree) {
        problems.add(Place::Edge, What::Tile);
    }
    Ok(())
}

/// Checks that what the log says is erased is gone.
fn check_erased(
    view: &dyn View,
    erased: &[u64],
    problems: &mut Problems,
) -> Result<(), StoreError> {
    for index in erased {
        let stored = problems.unless_damaged(Place::Entry(*index), view.entries(*index, 1))?;
        let stored = stored.and_then(|stored| stored.into_iter().next());
        if stored.is_some_and(|stored| stored.index == *index && stored.private.is_some()) {
            problems.add(Place::Entry(*index), What::NotErased);
        }
    }
    Ok(())
}

/// Checks that nothing is stored beyond the head.
fn check_end(
    view: &dyn View,
    head: Option<&Head>,
    problems: &mut Problems,
) -> Result<(), StoreError> {
    let size = head.map_or(0, |head| head.size);
    let entries = problems.unless_damaged(Place::Entry(size), view.entries(size, 1))?;
    if entries.is_some_and(|entries| !entries.is_empty()) {
        let what = if head.is_some() { What::Beyond } else { What::NoHead };
        problems.add(Place::Entry(size), what);
    }
    let rows = view.actions(size, 1).map(|rows| rows.len());
    let rows = rows.and_then(|rows| Ok(rows + view.switches(size, 1)?.len()));
    let rows = rows.and_then(|rows| Ok(rows + view.autonomy(size, 1)?.len()));
    let rows = rows.and_then(|rows| Ok(rows + view.requests(size, 1)?.len()));
    let rows = rows.and_then(|rows| Ok(rows + view.steps(size, 1)?.len()));
    let rows = rows.and_then(|rows| Ok(rows + view.refusals(size, 1)?.len()));
    if problems.unless_damaged(Place::Projections, rows)?.is_some_and(|rows| rows > 0) {
        problems.add(Place::Row(size), What::ExtraRow);
    }
    Ok(())
}
