//! The log of a guard, to look at.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLockReadGuard};

use placet_core::event::Payload;
use placet_core::log::{Receipt, Verifier};
use placet_core::{Command, Entry, Event, Pepper, State};
use placet_policy::Policy;
use placet_store::{
    Committed, Environment, Keys, MemoryStore, Reader, Sequencer, SqliteStore, Store, StoreError,
    SubmitError, System,
};

use crate::config::LogPlace;
use crate::error::OpenError;

/// A log in operation: its state, its entries, its proofs.
pub struct Log {
    sequencer: Sequencer,
    reader: Mutex<Box<dyn Reader>>,
    environment: Arc<dyn Environment>,
}

impl Log {
    pub(crate) fn open(place: LogPlace) -> Result<Self, OpenError> {
        let environment: Arc<dyn Environment> = Arc::new(System);
        let (store, keys): (Box<dyn Store>, Keys) = match place {
            LogPlace::Memory => {
                (Box::new(MemoryStore::new()), Keys::generate(None, &*environment)?)
            }
            LogPlace::File(path) => {
                let store = SqliteStore::open(&path)?;
                let keys = Keys::open_or_create(&keys_path(&path), &*environment)?;
                (Box::new(store), keys)
            }
        };
        let reader = Mutex::new(store.reader()?);
        let sequencer = Sequencer::start(store, keys, Arc::clone(&environment))?;
        Ok(Self { sequencer, reader, environment })
    }
}
