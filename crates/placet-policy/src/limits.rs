//! Every limit of the policy, with its reason.
//!
//! A policy that breaks one is refused with a message that names it; none is ever half installed.

use std::time::Duration;

/// Deepest nesting of params. Real ones stay below ten levels.
pub const MAX_PARAMS_DEPTH: u8 = 32;

/// Most bytes of a call, its params as canonical JSON: a file to write, not an archive. What a
/// person is to approve has to be something that a person can read.
pub const MAX_CALL_BYTES: usize = 256 * 1024;

/// Longest policy file, in bytes: [`MAX_CLASSES`] classes of 400 bytes each, which is twice what an
/// honest one needs.
pub const MAX_POLICY_BYTES: usize = 8 * 1024 * 1024;

/// Longest file with a syntax error in which more than one error is looked for, to name the first.
/// A file of nothing but brackets has an error at each of its bytes.
pub const MAX_RECOVERED_BYTES: usize = 1024 * 1024;

/// Most action classes, and most aliases of all classes together: the largest tool catalogue that
/// we know of has a few thousand.
pub const MAX_CLASSES: usize = 20_000;

/// Most budgets: each decision looks at all of them.
pub const MAX_BUDGETS: usize = 1_000;

/// Shortest window of a budget. The clock of the log is only as good as that of its machine.
pub const MIN_BUDGET_WINDOW: Duration = Duration::from_secs(1);

/// Longest window of a budget: a leap year. What happened in a window is remembered for its length.
pub const MAX_BUDGET_WINDOW: Duration = Duration::from_secs(366 * 24 * 3600);

/// Most calls that a budget can allow: at ten a second, three years of them.
pub const MAX_BUDGET_COUNT: u64 = 1_000_000_000;

/// Shortest deadline of an approval: nobody reads and answers in less.
pub const MIN_APPROVAL_DEADLINE: Duration = Duration::from_secs(1);

/// Longest cool-down: as long as the longest approval, for the same question.
pub const MAX_COOL_DOWN: Duration = placet_core::limits::MAX_APPROVAL_DEADLINE;

/// Most people that an approval or a ratification can ask for. More never come together in time.
pub const MAX_QUORUM: u64 = 100;

/// Most groups, fields, currencies or secrets of one class, each of which costs every call or
/// every approver something.
pub const MAX_LIST: usize = 100;

/// Least length of a sign-off field that a policy may ask for, at the most: half a page.
pub const MAX_STATEMENT_LENGTH: u64 = 1_000;

/// Most samples that a source remembers. Fewer than one report may hold, so that a window means
/// something.
pub const MAX_EVIDENCE_WINDOW: u64 = 1_000_000;

/// Longest text of the user's own that a message quotes, in characters.
pub const MAX_QUOTED_CHARS: usize = 60;

/// Longest part of a source line that is shown with a message, in characters: it fits a terminal.
pub const MAX_SHOWN_CHARS: usize = 100;

/// Shortest time that a warrant may be redeemed: a call over a slow network takes a second.
pub const MIN_WARRANT_TIME: Duration = Duration::from_secs(1);

/// Shortest time in which the outcome of an action is to be known.
pub const MIN_OUTCOME_TIME: Duration = Duration::from_secs(1);
