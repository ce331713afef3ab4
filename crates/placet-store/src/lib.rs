//! The log on disk: keeps events, and nothing else decides.
//!
//! An agent proposes a refund. The [`Sequencer`] takes the tip of the log, lets
//! [`placet_core::handle()`] judge the action against everything that was ever recorded, and appends
//! what follows in one durable commit: the entry, the tiles of the hash tree, the signed head, and
//! the rows that people search. Only then does the agent get its answer. If the power fails before
//! the commit, nothing happened; after it, everything did.
//!
//! Where this is kept is behind one trait, [`Store`]: [`sqlite`] is one file on one machine,
//! [`memory`] is for tests, and the trait leaves room for a server that many nodes share. What a
//! store must promise is written down twice, in [`store`] for people and in [`contract`] as tests.
//!
//! [`verify`](verify::verify) replays a log from its first entry and says what is wrong with it;
//! [`export`] writes it as tiles that other tools follow.

pub mod clock;
#[cfg(feature = "contract")]
pub mod contract;
pub mod entry;
pub mod environment;
pub mod error;
pub mod export;
pub mod keys;
pub mod memory;
pub mod projection;
pub mod prove;
pub mod recover;
pub mod sequencer;
pub mod snapshot;
pub mod sqlite;
pub mod store;
pub mod tree;
pub mod verify;

pub use clock::LogClock;
pub use environment::{Environment, System};
pub use error::{CommitError, OpenError, StoreError, SubmitError};
pub use keys::{Keys, KeysError};
pub use memory::Memory;
pub use sequencer::{Committed, Sequencer, Tip};
pub use sqlite::{Sqlite, SqliteReader};
pub use store::{Head, Reader, Store, View};
