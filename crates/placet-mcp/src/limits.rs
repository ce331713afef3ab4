//! How much the gateway takes, each with its reason.

use std::time::Duration;

/// Largest message that a client may send, in bytes: files are written as an argument of a call,
/// and a log has no place for larger ones.
pub(crate) const MAX_CLIENT_BYTES: usize = 16 * 1024 * 1024;

/// Largest message that a server may send, in bytes: pictures and files come in one message.
pub(crate) const MAX_SERVER_BYTES: usize = 64 * 1024 * 1024;

/// Messages that wait for a reader: enough that nobody waits for a slow moment, and few enough that
/// a reader who is stuck stops the writer.
pub(crate) const QUEUE: usize = 64;

/// Requests of one client that are open at a time. No client has as many questions; one that has
/// would only make the gateway remember.
pub(crate) const MAX_PENDING: usize = 4096;

/// Held calls that a gateway remembers so that they can be made once more.
pub(crate) const MAX_HELD: usize = 1024;

/// Held calls that are tasks at a time, with those that ended lately: each that waits is watched.
pub(crate) const MAX_TASKS: usize = 1024;

/// How much of what came of tasks is kept for clients that ask, in bytes.
pub(crate) const MAX_TASK_BYTES: usize = 2 * MAX_SERVER_BYTES;

/// How long it is kept.
pub(crate) const TASK_KEPT: Duration = Duration::from_secs(15 * 60);

/// How often a client should ask for a task: people take minutes.
pub(crate) const POLL: Duration = Duration::from_secs(2);

/// Most tools of one server whose digests are kept.
pub(crate) const MAX_TOOLS: usize = 4096;

/// Most pages of a list of tools that are read.
pub(crate) const MAX_PAGES: usize = 100;

/// Sessions of clients that are remembered.
pub(crate) const MAX_SESSIONS: usize = 4096;

/// Servers on pipes that run at a time for clients that come over HTTP: each is a process.
pub(crate) const MAX_CHILDREN: usize = 64;

/// Clients that may have sessions at a time, however many servers each of them needs.
pub(crate) const MIN_SESSIONS: usize = 8;

/// How long a server gets to list its tools when the gateway asks.
pub(crate) const LIST: Duration = Duration::from_secs(10);

/// How long a server gets to start.
pub(crate) const START: Duration = Duration::from_secs(60);

/// How long one of several servers gets to introduce itself, or to list what it has, before the client
/// goes on without it: less than the half of a minute after which some clients give up all of them.
pub(crate) const GATHER: Duration = Duration::from_secs(20);

/// How long one of several servers may take to take a message, once: the others wait for that.
pub(crate) const TAKES: Duration = Duration::from_secs(2);

/// How often a client that wants to know hears that its call still waits.
pub(crate) const PROGRESS: Duration = Duration::from_secs(5);

/// How long a call waits for people before the agent is told to come back: less than the minute
/// after which most clients give up.
pub(crate) const HOLD: Duration = Duration::from_secs(50);

/// How long a task waits: its approval ends long before.
pub(crate) const FOREVER: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// How long a server may take for a call without a word.
pub(crate) const CALL: Duration = Duration::from_secs(10 * 60);

/// How long until a server is listened to again whose stream has ended: at first, and at most.
pub(crate) const LISTEN_AGAIN: (Duration, Duration) =
    (Duration::from_millis(500), Duration::from_secs(30));

/// How often a stream is taken up again at a server that is away, before its answer is given up.
pub(crate) const GO_ON: u32 = 5;

/// How long a server may take to say that it has taken what it was told.
pub(crate) const TOLD: Duration = Duration::from_secs(5);

/// How long a server that was told to end gets for it.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(3);
