//! A batch while it is judged: entries that exist in memory only.

use std::ops::Range;

use placet_core::erasure::ErasedOf;
use placet_core::event::{Payload, Unchanged};
use placet_core::limits::REQUEST_TIME;
use placet_core::{
    Caller, Command, Entry, Event, Fact, Origin, Rejection, Request, State, Timestamp, handle,
    handle_as,
};

use super::Repeated;
use crate::entry::{NewEntry, Private, SealError, StoredEntry};
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

/// What a command led to, or why it led to nothing.
pub(super) type Judged = Result<Led, SubmitError>;

/// What a command led to.
pub(super) enum Led {
    /// These entries of the draft.
    To(Range<usize>),
    /// What the same request led to the first time.
    Again(Vec<Entry>, Repeated),
}

impl Draft<'_> {
    /// Judges a command against everything before it. What it says no to leaves the draft as it
    /// was, but for the note of a request that may be repeated; only a store that fails ends it.
    pub(super) fn judge(
        &mut self,
        command: Command,
        caller: Option<&Caller>,
        stored: &dyn View,
    ) -> Result<Judged, StoreError> {
        if let Some(caller) = caller
            && let Some(request) = &caller.request
            && self.state.keys().admit(caller, self.now).is_ok()
            && let Some(first) = self.find(request, stored)?
        {
            return first.answer(request);
        }
        let command = match self.erasing(command, caller, stored)? {
            Ok(command) => command,
            Err(rejection) => {
                let noted = self.note(Some(&rejection), caller)?;
                return Ok(Err(noted.err().unwrap_or_else(|| rejection.into())));
            }
        };
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
            Ok(facts) if facts.is_empty() => Ok(self.note(None, caller)?.map(|()| Led::To(0..0))),
            Ok(facts) => Ok(self.add(facts, caller)?.map(Led::To)),
            Err(rejection) => {
                let noted = self.note(Some(&rejection), caller)?;
                Ok(Err(noted.err().unwrap_or_else(|| rejection.into())))
            }
        }
    }

    /// Closes what is due, all of it, so that nothing is judged by what should be over.
    pub(super) fn tick(&mut self) -> Result<(), StoreError> {
        while self.is_due() && self.close()? {}
        Ok(())
    }

    /// Closes what is due by what was judged just now, as what a kill switch voids, so that both
    /// become durable at once. A pile of it is left to the batches after this one: the switch must
    /// not wait for it.
    pub(super) fn follow_up(&mut self) -> Result<(), StoreError> {
        if self.is_due() {
            self.close()?;
        }
        Ok(())
    }

    fn is_due(&self) -> bool {
        self.state.next_due().is_some_and(|at| at <= self.now)
    }

    /// Closes some of what is due, and says whether there was any.
    fn close(&mut self) -> Result<bool, StoreError> {
        let facts = handle(self.state, Command::Tick, self.now).unwrap_or_default();
        Ok(matches!(self.add(facts, None)?, Ok(range) if !range.is_empty()))
    }

    /// Notes that a request which may be repeated changed nothing, so that its repetition changes
    /// nothing either.
    fn note(
        &mut self,
        rejection: Option<&Rejection>,
        caller: Option<&Caller>,
    ) -> Result<Result<(), SubmitError>, StoreError> {
        // A policy that changed on the way is no answer, and who has no key gets none kept.
        let is_answer = !matches!(rejection, Some(Rejection::StalePolicy | Rejection::DeadKey(_)));
        let is_named = caller.is_some_and(|caller| caller.request.is_some());
        if !(is_answer && is_named) {
            return Ok(Ok(()));
        }
        let unchanged = Event::Unchanged(Unchanged { rejection: rejection.cloned() });
        Ok(self.add(vec![unchanged.into()], caller)?.map(drop))
    }

    /// Adds all facts of a command, or none.
    fn add(
        &mut self,
        facts: Vec<Fact>,
        caller: Option<&Caller>,
    ) -> Result<Result<Range<usize>, SubmitError>, StoreError> {
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

    /// What a request led to before, in the draft or the log, if it is still remembered.
    fn find(&self, request: &Request, stored: &dyn View) -> Result<Option<First>, StoreError> {
        let is_first = |new: &NewEntry| {
            let named = new.entry.origin.and_then(|origin| origin.request);
            named.is_some_and(|named| named.id == request.id)
        };
        if let Some(place) = self.entries.iter().rposition(is_first) {
            return First::of_draft(self.entries.get(place..).unwrap_or_default()).map(Some);
        }
        First::remembered(request, stored, self.now)
    }

    /// Whether an entry, in the draft or stored, installs a policy.
    fn is_policy(&self, index: u64, stored: &dyn View) -> Result<bool, StoreError> {
        let found = self.entry(index, stored)?;
        Ok(found.is_some_and(|entry| matches!(entry.event, Event::PolicyInstalled(_))))
    }

    /// A command as its key may give it: an erasure by a key of a tenant says whose the entry is. An
    /// entry about no action of that tenant is not there for it.
    fn erasing(
        &self,
        command: Command,
        caller: Option<&Caller>,
        stored: &dyn View,
    ) -> Result<Result<Command, Rejection>, StoreError> {
        let Command::Erase { index, reason, by, .. } = command else { return Ok(Ok(command)) };
        let admitted = caller.and_then(|caller| self.state.keys().admit(caller, self.now).ok());
        let of = match admitted.and_then(|key| key.tenant.as_ref()) {
            None => None,
            Some(own) => match self.owner(index, stored)?.filter(|of| of.tenant == *own) {
                None => return Ok(Err(Rejection::UnknownEntry { index, size: self.state.size() })),
                some => some,
            },
        };
        Ok(Ok(Command::Erase { index, reason, by, of }))
    }

    /// Whose an entry is, in the draft or stored, if it is about an action.
    fn owner(&self, index: u64, stored: &dyn View) -> Result<Option<ErasedOf>, StoreError> {
        let Some(entry) = self.entry(index, stored)? else { return Ok(None) };
        let Some(action) = entry.event.action() else { return Ok(None) };
        let decides =
            |new: &&NewEntry| matches!(&new.entry.event, Event::Decided(of) if of.id == action);
        let decided = match self.entries.iter().find(decides) {
            Some(new) => Some(new.entry.clone()),
            // A row that leads elsewhere was put there by somebody else: it makes nobody an owner.
            None => match stored.action(action)? {
                Some(row) => self.entry(row.entry, stored)?,
                None => None,
            },
        };
        Ok(decided.and_then(|decided| ErasedOf::new(&entry, &decided)))
    }

    /// An entry, in the draft or stored.
    fn entry(&self, index: u64, stored: &dyn View) -> Result<Option<Entry>, StoreError> {
        if let Some(new) = self.entries.iter().find(|new| new.entry.index == index) {
            return Ok(Some(new.entry.clone()));
        }
        match stored.entries(index, 1)?.first() {
            Some(found) if found.index == index => {
                found.decode().map(Some).map_err(|error| damaged(index, &error))
            }
            _ => Ok(None),
        }
    }
}

/// What a request led to the first time, as far as it is stored: its entries, or why there are none.
/// None when it was not made before, or so long ago that it is remembered no more.
///
/// # Errors
/// When the log cannot be read.
pub fn answered_before(
    request: &Request,
    stored: &dyn View,
    now: Timestamp,
) -> Result<Option<Result<Vec<Entry>, SubmitError>>, StoreError> {
    let Some(first) = First::remembered(request, stored, now)? else { return Ok(None) };
    let judged = first.answer(request)?;
    Ok(Some(judged.map(|led| match led {
        Led::Again(entries, _) => entries,
        Led::To(_) => Vec::new(),
    })))
}

/// What a request led to the first time.
struct First {
    /// Not empty: the first of them names the request.
    entries: Vec<Entry>,
    payload: Option<Payload>,
}

impl First {
    fn of_draft(new: &[NewEntry]) -> Result<Self, StoreError> {
        let private = new.first().and_then(|new| new.private.as_ref());
        let mut first = Self {
            entries: new.iter().map(|new| new.entry.clone()).collect(),
            payload: private.map(read).transpose()?,
        };
        first.keep_own();
        Ok(first)
    }

    /// The one that is stored, if it is still remembered.
    fn remembered(
        request: &Request,
        stored: &dyn View,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let Some(index) = stored.request(&request.id)? else { return Ok(None) };
        let first = Self::of_log(index, stored)?;
        // A row that leads elsewhere was put there by somebody else: nothing is decided from it.
        Ok(first.filter(|first| first.is_of(request) && first.is_remembered(now)))
    }

    /// None if there is no such entry, or nobody asked for it.
    fn of_log(index: u64, stored: &dyn View) -> Result<Option<Self>, StoreError> {
        let decode =
            |stored: &StoredEntry| stored.decode().map_err(|error| damaged(stored.index, &error));
        let Some(found) = stored.entries(index, 1)?.into_iter().next() else { return Ok(None) };
        let entry = decode(&found)?;
        let Some(origin) = entry.origin else { return Ok(None) };
        let mut entries = vec![entry];
        let more = usize::try_from(origin.entries.saturating_sub(1)).unwrap_or(usize::MAX);
        for stored in stored.entries(index.saturating_add(1), more)? {
            entries.push(decode(&stored)?);
        }
        Ok(Some(Self { entries, payload: found.private.as_ref().map(read).transpose()? }))
    }

    /// Drops the entries after those that the request led to.
    fn keep_own(&mut self) {
        let origin = self.entries.first().and_then(|entry| entry.origin);
        let own = origin.map_or(1, |origin| origin.entries);
        self.entries.truncate(usize::try_from(own).unwrap_or(usize::MAX));
    }

    fn request(&self) -> Option<Request> {
        self.entries.first()?.origin?.request
    }

    fn is_of(&self, request: &Request) -> bool {
        self.request().is_some_and(|known| known.id == request.id)
    }

    fn is_remembered(&self, now: Timestamp) -> bool {
        self.entries.first().is_some_and(|entry| now < entry.at.saturating_add(REQUEST_TIME))
    }

    /// The answer to the same request again.
    fn answer(self, request: &Request) -> Result<Judged, StoreError> {
        if self.request().is_none_or(|known| known.body != request.body) {
            return Ok(Err(Rejection::OtherRequest.into()));
        }
        let Self { entries, payload } = self;
        let Some(first) = entries.first() else {
            return Err(StoreError::Corrupt("a request led to no entry".to_owned()));
        };
        let repeated = Repeated { entry: first.index, payload };
        Ok(match &first.event {
            Event::Unchanged(Unchanged { rejection: Some(rejection) }) => {
                Err(rejection.clone().into())
            }
            Event::Unchanged(_) => Ok(Led::Again(Vec::new(), repeated)),
            _ => Ok(Led::Again(entries, repeated)),
        })
    }
}

fn read(private: &Private) -> Result<Payload, StoreError> {
    serde_json::from_slice(&private.payload)
        .map_err(|_| StoreError::Corrupt("the payload of a request cannot be read".to_owned()))
}
