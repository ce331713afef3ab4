//! A batch while it is judged: entries that exist in memory only.

use placet_core::{Caller, Command, Event, Fact, Origin, State, Timestamp, handle, handle_as};

use crate::entry::{NewEntry, SealError};
use crate::environment::Environment;
use crate::error::{StoreError, SubmitError};
use crate::recover::damaged;
use crate::store::View;
use crate::tree::Tree;

/// The entries of a batch, and the state and tree that already count them in.
pub(super) struct Draft<'a> {
    pub(super) state: &'a mut State,
    pub(super) tree: &'a mut Tree,
    pub(super) entries: Vec<NewEntry>,
    pub(super) env: &'a dyn Environment,
    pub(super) now: Timestamp,
}

/// Which entries of a draft a command led to, or why it did not.
pub(super) type Judged = Result<std::ops::Range<usize>, SubmitError>;

impl Draft<'_> {
    /// Judges a command against everything before it. What it says no to leaves the draft as it
    /// was; only a store that fails ends it.
    pub(super) fn judge(
        &mut self,
        command: Command,
        caller: Option<&Caller>,
        stored: &dyn View,
    ) -> Result<Judged, StoreError> {
        if let Command::Erase { index, .. } = &command
            && self.is_policy(*index, stored)?
        {
            return Ok(Err(SubmitError::NotErasable(*index)));
        }
        let judged = match caller {
            Some(caller) => handle_as(self.state, caller, command, self.now),
            None => handle(self.state, command, self.now),
        };
        match judged {
            Ok(facts) => self.add(facts, caller),
            Err(rejection) => Ok(Err(rejection.into())),
        }
    }

    /// Closes what is due, all of it, so that nothing is judged by what should be over.
    pub(super) fn tick(&mut self, stored: &dyn View) -> Result<(), StoreError> {
        let due =
            |state: &State, now| state.approvals().next_deadline().is_some_and(|at| at <= now);
        while due(self.state, self.now) {
            if !matches!(self.judge(Command::Tick, None, stored)?, Ok(range) if !range.is_empty()) {
                break;
            }
        }
        Ok(())
    }

    /// Adds all facts of a command, or none.
    fn add(&mut self, facts: Vec<Fact>, caller: Option<&Caller>) -> Result<Judged, StoreError> {
        let mut sealed = Vec::with_capacity(facts.len());
        let mut origin = caller.map(|caller| Origin {
            key: caller.key,
            request: caller.request,
            entries: u32::try_from(facts.len()).unwrap_or(u32::MAX),
        });
        for (index, fact) in (self.state.size()..).zip(facts) {
            let sealed_fact = NewEntry::seal(index, self.now, fact, origin, self.env);
            // Only the first entry of a request names it.
            origin = origin.map(|first| Origin { request: None, entries: 1, ..first });
            match sealed_fact {
                Ok(entry) => sealed.push(entry),
                Err(SealError::Refused(reason)) => return Ok(Err(reason)),
                Err(SealError::Store(error)) => return Err(error),
            }
        }
        let start = self.entries.len();
        for new in sealed {
            self.tree.push(new.hash).map_err(|error| StoreError::Full(error.to_string()))?;
            self.state.apply(&new.entry);
            self.entries.push(new);
        }
        Ok(Ok(start..self.entries.len()))
    }

    /// Whether an entry, in the draft or stored, installs a policy.
    fn is_policy(&self, index: u64, stored: &dyn View) -> Result<bool, StoreError> {
        let is_policy = |event: &Event| matches!(event, Event::PolicyInstalled(_));
        if let Some(new) = self.entries.iter().find(|new| new.entry.index == index) {
            return Ok(is_policy(&new.entry.event));
        }
        match stored.entries(index, 1)?.first() {
            Some(found) if found.index == index => {
                let entry = found.decode().map_err(|error| damaged(index, &error))?;
                Ok(is_policy(&entry.event))
            }
            _ => Ok(false),
        }
    }
}
