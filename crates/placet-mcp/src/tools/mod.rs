//! Which tools somebody has looked at, and whether they are still the same.
//!
//! A model does what a tool's description says, and a person vets a tool by reading it. So a tool
//! whose name, description, schema or annotations are others than those that were vetted is another
//! tool: unknown, however harmless its name. The digests of vetted tools are in a lock file, beside
//! what they were vetted as, so that a change can be shown.

mod book;
mod definition;
mod keeper;
mod lock;
mod suspect;

pub use book::{Book, Change, Listed, Standing};
pub(crate) use definition::UNREADABLE_LIST;
pub use definition::{Definition, Page};
pub use keeper::Keeper;
pub use lock::{Lock, LockError, Vetted};
pub use suspect::{Suspicion, suspicions};
