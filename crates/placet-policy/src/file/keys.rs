//! Every key of the policy file, in tables.
//!
//! The parser refuses what is not here and reads each value by its [`Kind`]; the JSON Schema and
//! the commented policy that `init` writes are made of the same tables, so they cannot disagree.

mod kind;
mod tables;

pub use kind::{Key, Kind, Section, Word};
pub use tables::{ACTION, APPROVAL, BUDGET, GRADUATION, PARAM_TYPES, POLICY, THRESHOLDS};
