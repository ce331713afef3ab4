//! The log of a guard, to look at.

use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLockReadGuard};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use placet_core::assessment::Subject;
use placet_core::event::{
    Event, KeyRotated, OutcomeReported, Payload, PolicyFile, Redeemed, RedemptionRefused,
};
use placet_core::log::{Receipt, Tile, Verifier};
use placet_core::{
    ActionId, AgentId, Caller, Command, Entry, KeyId, Pepper, PersonId, Request, State, TenantId,
};
use placet_policy::Policy;
use placet_store::entry::StoredEntry;
use placet_store::projection::SwitchRow;
use placet_store::prove::Consistency;
use placet_store::sequencer::Pulse;
use placet_store::tree::tile_content;
use placet_store::verify::{Report, verify};
use placet_store::{
    Committed, Environment, Keys, Memory, OpenError as OpenLogError, Reader, Sequencer, StoreError,
    SubmitError, View, prove,
};

use crate::config::LogPlace;
use crate::error::OpenError;
use crate::followed::Followed;
use crate::keyring::Keyring;
use crate::waits::{Ear, Waits};

/// How many entries are read at a time by whoever follows a log: some hundred kilobytes.
pub const READ_TOGETHER: usize = 256;

/// How far back the movements of switches are looked for at first, in entries.
const SWITCHED_WITHIN: u64 = 10_000;

/// Most readers kept for the next look: as many as look at the same time on an ordinary machine.
const MAX_READERS_KEPT: usize = 8;

/// A log in operation: its state, its entries and its proofs.
pub struct Log {
    sequencer: Sequencer,
    readers: Mutex<Vec<Box<dyn Reader>>>,
    waits: Arc<Waits>,
    keyring: ArcSwapOption<Keyring>,
}

impl Log {
    pub(crate) fn open(
        place: &LogPlace,
        environment: Arc<dyn Environment>,
    ) -> Result<Self, OpenError> {
        let sequencer = match place {
            LogPlace::Memory => {
                let keys = Keys::generate(None, &*environment).map_err(OpenLogError::from)?;
                Sequencer::start(Box::new(Memory::new()), keys, environment)
                    .map_err(OpenLogError::from)?
            }
            LogPlace::File(path) => Sequencer::open(path, None, environment)?,
        };
        Ok(Self {
            sequencer,
            readers: Mutex::default(),
            waits: Arc::default(),
            keyring: ArcSwapOption::empty(),
        })
    }

    /// How far the time of the log is ahead of this machine's clock, which happens where that was set
    /// back. The time goes on all the same, and what is to end ends when its length has passed.
    #[must_use]
    pub fn ahead(&self) -> Duration {
        self.sequencer.clock().ahead()
    }

    /// How many entries are durable.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.sequencer.watch().borrow().size
    }

    /// The signed head of the log: whoever keeps it will notice if the log is cut or rewritten.
    #[must_use]
    pub fn checkpoint(&self) -> Arc<str> {
        self.sequencer.checkpoint()
    }

    /// The key that checkpoints and receipts are verified with.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        self.sequencer.keys().verifier()
    }

    /// The state at the tip. Holding it holds up the log, so it is let go of quickly.
    pub fn state(&self) -> RwLockReadGuard<'_, State> {
        self.sequencer.state()
    }

    /// An action, and what became of it; none if the log does not have it.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn action(&self, id: ActionId) -> Result<Option<Followed>, StoreError> {
        self.read(|view| {
            let Some(row) = view.action(id)? else { return Ok(None) };
            Followed::read(view, &row)
        })
    }

    /// One entry.
    pub(crate) fn entry(&self, index: u64) -> Result<Entry, StoreError> {
        let found = self.entries(index, 1)?.into_iter().next();
        found.ok_or_else(|| StoreError::Corrupt(format!("entry {index} is missing")))
    }

    /// Listens for what becomes of an action.
    pub(crate) fn listen(&self, action: ActionId) -> Result<Ear, StoreError> {
        let shown = (self.sequencer.watch(), self.sequencer.pulse());
        self.waits.run(shown, || self.sequencer.reader())?;
        Ok(self.waits.listen(action))
    }

    /// Whether nothing will be appended any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.sequencer.watch().has_changed().is_err() || self.sequencer.pulse().has_stopped()
    }

    /// What tells whether the log is still written, also when the guard is gone.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.sequencer.pulse()
    }

    /// The keys of warrants, and how many of them are good, that which signs among them.
    pub(crate) fn warrant_keys(&self) -> (Arc<Keyring>, usize) {
        let (generation, good) = {
            let state = self.state();
            let (keys, now) = (state.warrant_keys(), state.clock(self.environment().now()));
            (keys.generation(), keys.good(now).count())
        };
        let known = self.keyring.load_full().filter(|known| known.generation() == generation);
        let keyring = known.unwrap_or_else(|| {
            let made = Arc::new(Keyring::of(self.pepper(), generation));
            self.keyring.store(Some(Arc::clone(&made)));
            made
        });
        (keyring, good)
    }

    /// How a request that may be repeated is recognised, from what names it and all that it says.
    #[must_use]
    pub fn repeatable(&self, name: &[u8], whole: &[u8]) -> Request {
        Request { id: self.pepper().request_tag(name), body: self.pepper().request_tag(whole) }
    }

    /// Entries in their order, from an index on, at most so many.
    ///
    /// Blocks while they are read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn entries(&self, from: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let entries = self.read(|view| view.entries(from, limit))?;
        let decode = |stored: StoredEntry| {
            stored
                .decode()
                .map_err(|error| StoreError::Corrupt(format!("entry {}: {error}", stored.index)))
        };
        entries.into_iter().map(decode).collect()
    }

    /// The same, and none that the state does not have yet: an entry can be read a moment before.
    ///
    /// Blocks while they are read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn shown(&self, from: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let shown = usize::try_from(self.size().saturating_sub(from)).unwrap_or(limit);
        self.entries(from, shown.min(limit))
    }

    /// The receipt for an entry, which anyone with the log's verifier can check offline. With
    /// `open` it holds the private payload as well, if that is still there.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When there is no such entry, or the log cannot be read.
    pub fn receipt(&self, index: u64, open: bool) -> Result<Receipt, prove::ProveError> {
        self.read(|view| Ok(prove::receipt(view, index, open)))?
    }

    /// Whether an entry is about a tenant, and, where one is named, about one of its agents.
    /// Entries that are about nobody in particular, such as those of a policy, are about everyone.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn concerns(
        &self,
        index: u64,
        tenant: &TenantId,
        agent: Option<&AgentId>,
    ) -> Result<bool, StoreError> {
        let found = self.entries(index, 1)?.into_iter().next();
        found.map_or(Ok(false), |entry| self.is_about(&entry, tenant, agent))
    }

    /// The same for an entry at hand.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn is_about(
        &self,
        entry: &Entry,
        tenant: &TenantId,
        agent: Option<&AgentId>,
    ) -> Result<bool, StoreError> {
        let of = |of: &TenantId| *of == *tenant && agent.is_none();
        let named = |named: Option<&TenantId>| agent.is_none() && named.is_none_or(&of);
        Ok(match &entry.event {
            Event::Decided(decided) => is_subject(&decided.assessment.subject, tenant, agent),
            Event::Redeemed(Redeemed { subject, .. })
            | Event::RedemptionRefused(RedemptionRefused { subject, .. })
            | Event::OutcomeReported(OutcomeReported { subject, .. }) => {
                is_subject(subject, tenant, agent)
            }
            Event::Tripped(switched) | Event::Reset(switched) => {
                named(switched.scope.tenant.as_ref())
            }
            Event::EvidenceReported(evidence) => of(&evidence.tenant),
            Event::Ratified(ratified) => of(&ratified.of.tenant),
            Event::AutonomyChanged(changed) => of(&changed.of.tenant),
            Event::PolicyInstalled(_) => agent.is_none(),
            Event::KeyCreated(created) => created.tenant.as_ref().is_some_and(of),
            Event::KeyRotated(KeyRotated { id, .. }) => self.is_key_of(*id, tenant),
            Event::PersonInvited(invited) => invited.tenant.as_ref().is_some_and(of),
            Event::PersonEnrolled(enrolled) => {
                self.is_person_of(&enrolled.person, tenant) && agent.is_none()
            }
            Event::PersonChanged(changed) => {
                self.is_person_of(&changed.person, tenant) && agent.is_none()
            }
            Event::SignedIn(signed_in) => {
                self.is_person_of(&signed_in.person, tenant) && agent.is_none()
            }
            Event::Erased(erased) => {
                agent.is_none() && erased.of.as_ref().is_some_and(|whose| of(&whose.tenant))
            }
            // Whose they were is known to those only who see everything.
            Event::KeyRevoked(_)
            | Event::PersonRemoved(_)
            | Event::WarrantKeyRotated(_)
            | Event::Unchanged(_) => false,
            Event::SignedOff(_)
            | Event::Denied(_)
            | Event::Expired(_)
            | Event::Withdrawn(_)
            | Event::Superseded(_)
            | Event::Voided(_)
            | Event::Indeterminate(_)
            | Event::StandingGranted(_)
            | Event::StandingRevoked(_) => {
                let Some(action) = entry.event.action() else { return Ok(false) };
                let row = self.read(|view| view.action(action))?;
                row.is_some_and(|row| {
                    row.tenant == *tenant
                        && agent.is_none_or(|agent| row.agent.as_ref() == Some(agent))
                })
            }
        })
    }

    fn is_key_of(&self, id: KeyId, tenant: &TenantId) -> bool {
        self.state().keys().get(id).is_some_and(|key| key.tenant.as_ref() == Some(tenant))
    }

    fn is_person_of(&self, person: &PersonId, tenant: &TenantId) -> bool {
        let state = self.state();
        state.people().get(person).is_some_and(|known| known.tenant.as_ref() == Some(tenant))
    }

    /// Proves that the log of now continues the one of an earlier size.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When the log was never so long before, or cannot be read.
    pub fn consistency(&self, old: u64) -> Result<Consistency, prove::ProveError> {
        self.read(|view| Ok(prove::consistency(view, old)))?
    }

    /// The content of a tile, for those who follow the log; none while it does not reach so far.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|view| tile_content(tile, view))
    }

    /// Looks at the log through a reader that is kept for the next one.
    pub(crate) fn read<T>(
        &self,
        look: impl FnOnce(&dyn View) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let kept = self.readers().pop();
        let mut reader = kept.map_or_else(|| self.sequencer.reader(), Ok)?;
        let seen = look(&*reader.view()?);
        // After an error it may be in any state.
        if seen.is_ok() {
            let mut readers = self.readers();
            if readers.len() < MAX_READERS_KEPT {
                readers.push(reader);
            }
        }
        seen
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Box<dyn Reader>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the whole log and says what is wrong with it. `progress` is told how many entries of
    /// how many are done.
    ///
    /// Blocks until all of it was read, beside which the log goes on.
    ///
    /// # Errors
    /// Only when the log cannot be read at all.
    pub fn verify(&self, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Report, StoreError> {
        let mut reader = self.sequencer.reader()?;
        verify(&mut *reader, &[self.verifier().clone()], progress)
    }

    /// The whole log at one moment, as a file without a name that is gone when it is closed; none where
    /// the log is in no file. Its key is no part of it. There is one in the making at a time.
    ///
    /// Blocks while it is copied, beside which the log goes on.
    ///
    /// # Errors
    /// When the log cannot be read, or the copy not be written beside it.
    pub fn copy(&self) -> Result<Option<File>, StoreError> {
        self.sequencer.reader()?.copy()
    }

    /// The last few times that a kill switch was tripped, the latest first.
    ///
    /// Blocks while they are read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn switched(&self, limit: usize) -> Result<Vec<SwitchRow>, StoreError> {
        let size = self.size();
        let mut window = SWITCHED_WITHIN;
        loop {
            let from = size.saturating_sub(window);
            let mut rows = self.read(|view| view.switches(from, usize::MAX / 2))?;
            if rows.len() >= limit || from == 0 {
                rows.reverse();
                rows.truncate(limit);
                return Ok(rows);
            }
            window = window.saturating_mul(8);
        }
    }

    /// The files of the policy that an entry installed.
    ///
    /// Blocks while they are read.
    ///
    /// # Errors
    /// When the entry installed none, or its payload cannot be read.
    pub fn policy_at(&self, index: u64) -> Result<Vec<PolicyFile>, OpenError> {
        Ok(self.policy_files(index)?)
    }

    /// Waits until there is an entry with this index; false when the log closed before.
    pub async fn wait_for(&self, index: u64) -> bool {
        self.sequencer.watch().wait_for(|tip| tip.size > index).await.is_ok()
    }

    /// Submits a command, and awaits or blocks until it is durable.
    pub(crate) async fn submit(
        &self,
        way: Way,
        command: Command,
        caller: Option<Caller>,
    ) -> Result<Committed, SubmitError> {
        match way {
            Way::Await => self.sequencer.submit_as(command, caller).await,
            Way::Block => self.sequencer.submit_blocking_as(command, caller),
        }
    }

    /// Sends a command whose answer nobody waits for.
    pub(crate) fn send(&self, command: Command, caller: Option<Caller>) -> bool {
        self.sequencer.send(command, caller)
    }

    pub(crate) fn pepper(&self) -> &Pepper {
        self.sequencer.keys().pepper()
    }

    /// The clock that the log goes by, and random bytes.
    pub(crate) fn environment(&self) -> &dyn Environment {
        &**self.sequencer.clock()
    }

    pub(crate) fn close(self) {
        self.readers().clear();
        self.sequencer.close();
    }

    /// The policy that the log holds; where it holds none, the one without any class.
    pub(crate) fn policy(&self) -> Result<Policy, OpenError> {
        let installed = self.state().installed_at();
        let files = installed.map(|index| self.policy_files(index)).transpose()?;
        Ok(Policy::load(&files.unwrap_or_default())?)
    }

    fn policy_files(&self, index: u64) -> Result<Vec<PolicyFile>, OpenLogError> {
        let stored = self.read(|view| view.entries(index, 1))?.into_iter().next();
        let payload = stored.and_then(|stored| stored.private).map(|private| private.payload);
        match payload.and_then(|payload| serde_json::from_slice(&payload).ok()) {
            Some(Payload::Policy(policy)) => Ok(policy.files),
            _ => {
                Err(StoreError::Corrupt(format!("the policy in entry {index} cannot be read"))
                    .into())
            }
        }
    }
}

fn is_subject(subject: &Subject, tenant: &TenantId, agent: Option<&AgentId>) -> bool {
    subject.tenant == *tenant && agent.is_none_or(|agent| subject.agent.as_ref() == Some(agent))
}

/// How a caller may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// It gives its thread back meanwhile.
    Await,
    /// It has a thread of its own, which may as well do the work.
    Block,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Log({}, {} entries)", self.sequencer.keys().origin(), self.size())
    }
}
