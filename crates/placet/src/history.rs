//! What became of actions, one after the other and many at a time.

use placet_core::event::Payload;
use placet_core::{Entry, TenantId, Timestamp};
use placet_store::projection::{ActionRow, Status};
use placet_store::{StoreError, View};

use crate::followed::{Followed, decode, payload};
use crate::log::Log;

/// How far back the latest decisions are looked for at first, in entries.
const RECENT_WITHIN: u64 = 1_000;

/// Furthest back that they are looked for, in entries: reading so many takes a moment.
const RECENT_AT_MOST: u64 = 64_000;

/// One moment in the life of an action.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// What happened, when, and where it stands in the log.
    pub entry: Entry,
    /// What is kept beside it, where something is and was not erased.
    pub payload: Option<Payload>,
}

impl Log {
    /// The life of an action: the decision first, then what became of it, and where its warrant was
    /// refused.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn history(&self, of: &Followed) -> Result<Vec<Moment>, StoreError> {
        let steps = of.steps.iter().map(|step| step.entry);
        let later = steps.chain(of.refusals.iter().copied());
        let mut indices: Vec<u64> = std::iter::once(of.decided.index).chain(later).collect();
        indices.sort_unstable();
        self.read(|view| {
            let mut moments = Vec::with_capacity(indices.len());
            for index in &indices {
                moments.extend(moment(view, *index)?);
            }
            Ok(moments)
        })
    }

    /// The latest decisions with what became of them, the latest first: all, or those of a tenant.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn recent(
        &self,
        tenant: Option<&TenantId>,
        limit: usize,
    ) -> Result<Vec<(ActionRow, Status)>, StoreError> {
        let size = self.size();
        let mut window = RECENT_WITHIN;
        let mut rows = loop {
            let from = size.saturating_sub(window);
            let mut rows = self.read(|view| view.actions(from, usize::MAX / 2))?;
            rows.retain(|row| tenant.is_none_or(|tenant| row.tenant == *tenant));
            if rows.len() >= limit || from == 0 || window >= RECENT_AT_MOST {
                break rows;
            }
            window = window.saturating_mul(8);
        };
        rows.reverse();
        rows.truncate(limit);
        self.read(|view| {
            let status = |row: &ActionRow| {
                let steps = view.steps_of(row.id, 1)?;
                Ok(steps.first().map_or(row.first_status(), |step| step.status))
            };
            rows.into_iter().map(|row| status(&row).map(|status| (row, status))).collect()
        })
    }

    /// Decisions in their order, from an entry on, at most so many.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn decisions(&self, from: u64, limit: usize) -> Result<Vec<ActionRow>, StoreError> {
        self.read(|view| view.actions(from, limit))
    }

    /// The first entry that is not older than a time; the size of the log when there is none.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn first_since(&self, at: Timestamp) -> Result<u64, StoreError> {
        let (mut low, mut high) = (0, self.size());
        // INVARIANT: entries before `low` are older, those from `high` on are not.
        while low < high {
            let middle = low + (high - low) / 2;
            if self.entry(middle)?.at < at {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

fn moment(view: &dyn View, index: u64) -> Result<Option<Moment>, StoreError> {
    let Some(stored) = view.entries(index, 1)?.into_iter().next() else { return Ok(None) };
    Ok(Some(Moment { entry: decode(&stored)?, payload: payload(&stored)? }))
}
