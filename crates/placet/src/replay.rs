//! Replaying: what another policy would have made of the actions that were decided.
//!
//! A policy is about to be tightened, and somebody asks whom that would have stopped last week. The
//! newest decisions are made once more by the candidate, each with everything else as it was then,
//! and only those that come out differently are told. Nothing is recorded and nothing permitted.

mod pass;
mod tell;

use std::collections::BTreeSet;
use std::time::Duration;

use placet_core::replay::Replay;
use placet_core::{ActionId, ClassName, Digest, Mode, TenantId, Timestamp, ToolName, Verdict};
use placet_policy::Policy;
use placet_store::StoreError;
use placet_store::projection::ActionRow;
use serde::{Deserialize, Serialize};

use crate::error::GuardError;
use crate::guard::Guard;
use crate::log::{Log, READ_TOGETHER};
use pass::Pass;

/// Actions that are replayed when nobody says how many: a busy day of one agent.
pub const REPLAYED: usize = 1_000;

/// Most actions that are replayed at a time: each takes some fifty microseconds.
pub const MAX_REPLAYED: usize = 10_000;

/// Most entries that are looked through for them, and as many again for what ran before them in the
/// windows of budgets: reading so many takes a second or two.
const LOOKED_THROUGH: u64 = 64_000;

/// Entries that are looked through at a time.
const BLOCK: u64 = 4_096;

/// What a replay takes for granted, in words for whoever reads its result.
pub const ASSUMPTIONS: [&str; 5] = [
    "each action is judged by itself, at the time at which it was decided: what ran before it ran, \
     whatever the candidate says of that",
    "a class has the autonomy that it had then, at most the candidate's max_state, and none where the \
     action falls into another class; evidence is not weighed again",
    "a kill switch that was tripped then counts, as strictly as the candidate says, and so does a call \
     that a person had denied",
    "budgets are the candidate's, and count what ran in their windows before each action",
    "a secret that was replaced is seen as its placeholder",
];

/// Which decisions are replayed.
#[derive(Clone, Debug)]
pub struct Replaying {
    /// At most so many: the newest.
    pub limit: usize,
    /// Only those of this tenant.
    pub tenant: Option<TenantId>,
    /// Only those that fell into this class.
    pub class: Option<ClassName>,
    /// Only those from this time on.
    pub since: Option<Timestamp>,
}

impl Default for Replaying {
    fn default() -> Self {
        Self { limit: REPLAYED, tenant: None, class: None, since: None }
    }
}

/// What a policy would have made of the actions that were decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replayed {
    /// The digest of the candidate's files.
    pub policy: Digest,
    /// Its mode, which no verdict here depends on: they are all before the mode.
    pub mode: Mode,
    /// How many actions were decided once more.
    pub replayed: u64,
    /// How many of them would come to a stricter verdict.
    pub tightened: u64,
    /// How many would come to a laxer one.
    pub loosened: u64,
    /// When the earliest that was looked at was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// When the latest was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Whether there may be earlier ones beyond the limit.
    pub has_more: bool,
    /// How many could not be decided once more.
    pub left_out: LeftOut,
    /// In how many of those that were a secret had been replaced by its placeholder.
    pub redacted: u64,
    /// Whether budgets look further back than what was counted; then one that was overrun counts as
    /// overrun still.
    pub budgets_incomplete: bool,
    /// What would change, by class: first what would be laxer, each with the most first.
    pub changes: Vec<VerdictChange>,
    /// What this takes for granted.
    pub assumes: Vec<String>,
}

/// Actions that could not be decided once more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Their params were erased.
    pub erased: u64,
    /// They cannot be read.
    pub unreadable: u64,
}

/// The actions of a class that would come from one verdict to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictChange {
    /// The class that they fall into by the candidate; none where it does not know the tool.
    pub class: Option<ClassName>,
    /// The verdict that they came to, before the mode.
    pub before: Verdict,
    /// The verdict that they would come to.
    pub after: Verdict,
    /// How many there are.
    pub actions: u64,
    /// Some of them, the latest first.
    pub examples: Vec<Example>,
}

/// An action that would come to another verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Its id.
    pub id: ActionId,
    /// When it was decided.
    pub at: Timestamp,
    /// On whose behalf.
    pub tenant: TenantId,
    /// The tool.
    pub tool: ToolName,
    /// The first reason for the verdict that it came to.
    pub reason_before: String,
    /// The first reason for the verdict that it would come to.
    pub reason: String,
}

impl Guard {
    /// Decides once more, by a candidate, what was decided: the newest first, up to a limit of
    /// [`MAX_REPLAYED`]. Nothing is recorded and nothing permitted, and the policy that holds still
    /// does. What is taken for granted stands in [`ASSUMPTIONS`].
    ///
    /// Blocks while the log is read. `go_on` is asked now and then whether there is still time.
    ///
    /// # Errors
    /// When the log cannot be read, or there was no more time.
    pub fn replay(
        &self,
        candidate: &Policy,
        which: &Replaying,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Replayed, GuardError> {
        let log = self.log();
        let (rows, has_more) = chosen(log, which, go_on)?;
        let mut pass = Pass::new(log, candidate, counted_from(log, candidate, &rows)?)?;
        let chosen: BTreeSet<u64> = rows.iter().map(|row| row.entry).collect();
        match (pass.first, chosen.last().copied()) {
            (Some(first), Some(last)) => {
                let mut next = first;
                while next <= last {
                    in_time(go_on)?;
                    let entries = log.read(|view| view.entries(next, READ_TOGETHER))?;
                    let Some(end) = entries.last().map(|entry| entry.index) else { break };
                    for stored in entries.iter().filter(|stored| stored.index <= last) {
                        pass.take(stored, chosen.contains(&stored.index))?;
                    }
                    next = end.saturating_add(1);
                }
            }
            // Nothing is counted, so nothing in between is read.
            _ => {
                for index in &chosen {
                    in_time(go_on)?;
                    let stored = log.read(|view| view.entries(*index, 1))?;
                    stored.iter().try_for_each(|stored| pass.take(stored, true))?;
                }
            }
        }
        Ok(pass.told(&rows, has_more))
    }
}

fn in_time(go_on: &dyn Fn() -> bool) -> Result<(), GuardError> {
    if go_on() { Ok(()) } else { Err(GuardError::TooLong) }
}

/// The newest decisions that are asked for, in their order, and whether there may be earlier ones.
fn chosen(
    log: &Log,
    which: &Replaying,
    go_on: &dyn Fn() -> bool,
) -> Result<(Vec<ActionRow>, bool), GuardError> {
    let (size, limit) = (log.size(), which.limit.min(MAX_REPLAYED));
    let is_asked_for = |row: &ActionRow| {
        which.tenant.as_ref().is_none_or(|tenant| row.tenant == *tenant)
            && which.class.as_ref().is_none_or(|class| row.class.as_ref() == Some(class))
    };
    let least = size.saturating_sub(LOOKED_THROUGH.max(size_of_limit(limit)));
    let mut rows: Vec<ActionRow> = Vec::new();
    let mut end = size;
    let is_early = |row: &ActionRow| which.since.is_some_and(|since| row.at < since);
    let has_more = 'found: loop {
        if end == least {
            break least > 0;
        }
        in_time(go_on)?;
        let from = end.saturating_sub(BLOCK).max(least);
        let count = usize::try_from(end.saturating_sub(from)).unwrap_or(usize::MAX);
        let block = log.read(|view| view.actions(from, count))?;
        for row in block.into_iter().filter(|row| row.entry < end).rev() {
            if is_early(&row) {
                break 'found false;
            }
            if is_asked_for(&row) {
                if rows.len() >= limit {
                    break 'found true;
                }
                rows.push(row);
            }
        }
        end = from;
    };
    rows.reverse();
    Ok((rows, has_more))
}

/// Entries among which so many decisions are found where every second entry is one.
fn size_of_limit(limit: usize) -> u64 {
    u64::try_from(limit).unwrap_or(u64::MAX).saturating_mul(2)
}

/// From which entry on it is counted what ran, for the budgets of a candidate; none where it has none.
fn counted_from(
    log: &Log,
    candidate: &Policy,
    rows: &[ActionRow],
) -> Result<Option<u64>, StoreError> {
    let Some((back, first)) = Replay::looks_back(candidate.terms()).zip(rows.first()) else {
        return Ok(None);
    };
    let from = log.first_since(earlier(first.at, back))?;
    Ok(Some(from.max(first.entry.saturating_sub(LOOKED_THROUGH)).min(first.entry)))
}

fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.as_millis().saturating_sub(by))
}
