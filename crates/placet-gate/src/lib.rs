//! Where the calls of an agent are decided that nobody can edit.
//!
//! What stands in an agent's path, a gateway or a hook, asks for each call whether it may go on. It
//! does not care where that is decided: in a log of its own, or at a daemon that many share. A
//! [`Gate`] is either, and each call goes the same way through both:
//!
//! 1. [`Gate::propose`] decides on it, and makes the decision durable;
//! 2. a held call [waits](Gate::wait) for people, or is [taken back](Gate::withdraw);
//! 3. [`Gate::redeem`] spends what permits it, for exactly its params, before it goes on;
//! 4. [`Gate::conclude`] says what came of it.
//!
//! What goes wrong on the way permits nothing.

mod call;
mod daemon;
mod error;
mod gate;
mod here;
pub mod private;

pub use call::{Call, Course, Held};
pub use error::GateError;
pub use gate::{Gate, GateConfig};
