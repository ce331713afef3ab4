//! Every limit of the daemon, each with the reason for its size.
//!
//! The first answer to too much is to slow down its sender, the second to refuse it; nothing that
//! is refused for a limit is ever let through.

use std::num::NonZeroU32;
use std::time::Duration;

/// The limits that an operator may set.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest body, in bytes. The largest JSON document that the core reads is no larger.
    pub body_bytes: usize,
    /// Largest policy that can be sent, in bytes: its longest file, in which every other character
    /// has to be escaped.
    pub policy_bytes: usize,
    /// Requests a second that one key may send for long.
    pub requests_per_second: NonZeroU32,
    /// Requests that one key may send at once on top of that.
    pub burst: NonZeroU32,
    /// Requests a second that one network may send for long without a key: far above somebody who
    /// looks whether the daemon is well, or follows a public log.
    pub strangers_per_second: NonZeroU32,
    /// Requests that it may send at once on top of that.
    pub strangers_burst: NonZeroU32,
    /// Proposals of one tenant in the works at the same time. Beyond it they queue among themselves,
    /// so that a tenant in a hurry waits for itself and not others for it.
    pub in_flight_per_tenant: usize,
    /// Open connections. Each costs some ten kilobytes. Of those that carry a request no tenant ever
    /// has more than it leaves free, so the first that comes may have half of them.
    pub connections: usize,
    /// Requests that wait for people at the same time (`Prefer: wait`), and open event streams. They
    /// never take more than half of the connections, so that who does not wait finds one; and of them
    /// no tenant ever takes more than it leaves free.
    pub waits: usize,
    /// The same for one key, and at most a quarter of the connections.
    pub waits_per_key: usize,
    /// Bytes of bodies that are coming in at the same time. Beyond it whoever has sent the most of
    /// them loses the body that is the longest on its way, so nobody keeps another from being heard.
    pub bodies_bytes: usize,
    /// How long a client may take to send the head of a request, or stay idle between two.
    pub head_time: Duration,
    /// How long a client may take to send a body.
    pub body_time: Duration,
    /// How long a client may take for 64 KiB of an answer, or for the rest of it.
    pub write_time: Duration,
    /// How long the daemon works on what it has accepted after it was asked to stop.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: placet::core::limits::MAX_JSON_BYTES,
            policy_bytes: 2 * placet::policy::limits::MAX_POLICY_BYTES,
            // Far above an agent, far below what the log carries.
            requests_per_second: at_least_one(2_000),
            burst: at_least_one(4_000),
            strangers_per_second: at_least_one(500),
            strangers_burst: at_least_one(1_000),
            in_flight_per_tenant: 256,
            connections: 8_192,
            // As many as a hundred of the largest, or a few policies.
            bodies_bytes: 128 * 1024 * 1024,
            waits: 20_000,
            waits_per_key: 10_000,
            head_time: Duration::from_secs(15),
            body_time: Duration::from_secs(15),
            write_time: Duration::from_secs(30),
            stop_time: Duration::from_secs(20),
        }
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// Most requests a second, and most at once, that an operator may allow: no daemon answers more, so a
/// higher number is a slip of the pen and no limit at all.
pub const MAX_RATE: NonZeroU32 = at_least_one(1_000_000);

/// Most connections that an operator may allow, and requests that wait: at some ten kilobytes each, as
/// many as a large machine has memory for.
pub const MAX_CONNECTIONS: usize = 1_000_000;

/// Longest that a stop may take: a supervisor has lost its patience long before.
pub const MAX_STOP_TIME: Duration = Duration::from_secs(3_600);

/// What all keys of a tenant may send together, in what one of them may: more than a few busy
/// agents need, and so little that a tenant with a thousand keys leaves the log to others, too.
pub const KEYS_WORTH_OF_A_TENANT: NonZeroU32 = at_least_one(4);

/// Connections that wait in the system's queue to be accepted; the system may allow fewer. Whoever
/// finds it full tries again after a second, so a crowd that comes at once has to fit.
pub const MAX_UNACCEPTED: u32 = 4_096;

/// How many connections are let in one after the other where others have to make room for them, and
/// how long nobody is then. Who is sent away and comes back at once would otherwise keep the daemon
/// busy with nothing else. It is short, because those who come meanwhile wait in the system's queue,
/// where there are few places.
pub(crate) const EVICTIONS_AT_ONCE: u32 = 8;
pub(crate) const PAUSE_AFTER_EVICTIONS: Duration = Duration::from_millis(1);

/// How long the answer to what was too much (413 and 429) is kept back, so that somebody who comes
/// again at once, who is to be slowed down, is. It is less than what they are asked to wait.
pub(crate) const REFUSAL_PAUSE: Duration = Duration::from_millis(100);

/// How many bytes a second are read of requests that have been refused, and how many at once when
/// none were for a while: a few of the largest bodies that anybody sends by mistake.
pub const WASTE_BYTES_PER_SECOND: NonZeroU32 = at_least_one(16 * 1024 * 1024);

/// How long a client may go on to send a request that has been refused. Were the connection closed
/// while bytes come in, the system would tell the client so before it has read why.
pub(crate) const LINGER_TIME: Duration = Duration::from_secs(2);

/// How much it may send in that time, in bytes: as much as the largest body that is taken.
pub(crate) const LINGER_BYTES: usize = 16 * 1024 * 1024;

/// Fewest bytes of an answer that must be taken at a time, unless they are the last: a client that
/// takes one now and then is as good as one that takes none.
pub(crate) const LEAST_TAKEN: usize = 64 * 1024;

/// Largest form of the console but that of a policy or an answer, in bytes: a password, a reason, a
/// few names.
pub(crate) const MAX_FORM_BYTES: usize = 64 * 1024;

/// How many bytes of an answer in the console there may be for each byte of the largest action. Up to
/// eight are of a character of its params, which does not show and so is written `%5Cu007f`, and less
/// than six of the hash that says that a folded text was read, which stands for thirteen bytes.
pub(crate) const ANSWER_BYTES_PER_BYTE: usize = 10;

/// As many of these go to params that are written over several lines; where they would take more,
/// they stand on one.
pub(crate) const PARAMS_BYTES_PER_BYTE: usize = 4;

/// What an answer in the console may have beside that, in bytes: a few statements.
pub(crate) const MAX_ANSWER_BYTES_BESIDE: usize = 256 * 1024;

/// Longest name of a file of a policy, in characters: what file systems take.
pub(crate) const MAX_POLICY_FILE_NAME_CHARS: usize = 255;

/// Lookups in the log for one tenant at the same time, or for those who run the daemon: as many as keep
/// a few cores busy. Beyond it they wait for each other, so that whoever lists everything again and
/// again slows down itself.
pub const LOOKUPS_PER_TENANT: usize = 8;

/// Lookups in the log for all tenants, and those without a key, together. Each may open a reader of
/// its own, which takes two file descriptors, and they are far fewer than are kept free for that.
pub const LOOKUPS: usize = 32;

/// Networks that are told apart among those who show no key. Two that share a place share what they
/// may send, and no flood of addresses takes more memory than so many.
pub(crate) const STRANGERS_TOLD_APART: u64 = 4_096;

/// Tenants without a key of their own of which is known what was decided for them. Only those who
/// run the daemon can name one.
pub(crate) const KEYLESS_TENANTS: usize = 256;

/// Keys whose last use is known before those that ended are looked for the first time. After that they
/// are whenever there are twice as many as the last time.
pub(crate) const KEYS_BEFORE_FORGETTING: usize = 256;

/// Most headers of a request: browsers send about twenty.
pub const MAX_HEADERS: usize = 64;

/// Largest head of a request, in bytes: a line and headers, tokens and tracing included.
pub const MAX_HEAD_BYTES: usize = 32 * 1024;

/// How long a browser shall ask for nothing but TLS once it has found it here, in seconds: a year.
pub(crate) const TLS_EXPECTED_SECONDS: u32 = 365 * 24 * 60 * 60;

/// How long a browser may remember that a page of another origin may ask, in seconds.
pub(crate) const CROSS_ORIGIN_REMEMBERED_SECONDS: u32 = 600;

/// Longest that a request waits for people, whatever it asks for: proxies give up not much later.
pub const MAX_WAIT: Duration = Duration::from_secs(300);

/// Longest `Idempotency-Key`, in bytes: four UUIDs.
pub const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;

/// Entries that a stream of events may fall behind before it reads from the log again.
pub const EVENTS_BUFFERED: usize = 4_096;

/// Entries of a stream of events that wait for its client.
pub(crate) const EVENTS_AHEAD: usize = 64;

/// How often a stream of events says that it is alive, so that proxies leave it open.
pub const EVENTS_HEARTBEAT: Duration = Duration::from_secs(15);

/// Approvals in one answer when nobody says how many: a screen or two.
pub(crate) const APPROVALS_IN_A_PAGE: usize = 100;

/// Most approvals in one answer: some megabytes where each action is as large as it may be.
pub(crate) const MAX_APPROVALS_IN_A_PAGE: usize = 1000;

/// Classes on their ladders in one answer when nobody says how many.
pub(crate) const STANDINGS_IN_A_PAGE: usize = 100;

/// Most of them in one answer: looked at together, they keep commits waiting for some milliseconds.
pub(crate) const MAX_STANDINGS_IN_A_PAGE: usize = 1000;

/// Actions that a policy is tried on when nobody says how many: a busy day of one agent.
pub(crate) const ACTIONS_REPLAYED: usize = placet::REPLAYED;

/// Most actions that a policy is tried on: a second of work, or a few where budgets look far back.
pub const MAX_ACTIONS_REPLAYED: usize = placet::MAX_REPLAYED;

/// How long that may take: as long as somebody waits for a page, and less than a stop does.
pub const REPLAY_TIME: Duration = Duration::from_secs(10);

/// When who comes while another replay runs is asked to come again.
pub(crate) const PAUSE_BETWEEN_REPLAYS: Duration = Duration::from_secs(2);

/// Spans that wait to be sent, when nothing is said: the standard's number, some two megabytes.
pub const SPANS_QUEUED: usize = 2_048;

/// Spans that are sent at a time, when nothing is said: the standard's number.
pub const SPANS_SENT_TOGETHER: usize = 512;

/// Most spans that may wait to be sent. At a kilobyte each it is what a collector that is away for
/// a while may cost.
pub const MAX_SPANS_QUEUED: usize = 65_536;

/// As much of a path as the line about a request and its span keep, in characters: the longest that
/// names something has fewer.
pub const MAX_PATH_SHOWN: usize = 256;

/// Copies of the log that are made or fetched at a time: each is another whole log on the disk.
pub const BACKUPS: usize = 1;

/// When to ask for another copy.
pub const BACKUP_AGAIN: Duration = Duration::from_secs(10);

/// As much of a copy as is read at a time, in bytes, and as many such parts as wait for their client.
pub const BACKUP_PART: usize = 256 * 1024;
/// See [`BACKUP_PART`].
pub const BACKUP_AHEAD: usize = 2;

/// Requests whose clients have gone that are worked on to their end at a time. What they asked for
/// takes the turns of its tenant besides.
pub const LEFT_BEHIND: usize = 1024;

/// Longest `traceparent` or `tracestate` that is read, in bytes: what everyone must be able to
/// pass on.
pub const MAX_TRACE_STATE_BYTES: usize = 512;

/// How long it may take to read a policy, or a certificate, again.
pub(crate) const READING_TIME: Duration = Duration::from_secs(10);

/// How long a collector gets, after everything is answered, to take what is left. It is a part of
/// the time that a stop may take.
pub const LAST_EXPORT_TIME: Duration = Duration::from_secs(5);

/// Most webhooks: more receivers than that want a relay.
pub const MAX_WEBHOOKS: usize = 64;

/// Announcements in the works at the same time, waits between attempts included: each is about a
/// kilobyte. Every receiver has an equal part of these places, and where they are taken one of the
/// tenant that has most of them is a dead letter.
pub const MAX_ANNOUNCEMENTS: usize = 10_000;

/// How long an announcement may be in the works. Most approvals are over by then.
pub(crate) const ANNOUNCEMENT_TIME: Duration = Duration::from_secs(15 * 60);

/// How long a stop waits for announcements that are being sent, or could be sent at once.
pub(crate) const LAST_ANNOUNCEMENTS_TIME: Duration = Duration::from_secs(2);

/// Dead letters that are kept: more of them say nothing new. Where there are more, the oldest goes of the
/// receiver that has most of them, and of its tenant that has most.
pub const MAX_DEAD_LETTERS: usize = 1_000;

/// Connections to one receiver at the same time; each takes a thread while it is open.
pub(crate) const MAX_WEBHOOK_CONNECTIONS: usize = 4;

/// How long a receiver may take to answer, from its name on: it has only to write down what it got.
pub(crate) const WEBHOOK_TIME: Duration = Duration::from_secs(10);

/// Largest head of a receiver's answer, in bytes. Of its body nothing is read.
pub(crate) const MAX_WEBHOOK_HEAD_BYTES: usize = 16 * 1024;

/// How far the time of the log may be ahead of the machine's clock before that is worth a line: more than
/// clocks that are kept right differ.
pub(crate) const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);

/// How often the two are compared.
pub(crate) const CLOCK_LOOKS_EVERY: Duration = Duration::from_secs(5);
