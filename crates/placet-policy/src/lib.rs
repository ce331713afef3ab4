//! From an action to what is known of it, without a clock, a file or a secret of its own.
//!
//! A [`Policy`] is a TOML file with the classes of actions, and Cedar rules beside it. To
//! [assess](Policy::assess) an action is to find its class, to look at what the call does rather
//! than what it is called, to evaluate the rules that can apply, to replace what is secret, and to
//! freeze the rest under its digest. The result are facts; `placet-core` judges them against the
//! state of the log.
//!
//! The costly parts of a decision are here, and none of them needs any state, so they run on the
//! caller's own thread and as often as anyone likes.

mod assess;
pub mod file;
pub mod inspect;
pub mod limits;
pub mod matcher;
pub mod params;
mod policy;
pub mod redact;
pub mod rules;
mod value;

pub use assess::{Assessed, Evaluated, call_tag};
pub use file::{Diagnostic, Diagnostics, Severity, parse_duration};
pub use policy::Policy;
