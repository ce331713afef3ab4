//! Evidence, and the autonomy that it earns.

use placet_core::autonomy::{Evidence, LedgerKey};
use placet_core::event::{AutonomyChanged, Event};
use placet_core::{AutonomyState, Command, PersonId};
use placet_store::StoreError;

use crate::error::GuardError;
use crate::guard::{Change, Guard};

/// How many steps of autonomy are read from the log at a time.
const STEPS_READ: usize = 256;

/// What a report of evidence led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Where the report came to stand.
    pub change: Change,
    /// The step up or down that it led to at once, if any.
    pub step: Option<AutonomyChanged>,
    /// Where the class stands now.
    pub autonomy: AutonomyState,
}

impl Guard {
    /// Takes in evidence, and says where its class stands now.
    ///
    /// # Errors
    /// When the policy does not have the class or the source, or it could not be recorded.
    pub async fn report(&self, evidence: Evidence) -> Result<Reported, GuardError> {
        let of = LedgerKey::of(&evidence);
        let committed = self.submit(Command::Report(evidence)).await?;
        let step = committed.entries.iter().find_map(|entry| match &entry.event {
            Event::AutonomyChanged(step) => Some(step.clone()),
            _ => None,
        });
        Ok(Reported { change: Change::of(&committed), step, autonomy: self.autonomy(&of) })
    }

    /// Ratifies autonomy for a consequential class, and says where the class stood after it: a
    /// request that is repeated is told what it was told the first time.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When the class takes no ratification, it could not be recorded, or the log cannot be read.
    pub async fn ratify(&self, of: LedgerKey, by: PersonId) -> Result<AutonomyState, GuardError> {
        let committed = self.submit(Command::Ratify { of: of.clone(), by }).await?;
        let step = committed.entries.iter().find_map(|entry| match &entry.event {
            Event::AutonomyChanged(step) => Some(step.to),
            _ => None,
        });
        if let Some(to) = step {
            return Ok(to);
        }
        let repeated = committed.repeated.map(|first| first.entry);
        match repeated.or(committed.entries.last().map(|entry| entry.index)) {
            Some(entry) => Ok(self.autonomy_after(&of, entry)?),
            None => Ok(self.autonomy(&of)),
        }
    }

    fn autonomy(&self, of: &LedgerKey) -> AutonomyState {
        self.log().state().ledgers().get(of).map(|record| record.state).unwrap_or_default()
    }

    /// Where a class stood after an entry: there it came from with its next step.
    fn autonomy_after(&self, of: &LedgerKey, entry: u64) -> Result<AutonomyState, StoreError> {
        // It is looked at first, so that a step that is taken meanwhile is found.
        let now = self.autonomy(of);
        let mut from = entry.saturating_add(1);
        loop {
            let steps = self.log().read(|view| view.autonomy(from, STEPS_READ))?;
            if let Some(step) = steps.iter().find(|step| step.of == *of) {
                return Ok(step.from);
            }
            let Some(last) = steps.last() else { return Ok(now) };
            from = last.entry.saturating_add(1);
        }
    }
}
