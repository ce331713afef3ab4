//! The log of a guard, to look at.

use std::sync::{Arc, RwLockReadGuard};

use placet_core::event::{Payload, PolicyFile};
use placet_core::log::{Receipt, Verifier};
use placet_core::{Caller, Command, Entry, Pepper, State};
use placet_policy::Policy;
use placet_store::entry::StoredEntry;
use placet_store::{
    Committed, Environment, Keys, Memory, OpenError as OpenLogError, Sequencer, StoreError,
    SubmitError, System, prove,
};

use crate::config::LogPlace;
use crate::error::OpenError;

/// A log in operation: its state, its entries and its proofs.
pub struct Log {
    sequencer: Sequencer,
    environment: Arc<dyn Environment>,
}

impl Log {
    pub(crate) fn open(place: &LogPlace) -> Result<Self, OpenError> {
        let environment: Arc<dyn Environment> = Arc::new(System);
        let sequencer = match place {
            LogPlace::Memory => {
                let keys = Keys::generate(None, &*environment).map_err(OpenLogError::from)?;
                Sequencer::start(Box::new(Memory::new()), keys, Arc::clone(&environment))
                    .map_err(OpenLogError::from)?
            }
            LogPlace::File(path) => Sequencer::open(path, None, Arc::clone(&environment))?,
        };
        Ok(Self { sequencer, environment })
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

    /// Entries in their order, from an index on, at most so many.
    ///
    /// Blocks while they are read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn entries(&self, from: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let mut reader = self.sequencer.reader()?;
        let entries = reader.view()?.entries(from, limit)?;
        let decode = |stored: StoredEntry| {
            stored
                .decode()
                .map_err(|error| StoreError::Corrupt(format!("entry {}: {error}", stored.index)))
        };
        entries.into_iter().map(decode).collect()
    }

    /// The receipt for an entry, which anyone with the log's verifier can check offline. With
    /// `open` it holds the private payload as well, if that is still there.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When there is no such entry, or the log cannot be read.
    pub fn receipt(&self, index: u64, open: bool) -> Result<Receipt, prove::ProveError> {
        let mut reader = self.sequencer.reader()?;
        prove::receipt(&*reader.view()?, index, open)
    }

    /// Waits until there is an entry with this index; false when the log closed before.
    pub(crate) async fn wait_for(&self, index: u64) -> bool {
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

    pub(crate) fn pepper(&self) -> &Pepper {
        self.sequencer.keys().pepper()
    }

    pub(crate) fn environment(&self) -> &dyn Environment {
        &*self.environment
    }

    pub(crate) fn close(self) {
        self.sequencer.close();
    }

    /// The policy that the log holds; where it holds none, the one without any class.
    pub(crate) fn policy(&self) -> Result<Policy, OpenError> {
        let installed = self.state().installed_at();
        let files = installed.map(|index| self.policy_files(index)).transpose()?;
        Ok(Policy::load(&files.unwrap_or_default())?)
    }

    fn policy_files(&self, index: u64) -> Result<Vec<PolicyFile>, OpenLogError> {
        let mut reader = self.sequencer.reader()?;
        let stored = reader.view()?.entries(index, 1)?.into_iter().next();
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
