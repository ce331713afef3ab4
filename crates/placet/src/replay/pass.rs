//! One pass through the log, in its order: what ran is counted, and what was chosen is decided.

use std::collections::HashMap;
use std::sync::Arc;

use placet_core::assessment::Assessment;
use placet_core::event::{Decided, Event, Payload};
use placet_core::replay::Replay;
use placet_core::{Action, ActionId, Decision, Entry, Timestamp, Verdict};
use placet_policy::Policy;
use placet_policy::redact::Redactor;
use placet_store::StoreError;
use placet_store::entry::StoredEntry;
use placet_store::projection::ActionRow;

use super::tell::Changes;
use super::{ASSUMPTIONS, LeftOut, Replayed};
use crate::followed::{decode, payload};
use crate::log::Log;

/// What has been found so far.
pub(super) struct Pass<'a> {
    log: &'a Log,
    candidate: &'a Policy,
    replay: Replay,
    /// From which entry on what ran is counted; none where nothing is.
    pub(super) first: Option<u64>,
    /// What waits for people, by what is known of it under the candidate: it counts when it may run.
    held: HashMap<ActionId, Assessment>,
    changes: Changes,
    replayed: u64,
    redacted: u64,
    left_out: LeftOut,
    budgets_incomplete: bool,
}

/// What is known of an action under the candidate.
struct Known {
    of: Assessment,
    is_redacted: bool,
}

/// Why an action cannot be decided once more.
enum Lost {
    Erased,
    Unreadable,
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        log: &'a Log,
        candidate: &'a Policy,
        first: Option<u64>,
    ) -> Result<Self, StoreError> {
        let since = first.filter(|first| *first > 0);
        let since = since.map(|first| log.entry(first)).transpose()?.map(|entry| entry.at);
        Ok(Self {
            log,
            candidate,
            replay: Replay::new(Arc::clone(candidate.terms()), since),
            first,
            held: HashMap::new(),
            changes: Changes::default(),
            replayed: 0,
            redacted: 0,
            left_out: LeftOut::default(),
            budgets_incomplete: false,
        })
    }

    /// Takes in the next entry.
    pub(super) fn take(&mut self, stored: &StoredEntry, is_chosen: bool) -> Result<(), StoreError> {
        let Ok(entry) = decode(stored) else {
            self.left_out.unreadable += u64::from(is_chosen);
            return Ok(());
        };
        match &entry.event {
            Event::Decided(decided) => self.decided(stored, &entry, decided, is_chosen),
            Event::SignedOff(signed) if signed.expires.is_some() => {
                let known = match self.held.remove(&signed.action) {
                    Some(of) => Some(of),
                    None => self.held_earlier(signed.action)?,
                };
                if let Some(of) = known {
                    self.replay.count(&of, entry.at);
                }
            }
            Event::Denied(_)
            | Event::Expired(_)
            | Event::Withdrawn(_)
            | Event::Superseded(_)
            | Event::Voided(_) => {
                if let Some(action) = entry.event.action() {
                    self.held.remove(&action);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn decided(&mut self, stored: &StoredEntry, entry: &Entry, of: &Decided, is_chosen: bool) {
        let known = self.known(stored, of);
        if is_chosen {
            match &known {
                Ok(Known { of: known, is_redacted }) => {
                    self.redacted += u64::from(*is_redacted);
                    self.judge(known, of, entry.at);
                }
                Err(Lost::Erased) => self.left_out.erased += 1,
                Err(Lost::Unreadable) => self.left_out.unreadable += 1,
            }
        }
        if self.first.is_none() {
            return;
        }
        // It ran all the same, as whatever it was known as then.
        let known = known.map_or_else(|_| of.assessment.clone(), |known| known.of);
        if of.decision.verdict == Verdict::Allow {
            self.replay.count(&known, entry.at);
        } else if of.approval.is_some() {
            self.held.insert(of.id, known);
        }
    }

    /// What is known of an action under the candidate.
    fn known(&self, stored: &StoredEntry, of: &Decided) -> Result<Known, Lost> {
        let kept = payload(stored).map_err(|_| Lost::Unreadable)?.ok_or(Lost::Erased)?;
        let Payload::Action(kept) = kept else { return Err(Lost::Unreadable) };
        let frozen = Action::from_json(kept.action).map_err(|_| Lost::Unreadable)?;
        Ok(Known {
            of: self.candidate.reassess(&frozen, &of.assessment, self.log.pepper()),
            is_redacted: Redactor::holds_placeholder(&frozen.params),
        })
    }

    /// What is known of an action that was held before anything was counted.
    fn held_earlier(&self, action: ActionId) -> Result<Option<Assessment>, StoreError> {
        let stored = self.log.read(|view| match view.action(action)? {
            Some(row) => view.entries(row.entry, 1),
            None => Ok(Vec::new()),
        })?;
        let Some(stored) = stored.first() else { return Ok(None) };
        Ok(match decode(stored).map(|entry| entry.event) {
            Ok(Event::Decided(of)) => Some(
                self.known(stored, &of).map_or_else(|_| of.assessment.clone(), |known| known.of),
            ),
            _ => None,
        })
    }

    fn judge(&mut self, known: &Assessment, then: &Decided, at: Timestamp) {
        let now: Decision = self.replay.decide(known, then, at);
        self.replayed += 1;
        self.budgets_incomplete |= self.replay.misses_some(at);
        self.changes.compare(known, then, &now, at);
    }

    /// What was found.
    pub(super) fn told(self, rows: &[ActionRow], has_more: bool) -> Replayed {
        let terms = self.candidate.terms();
        Replayed {
            policy: terms.policy,
            mode: terms.mode,
            replayed: self.replayed,
            tightened: self.changes.count(|before, after| before < after),
            loosened: self.changes.count(|before, after| before > after),
            from: rows.first().map(|row| row.at),
            to: rows.last().map(|row| row.at),
            has_more,
            left_out: self.left_out,
            redacted: self.redacted,
            budgets_incomplete: self.budgets_incomplete,
            changes: self.changes.told(),
            assumes: ASSUMPTIONS.map(str::to_owned).to_vec(),
        }
    }
}
