//! The work itself, and the thread that does it unless a caller does.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use placet_core::log::{Checkpoint, EMPTY_ROOT, Hash, leaf_hash};
use placet_core::{Caller, Command, Entry, State};
use tokio::sync::{mpsc, oneshot, watch};

use super::draft::{Draft, Judged, Led};
use super::pulse::Health;
use super::wait::{LookOut, sleep, waker};
use super::{
    Answer, Committed, Job, LONGEST_SLEEP, MAX_BATCH, Published, RETRY_AFTER, SLACK,
    SNAPSHOT_EVERY, Tip,
};
use crate::clock::LogClock;
use crate::entry::NewEntry;
use crate::environment::Environment as _;
use crate::error::{CommitError, StoreError, SubmitError};
use crate::keys::Keys;
use crate::recover::{check_head, damaged, recover};
use crate::snapshot::Snapshot;
use crate::store::{Append, Batch, Head, Store, View};
use crate::tree::{Tree, root_at};

/// What whoever writes the log must have.
pub(super) struct Worker {
    queue: mpsc::Receiver<Job>,
    store: Box<dyn Store>,
    keys: Arc<Keys>,
    clock: Arc<LogClock>,
    /// INVARIANT: state and tree are the fold of the same entries. Between batches those are
    /// durable, unless `stale`.
    state: State,
    tree: Tree,
    published: Arc<Published>,
    /// The size and the root that the log is known to have had. It never goes back behind them.
    durable: (u64, Hash),
    /// Whether a batch failed, so that the state must be read again before anything is judged.
    stale: bool,
    /// When another commit is tried, if the latest failed.
    retries_at: Option<Instant>,
    /// How many entries the stored snapshot covers.
    snapshot: u64,
    /// How long the thread sleeps unless it is woken; without it for ever.
    sleeps_until: Option<Instant>,
    /// The size that those who follow the log were told of.
    told: u64,
}

/// The result of a batch that was not recorded, or perhaps was.
type Failure = CommitError;

impl Worker {
    pub(super) fn open(
        queue: mpsc::Receiver<Job>,
        store: Box<dyn Store>,
        keys: Arc<Keys>,
        clock: Arc<LogClock>,
    ) -> Result<Self, StoreError> {
        let published = Arc::new(Published {
            state: RwLock::new(State::default()),
            tip: watch::Sender::new(Tip::default()),
            health: watch::Sender::new(Health::Written),
        });
        let mut worker = Self {
            queue,
            store,
            keys,
            clock,
            state: State::default(),
            tree: Tree::default(),
            published,
            durable: (0, EMPTY_ROOT),
            stale: false,
            retries_at: None,
            snapshot: 0,
            sleeps_until: None,
            told: 0,
        };
        worker.reload()?;
        Ok(worker)
    }

    pub(super) fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published)
    }

    /// Carries out a command on the thread of its caller, after those that wait already.
    pub(super) fn serve_caller(&mut self, command: Command, caller: Option<Caller>) -> Answer {
        let (reply, mut answer) = oneshot::channel();
        let waiting = std::iter::from_fn(|| self.queue.try_recv().ok()).take(MAX_BATCH - 1);
        let mut jobs: Vec<Job> = waiting.collect();
        jobs.push(Job { command, caller, reply });
        self.serve(&mut jobs);
        answer.try_recv().unwrap_or(Err(SubmitError::Closed))
    }

    /// Whether something is due before the thread looks again by itself.
    pub(super) fn is_due_sooner(&self) -> bool {
        let due = self.patience().map(|patience| Instant::now() + patience + SLACK);
        due.is_some_and(|due| self.sleeps_until.is_none_or(|until| due < until))
    }

    /// How long it may sleep: until the next approval is due, or after a failure until the next try.
    fn patience(&self) -> Option<Duration> {
        if let Some(retries_at) = self.retries_at {
            return Some(retries_at.saturating_duration_since(Instant::now()));
        }
        let deadline = self.state.next_due()?;
        Some(deadline.since(self.clock.now()).min(LONGEST_SLEEP))
    }

    /// Carries out one batch and answers everyone in it.
    fn serve(&mut self, jobs: &mut Vec<Job>) {
        let (commands, replies): (Vec<_>, Vec<_>) =
            jobs.drain(..).map(|job| ((job.command, job.caller), job.reply)).unzip();
        let outcome = self.batch(commands);
        self.note(outcome.is_err());
        match outcome {
            Ok(answers) => answer(replies, answers),
            Err(failure) => {
                self.stale = true;
                // Whoever is told that it failed shall find the truth when they look. If this
                // fails as well, the next batch tries again.
                drop(self.recover());
                fail(replies, failure);
            }
        }
        self.tell();
        if self.state.size() >= self.snapshot.saturating_add(SNAPSHOT_EVERY) {
            // It is tried again after the next batch.
            drop(self.save_snapshot());
        }
    }

    /// Wakes those who follow the log, if it has grown. Whoever waits for an answer has it by now: to
    /// wake others takes a while.
    fn tell(&mut self) {
        let size = self.published.tip.borrow().size;
        if std::mem::replace(&mut self.told, size) != size {
            self.published.tip.send_modify(|_| {});
        }
    }

    fn note(&mut self, failed: bool) {
        self.retries_at = failed.then(|| Instant::now() + RETRY_AFTER);
        let health = if failed { Health::Failing } else { Health::Written };
        self.published.health.send_if_modified(|now| std::mem::replace(now, health) != health);
    }

    /// Commits what commands lead to. After a failure there is a commit in any case, which tells
    /// whether the log can be written again.
    fn batch(&mut self, commands: Vec<(Command, Option<Caller>)>) -> Result<Vec<Answer>, Failure> {
        self.recover()?;
        let mut batch = self.store.begin(self.state.size())?;
        catch_up(&mut *batch, &mut self.state, &mut self.tree, &self.published, &self.keys)?;
        self.durable = (self.tree.size(), self.tree.root());
        self.clock.hold_now(self.state.at());
        let moment = self.clock.moment();
        let now = self.state.clock(moment.at);
        let Self { state, tree, clock, .. } = self;
        let entries = Vec::with_capacity(commands.len());
        let mut draft = Draft { state, tree, entries, env: &**clock, now };
        draft.tick()?;
        let judged = commands
            .into_iter()
            .map(|(command, caller)| draft.judge(command, caller.as_ref(), batch.view()));
        let judged = judged.collect::<Result<Vec<_>, _>>()?;
        draft.follow_up()?;
        let entries = draft.entries;
        if !entries.is_empty() || self.retries_at.is_some() {
            let head = sign(&self.tree, &self.keys)?;
            let tiles = self.tree.take_tiles();
            batch.append(Append { entries: &entries, tiles: &tiles, head: &head })?;
            // A crash before this line leaves nothing of the batch, a crash after it all of it.
            // Nobody has been answered.
            batch.commit()?;
            self.durable = (head.size, head.root);
            self.clock.hold(moment);
            self.published.advance(entries.iter().map(|new| &new.entry), head);
        } else {
            drop(batch);
        }
        Ok(self.answers(entries, judged))
    }

    /// Reads the state again, if a failure made it worthless.
    fn recover(&mut self) -> Result<(), StoreError> {
        if self.stale {
            self.store.reopen()?;
            self.reload()?;
        }
        Ok(())
    }

    /// The answers, in the order of the commands, each with the entries that are its own.
    fn answers(&self, entries: Vec<NewEntry>, judged: Vec<Judged>) -> Vec<Answer> {
        let checkpoint = Arc::clone(&self.published.tip.borrow().checkpoint);
        let mut entries = (0..).zip(entries.into_iter().map(|new| new.entry));
        let answer = |judged: Judged| {
            let (entries, repeated) = match judged? {
                Led::Again(entries, repeated) => (entries, Some(repeated)),
                // Those in between belong to nobody: what was due, and notes of refusals.
                Led::To(own) => {
                    let from = entries.by_ref().skip_while(|(place, _)| *place < own.start);
                    (from.take(own.len()).map(|(_, entry)| entry).collect(), None)
                }
            };
            Ok(Committed { entries, repeated, checkpoint: Arc::clone(&checkpoint) })
        };
        judged.into_iter().map(answer).collect()
    }

    /// Reads the state from the log, and gives a new log its first head.
    fn reload(&mut self) -> Result<(), StoreError> {
        let recovered = {
            let mut reader = self.store.reader()?;
            let view = reader.view()?;
            let recovered = recover(&*view, std::slice::from_ref(self.keys.verifier()))?;
            self.check_continues(recovered.tree.size(), &*view)?;
            recovered
        };
        let head = match recovered.head {
            Some(head) => head,
            None => return self.found(),
        };
        self.snapshot = recovered.snapshot;
        self.tree = recovered.tree;
        self.adopt(recovered.state, head);
        Ok(())
    }

    /// Refuses a log that lacks what was durable before: it was cut or replaced meanwhile.
    fn check_continues(&self, size: u64, view: &dyn View) -> Result<(), StoreError> {
        let (known, root) = self.durable;
        if size >= known && root_at(known, view)? == root {
            return Ok(());
        }
        Err(StoreError::Corrupt(format!(
            "it had {known} entries a moment ago, and what is stored now does not begin with them"
        )))
    }

    /// Signs the head of an empty log, unless another node does so at the same moment.
    fn found(&mut self) -> Result<(), StoreError> {
        let mut batch = self.store.begin(0)?;
        if batch.view().head()?.is_none() {
            let head = sign(&Tree::default(), &self.keys)?;
            batch.append(Append { entries: &[], tiles: &[], head: &head })?;
            batch.commit().map_err(CommitError::into_error)?;
        } else {
            drop(batch);
        }
        self.reload()
    }

    fn adopt(&mut self, state: State, head: Head) {
        self.durable = (head.size, head.root);
        self.clock.hold_now(state.at());
        self.published.replace(state.clone(), head);
        self.state = state;
        self.stale = false;
    }

    /// Keeps a snapshot of the state, if there is anything new in it.
    fn save_snapshot(&mut self) -> Result<(), StoreError> {
        if self.stale || self.state.size() <= self.snapshot {
            return Ok(());
        }
        let snapshot = Snapshot::take(&self.state, &self.tree.root(), self.keys.signing())
            .map_err(|error| StoreError::Io(error.to_string()))?;
        self.store.save_snapshot(&snapshot)?;
        self.snapshot = snapshot.size;
        Ok(())
    }
}

/// Carries out what comes and closes what is due, until nobody can send any more.
pub(super) fn run(worker: &Mutex<Worker>) {
    let _end = End(worker);
    let waker = waker();
    let mut context = Context::from_waker(&waker);
    let mut look_out = LookOut::new();
    let mut jobs = Vec::with_capacity(MAX_BATCH);
    // Nobody goes on with what a panic left behind.
    while let Ok(mut held) = worker.lock() {
        match held.queue.poll_recv_many(&mut context, &mut jobs, MAX_BATCH) {
            Poll::Ready(0) => {
                // Without the snapshot the next start takes longer.
                drop(held.save_snapshot());
                break;
            }
            Poll::Ready(_) => {
                held.serve(&mut jobs);
                look_out.begin();
            }
            Poll::Pending => match held.patience() {
                Some(Duration::ZERO) => held.serve(&mut jobs),
                patience => {
                    held.sleeps_until = patience.map(|patience| Instant::now() + patience);
                    drop(held);
                    if !look_out.goes_on() {
                        sleep(patience);
                    }
                }
            },
        }
    }
}

/// However the thread ends, nobody waits for it in vain.
struct End<'a>(&'a Mutex<Worker>);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let has_panicked = self.0.is_poisoned() || std::thread::panicking();
        let mut worker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        worker.queue.close();
        if has_panicked {
            worker.published.health.send_replace(Health::Stopped);
        }
        while worker.queue.try_recv().is_ok() {}
    }
}

impl Published {
    /// Shows entries that are now durable.
    fn advance<'a>(&self, entries: impl Iterator<Item = &'a Entry>, head: Head) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        entries.for_each(|entry| state.apply(entry));
        drop(state);
        self.show(head);
    }

    /// Shows a state that was read from the log.
    fn replace(&self, state: State, head: Head) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        self.show(head);
    }

    /// Shows a head to whoever looks; see [`Worker::tell`] for who waits for it.
    fn show(&self, head: Head) {
        self.tip.send_if_modified(|tip| {
            *tip = Tip { size: head.size, checkpoint: head.checkpoint.into() };
            false
        });
    }
}

/// Takes in what other nodes appended. It is durable, so it is shown to everyone.
fn catch_up(
    batch: &mut dyn Batch,
    state: &mut State,
    tree: &mut Tree,
    published: &Published,
    keys: &Keys,
) -> Result<(), StoreError> {
    let head = batch
        .view()
        .head()?
        .ok_or_else(|| StoreError::Corrupt("its head is missing".to_owned()))?;
    if head.size == state.size() && head.root == tree.root() {
        return Ok(());
    }
    check_head(&head, std::slice::from_ref(keys.verifier()))?;
    let mut seen = Vec::new();
    loop {
        let unseen = batch.unseen()?;
        if unseen.is_empty() {
            break;
        }
        for stored in unseen {
            let entry = stored.decode().map_err(|error| damaged(stored.index, &error))?;
            tree.push(leaf_hash(&stored.leaf))
                .map_err(|error| StoreError::Full(error.to_string()))?;
            state.apply(&entry);
            seen.push(entry);
        }
    }
    // Their tiles are stored already.
    tree.take_tiles();
    if (tree.size(), tree.root()) != (head.size, head.root) {
        return Err(StoreError::Corrupt(format!(
            "it does not continue the {} entries that were known",
            state.size()
        )));
    }
    published.advance(seen.iter(), head);
    Ok(())
}

/// The signed head of a tree.
fn sign(tree: &Tree, keys: &Keys) -> Result<Head, StoreError> {
    let (size, root) = (tree.size(), tree.root());
    let signed =
        Checkpoint::new(keys.origin(), size, root).and_then(|head| head.sign(keys.signing()));
    let signed = signed.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(Head { size, root, checkpoint: signed.into_string() })
}

/// Answers everyone. Who has stopped waiting is not missed.
fn answer(replies: Vec<oneshot::Sender<Answer>>, answers: Vec<Answer>) {
    for (reply, answer) in replies.into_iter().zip(answers) {
        drop(reply.send(answer));
    }
}

/// Tells everyone in a batch that it failed.
fn fail(replies: Vec<oneshot::Sender<Answer>>, failure: Failure) {
    let reason = match failure {
        CommitError::NotCommitted(error) => SubmitError::NotRecorded(Arc::new(error)),
        CommitError::Unknown(error) => SubmitError::Unknown(Arc::new(error)),
    };
    for reply in replies {
        drop(reply.send(Err(reason.clone())));
    }
}
