//! Every limit of the core, with its reason.
//!
//! A limit that is reached never lets an action through.

use std::time::Duration;

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

/// Least length of a sign-off field, in grapheme clusters: enough that a bare "ok" is refused.
pub const DEFAULT_STATEMENT_LENGTH: u16 = 50;

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

/// Most tripped switches: every decision looks at all of them.
pub const MAX_SWITCHES: usize = 1_000;

/// Most open approvals in one log, about 40 MB of state.
pub const MAX_OPEN_APPROVALS: usize = 100_000;

/// Most budget windows, over all tenants, agents and classes. An agent that makes up names can
/// open windows; beyond this every action that would need another one is over its budget.
pub const MAX_WINDOWS: usize = 100_000;

/// Most approvals closed by one tick, so that a pile of them cannot hold up a decision.
pub const MAX_EXPIRIES_PER_TICK: usize = 1_000;

/// How often, in the log's own time, what no longer counts is dropped from memory.
pub const SWEEP_EVERY: Duration = Duration::from_secs(60);
