//! The sequencer, through which everything that happens to a log passes in order.
//!
//! A caller sends a command and waits. A thread takes all the commands that have come in, takes
//! the tip of the log, judges each command against everything before it, appends what follows in
//! one durable commit, and only then answers. While it waits for the disk the next commands
//! gather, so the busier the log, the more of them share a commit; nothing is ever delayed for it.
//!
//! A caller that may block need not wake that thread and be woken by it. When nobody is at the log
//! it does the batch itself, its own command and what others sent meanwhile: a lock sees to it
//! that one at a time does.
//!
//! A command that is refused harms no other. When the store fails nobody in the batch is told
//! that anything happened, the state in memory is thrown away, and the next batch begins from
//! what is in the log: recovery takes the way of every start.

mod draft;
mod pulse;
mod wait;
mod worker;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, TryLockError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use placet_core::event::Payload;
use placet_core::{Caller, Command, Entry, State};
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::LogClock;
use crate::environment::Environment;
use crate::error::{OpenError, StoreError, SubmitError};
use crate::keys::Keys;
use crate::sqlite::{Options, Sqlite};
use crate::store::{Reader, Store};
pub use draft::answered_before;
use pulse::Health;
pub use pulse::Pulse;
pub use wait::wait;
use worker::{Worker, run};

/// Most commands that wait to be taken. A caller beyond it waits before it is let in, which slows
/// it down to what the disk carries.
pub const MAX_QUEUED: usize = 4096;

/// Most commands in one commit: some milliseconds of work, so that nobody waits long for others.
pub const MAX_BATCH: usize = 1024;

/// Entries between two snapshots. To apply this many takes a fraction of a second at start-up.
pub const SNAPSHOT_EVERY: u64 = 50_000;

/// Longest sleep while an approval is due some time: a clock may be set, or a machine may sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// How much later than due an approval may be closed, to spare waking the thread for less.
const SLACK: Duration = Duration::from_millis(2);

/// How long after a commit that failed another is tried, where nobody asks for one before.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// What a command led to. It is durable.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The entries that the command added, in order; none if it changed nothing.
    pub entries: Vec<Entry>,
    /// Whether the request was a repetition. Then the entries are those that it led to the first
    /// time, and nothing was added.
    pub repeated: Option<Repeated>,
    /// The checkpoint of the log with these entries, as a signed note.
    pub checkpoint: Arc<str>,
}

/// What is still there of a request that is repeated.
#[derive(Clone, Debug)]
pub struct Repeated {
    /// The first entry that the request led to: where it changed nothing, the one that says so.
    pub entry: u64,
    /// The payload of its first entry, if that was not erased since.
    pub payload: Option<Payload>,
}

/// A command on its way, with whoever waits for the answer.
struct Job {
    command: Command,
    caller: Option<Caller>,
    reply: oneshot::Sender<Answer>,
}

type Answer = Result<Committed, SubmitError>;

/// How far the log has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tip {
    /// How many entries are durable.
    pub size: u64,
    /// The checkpoint that covers them, as a signed note.
    pub checkpoint: Arc<str>,
}

/// What the sequencer shows to everyone. All of it is durable.
struct Published {
    state: RwLock<State>,
    tip: watch::Sender<Tip>,
    /// How the writing goes.
    health: watch::Sender<Health>,
}

/// A log in operation.
///
/// Dropped, it takes no more commands, carries out those it has, and ends.
pub struct Sequencer {
    jobs: Option<mpsc::Sender<Job>>,
    /// Whoever holds it writes the log, for all who wait.
    worker: Arc<Mutex<Worker>>,
    published: Arc<Published>,
    keys: Arc<Keys>,
    clock: Arc<LogClock>,
    /// Only to make more of them. It is let go of before the store is closed.
    reader: Mutex<Option<Box<dyn Reader>>>,
    thread: Option<JoinHandle<()>>,
}

impl Sequencer {
    /// Opens the log in a file, or creates it with new secrets; see [`Sqlite::open_with_keys`].
    ///
    /// # Errors
    /// When the log or its secrets cannot be opened, are damaged, or do not belong together.
    pub fn open(
        path: &Path,
        origin: Option<&str>,
        env: Arc<dyn Environment>,
    ) -> Result<Self, OpenError> {
        let (store, keys) = Sqlite::open_with_keys(path, origin, Options::default(), &*env)?;
        Ok(Self::start(Box::new(store), keys, env)?)
    }

    /// Reads the log to its tip and starts the thread.
    ///
    /// # Errors
    /// When the log cannot be read, is damaged, or belongs to another key.
    pub fn start(
        store: Box<dyn Store>,
        keys: Keys,
        env: Arc<dyn Environment>,
    ) -> Result<Self, StoreError> {
        let keys = Arc::new(keys);
        let reader = Mutex::new(Some(store.reader()?));
        let (jobs, queue) = mpsc::channel(MAX_QUEUED);
        let clock = Arc::new(LogClock::new(env));
        let worker = Worker::open(queue, store, Arc::clone(&keys), Arc::clone(&clock))?;
        let published = worker.published();
        let worker = Arc::new(Mutex::new(worker));
        let served = Arc::clone(&worker);
        let thread = Builder::new()
            .name("placet-sequencer".to_owned())
            .spawn(move || run(&served))
            .map_err(|error| StoreError::Io(error.to_string()))?;
        Ok(Self { jobs: Some(jobs), worker, published, keys, clock, reader, thread: Some(thread) })
    }

    /// Carries out a command, and returns when what it led to is durable.
    ///
    /// Dropped before it was let in, it leaves nothing. Dropped later, the command is carried out
    /// all the same, and the log has what came of it.
    ///
    /// # Errors
    /// The reason says whether anything may have been recorded.
    pub async fn submit(&self, command: Command) -> Result<Committed, SubmitError> {
        self.submit_as(command, None).await
    }

    /// The same on the word of someone who showed an API key.
    ///
    /// # Errors
    /// As there, and when the key may not do this.
    pub async fn submit_as(
        &self,
        command: Command,
        caller: Option<Caller>,
    ) -> Result<Committed, SubmitError> {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(SubmitError::Closed)?;
        jobs.send(Job { command, caller, reply }).await.map_err(|_| SubmitError::Closed)?;
        answer.await.unwrap_or_else(|_| Err(abandoned()))
    }

    /// Sends a command whose answer nobody waits for. False when it was not let in: so many wait
    /// already, or the log is closed.
    #[must_use]
    pub fn send(&self, command: Command, caller: Option<Caller>) -> bool {
        let (reply, _nobody) = oneshot::channel();
        let job = Job { command, caller, reply };
        self.jobs.as_ref().is_some_and(|jobs| jobs.try_send(job).is_ok())
    }

    /// Submits for callers that may block, on this thread where nobody else is at the log.
    ///
    /// # Errors
    /// The reason says whether anything may have been recorded.
    pub fn submit_blocking(&self, command: Command) -> Result<Committed, SubmitError> {
        self.submit_blocking_as(command, None)
    }

    /// The same on the word of someone who showed an API key.
    ///
    /// # Errors
    /// As there, and when the key may not do this.
    pub fn submit_blocking_as(
        &self,
        command: Command,
        caller: Option<Caller>,
    ) -> Result<Committed, SubmitError> {
        let _alarm = Alarm(self);
        let mut worker = match self.worker.try_lock() {
            Ok(worker) => worker,
            Err(TryLockError::WouldBlock) => return wait(self.submit_as(command, caller)),
            Err(TryLockError::Poisoned(_)) => return Err(SubmitError::Closed),
        };
        let answer = worker.serve_caller(command, caller);
        if worker.is_due_sooner() {
            self.wake();
        }
        answer
    }

    /// Has the thread look again how long it may sleep.
    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// The state at the tip, made of durable entries only. Whoever holds it holds up commits.
    pub fn state(&self) -> RwLockReadGuard<'_, State> {
        self.published.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The latest checkpoint, as a signed note.
    #[must_use]
    pub fn checkpoint(&self) -> Arc<str> {
        Arc::clone(&self.published.tip.borrow().checkpoint)
    }

    /// Follows the log: the receiver changes with every commit.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Tip> {
        self.published.tip.subscribe()
    }

    /// What tells whether the log is still written.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        Pulse::new(self.published.health.subscribe())
    }

    /// A reader of the log, for another thread.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.as_ref().map_or_else(
            || Err(StoreError::Io("the log is closed".to_owned())),
            |reader| reader.another(),
        )
    }

    /// The clock that the log goes by. Whoever asks something of its state asks it for the time.
    #[must_use]
    pub fn clock(&self) -> &Arc<LogClock> {
        &self.clock
    }

    /// The secrets of the log.
    #[must_use]
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// Takes no more commands, carries out those it has, keeps a snapshot, and returns when the
    /// store is closed.
    pub fn close(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        self.jobs = None;
        *self.reader.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has answered nobody since, and the log is as it was.
            drop(thread.join());
        }
    }
}

/// Why somebody who was let in gets no answer: whoever had the work in hand has panicked, nobody
/// knows how far it had come.
fn abandoned() -> SubmitError {
    SubmitError::Unknown(Arc::new(StoreError::Io("whoever writes it has panicked".to_owned())))
}

/// Has the thread look when a caller panics who does its work: it ends then, and says so.
struct Alarm<'a>(&'a Sequencer);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.wake();
        }
    }
}

impl Drop for Sequencer {
    fn drop(&mut self) {
        self.finish();
    }
}

impl std::fmt::Debug for Sequencer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sequencer({})", self.keys.origin())
    }
}
