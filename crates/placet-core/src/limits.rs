//! Every limit of the core, each with the reason for its size.
//!
//! A limit that is reached never lets an action through.

use std::time::Duration;

/// Levels of arrays and objects that a document may nest. Real tool calls stay under ten; parsing,
/// writing and dropping a value recurse once per level, so this also bounds their stack.
pub const MAX_JSON_DEPTH: u8 = 64;

/// Bytes of one JSON document. It fits a file that an agent writes, and a few hundred of them in
/// flight at once still fit the memory of a small machine.
pub const MAX_JSON_BYTES: usize = 1024 * 1024;

/// The largest whole number whose neighbours a double can still tell apart: 2^53 − 1. Beyond it
/// two different literals become one number, so two different actions would share a digest.
pub const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;

/// Digits before the decimal point of an amount: just under a quadrillion, more than any account
/// holds in a currency in use.
pub const MAX_AMOUNT_INTEGER_DIGITS: u32 = 15;

/// Digits after the decimal point of an amount: the smallest unit of the finest-grained currency
/// in wide use (one wei is 10^-18 ether).
pub const MAX_AMOUNT_FRACTION_DIGITS: u32 = 18;

/// Characters of a currency code: ISO 4217 codes have three, names of tokens are longer.
pub const MAX_CURRENCY_CHARS: usize = 12;

/// Characters of the caller's own text that an error message quotes: enough to find the place,
/// too little to flood a log.
pub const MAX_QUOTED_CHARS: usize = 40;

/// Longest name of a tenant, agent, tool, class, session, person or source, in bytes.
///
/// Tool names of MCP servers stay below 128; four times an honest name still fits a screen.
pub const MAX_NAME_BYTES: usize = 512;

/// Longest reason that an agent gives with an action, in bytes: a page of text, not a book.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;

/// Longest reason of an operator, in bytes. It is in the public leaf, so it is kept short.
pub const MAX_REASON_BYTES: usize = 1024;

/// How long an approval stays open when the policy does not say.
pub const DEFAULT_APPROVAL_DEADLINE: Duration = Duration::from_secs(15 * 60);

/// Longest deadline that a policy may set: a question nobody answered in a month is no longer the
/// same question.
pub const MAX_APPROVAL_DEADLINE: Duration = Duration::from_secs(31 * 24 * 3600);

/// Least length of the statement of a sign-off, in grapheme clusters: enough that a bare "ok" is
/// refused.
pub const DEFAULT_STATEMENT_LENGTH: u16 = 50;

/// Longest report of what came of an action, in bytes: an error with its trace.
pub const MAX_OUTCOME_BYTES: usize = 16 * 1024;

/// How long a warrant may be redeemed when the policy does not say.
pub const DEFAULT_WARRANT_TIME: Duration = Duration::from_secs(5 * 60);

/// Longest time that a warrant may be redeemed: for so long the log remembers what was spent.
pub const MAX_WARRANT_TIME: Duration = Duration::from_secs(3600);

/// Most keys of warrants that are good at the same time. Each is good for [`MAX_WARRANT_TIME`] after
/// another one took over, so there is one for every four minutes, and whoever checks a warrant
/// downloads a page of them.
pub const MAX_WARRANT_KEYS: usize = 16;

/// How long after its warrant was spent an action's outcome may stay unknown when the policy does
/// not say.
pub const DEFAULT_OUTCOME_TIME: Duration = Duration::from_secs(15 * 60);

/// Longest time that the outcome of an action may stay unknown.
pub const MAX_OUTCOME_TIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// Most actions that run at the same time, of which nobody has said how they ended.
pub const MAX_RUNS: usize = 200_000;

/// Most running actions of one tenant, so that none of them can take all the room.
pub const MAX_RUNS_PER_TENANT: usize = 50_000;

/// Longest statement in a sign-off, in bytes: a few pages that a person typed, not a pasted file.
pub const MAX_STATEMENT_BYTES: usize = 16 * 1024;

/// How long a denied call stays denied when the policy does not say.
pub const DEFAULT_COOL_DOWN: Duration = Duration::from_secs(15 * 60);

/// How many samples a source of evidence remembers when the policy does not say.
pub const DEFAULT_EVIDENCE_WINDOW: u64 = 1_000;

/// Most samples in one report. Sums of a window's reports then stay far below 2⁶⁴.
pub const MAX_SAMPLES_PER_REPORT: u64 = 1_000_000_000;

/// Most sources of evidence for one class: each keeps a window of its own.
pub const MAX_SOURCES: usize = 64;

/// Most records of evidence, over all tenants, classes and builds.
pub const MAX_LEDGERS: usize = 100_000;

/// Most records of evidence of one tenant, so that none of them takes all the room. Beyond it the
/// build that was reported on longest ago gives way to a new one.
pub const MAX_LEDGERS_PER_TENANT: usize = 10_000;

/// Most builds of one class of one tenant with a record of evidence: three releases a day, for a
/// year. Beyond it the one that was reported on longest ago gives way to a new one.
pub const MAX_BUILDS_PER_CLASS: usize = 1_000;

/// Most tripped switches of agents and tools inside tenants, over all tenants, 25 MB of state at the
/// most. What stops a whole tenant, or everything, is always let in.
pub const MAX_SWITCHES: usize = 10_000;

/// Most tripped switches of agents and tools inside one tenant, so that none of them takes all the
/// room: each of its decisions looks at all of them.
pub const MAX_SWITCHES_PER_TENANT: usize = 1_000;

/// Most tripped switches that stop an agent or a tool at every tenant: every decision looks at all
/// of them.
pub const MAX_SWITCHES_OF_ALL: usize = 1_000;

/// Most switches inside one tenant, or of none, of which it is remembered when they were tripped last, also after
/// they were reset: more than can be tripped at once. Whoever trips and resets under ever new names
/// ends every warrant there instead.
pub const MAX_TRIPS_PER_TENANT: usize = 2 * MAX_SWITCHES_PER_TENANT;

/// Most open approvals in one log, about 40 MB of state.
pub const MAX_OPEN_APPROVALS: usize = 100_000;

/// Most open approvals of one tenant, so that none of them can take all the room.
pub const MAX_OPEN_APPROVALS_PER_TENANT: usize = 20_000;

/// Most open approvals of one agent, so that none of them can take all the room, and more than any
/// team answers in a day.
pub const MAX_OPEN_APPROVALS_PER_AGENT: usize = 1_000;

/// Most open approvals that one key asked for: as many as those of one agent, so that it gains
/// nothing by making up names.
pub const MAX_OPEN_APPROVALS_PER_KEY: usize = MAX_OPEN_APPROVALS_PER_AGENT;

/// Longest time that a standing approval lasts: whoever gave it reads such an action once a month.
pub const MAX_STANDING_TIME: Duration = Duration::from_secs(31 * 24 * 3600);

/// Most uses of a standing approval for which somebody can be said to have answered.
pub const MAX_STANDING_USES: u32 = 10_000;

/// Most params that a standing approval pins. Each is looked at in every action of its class.
pub const MAX_PINS: usize = 16;

/// Most places in the params of an action that are compared with what is pinned: more than any
/// form has. Whatever is larger is held.
pub const MAX_PINNABLE_PLACES: usize = 500;

/// Most standing approvals in force: more than people can keep in mind, and 10 MB of state.
pub const MAX_STANDING: usize = 10_000;

/// Most standing approvals of one tenant, so that none of them takes all the room.
pub const MAX_STANDING_PER_TENANT: usize = 1_000;

/// Most API keys in force: one for each agent of a large organisation, and 4 MB of state.
pub const MAX_API_KEYS: usize = 10_000;

/// Most API keys in force for one tenant, so that none of them takes all the room.
pub const MAX_API_KEYS_PER_TENANT: usize = 1_000;

/// Most people who may sign in: far more than ever look at one daemon.
pub const MAX_PEOPLE: usize = 5_000;

/// Most people of one tenant, so that none of them takes all the room.
pub const MAX_PEOPLE_PER_TENANT: usize = 1_000;

/// Most groups that one person is in.
pub const MAX_GROUPS: usize = 32;

/// Most sessions of one person at a time: a few browsers on a few machines. So there are at most
/// so many times [`MAX_PEOPLE`] of them in all, 15 MB of state.
pub const MAX_SESSIONS_PER_PERSON: usize = 8;

/// Longest session: whoever comes back after a weekend signs in again.
pub const MAX_SESSION_TIME: Duration = Duration::from_secs(24 * 3600);

/// Longest invitation: a link that nobody took in a week is lost, or lies about.
pub const MAX_INVITE_TIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// Least memory that stretching a password takes, in KiB: what makes guessing on graphics cards
/// dear.
pub const MIN_PASSWORD_MEMORY_KIB: u32 = 8 * 1024;

/// Most memory that stretching a password takes, in KiB: a daemon in a small container survives it.
pub const MAX_PASSWORD_MEMORY_KIB: u32 = 128 * 1024;

/// Most passes over that memory: a second at the most.
pub const MAX_PASSWORD_PASSES: u32 = 8;

/// How long a request is known again by its name: a day, which outlasts any outage that a client
/// would sit out.
pub const REQUEST_TIME: Duration = Duration::from_secs(24 * 3600);

/// Most budget windows, over all tenants, agents and classes. An agent that makes up names can
/// open windows; beyond this every action that would need another one is over its budget.
pub const MAX_WINDOWS: usize = 100_000;

/// Most budget windows of one tenant, so that its agents cannot put another tenant's over budget.
pub const MAX_WINDOWS_PER_TENANT: usize = 20_000;

/// Most currencies that are summed in one slot of a budget's window, far more than an agent deals in.
/// Where the params name the currency, an agent can make up a new one for every call.
pub const MAX_CURRENCIES_PER_SLOT: usize = 32;

/// Most approvals, grants and runs closed by one tick, so that a pile of them cannot hold up a decision.
pub const MAX_EXPIRIES_PER_TICK: usize = 1_000;

/// How often, in the log's own time, what no longer counts is dropped from memory.
pub const SWEEP_EVERY: Duration = Duration::from_secs(60);

const _: () = assert!(
    MAX_AMOUNT_INTEGER_DIGITS + MAX_AMOUNT_FRACTION_DIGITS <= 37,
    "the sum of two amounts must fit an i128, which holds 38 digits"
);
