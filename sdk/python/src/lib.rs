//! The engine of the Python package, as the module `placet._core`.
//!
//! Everything that decides is here; what is Python about the package (decorators, callbacks, the
//! loop of asyncio) is in `python/placet`. Nothing here calls into Python from a thread of its own.

mod command;
mod decision;
mod engine;
mod failure;
mod freeze;
mod mailbox;
mod open;
mod operation;
mod record;
mod request;
mod started;

use pyo3::prelude::*;

/// The engine of Placet. Use the package `placet`.
#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::command::{classify, redacted, run_command, visible_length};
    #[pymodule_export]
    use crate::decision::{Approval, Decision, Finding, revived};
    #[pymodule_export]
    use crate::engine::{Engine, forked};
    #[pymodule_export]
    use crate::freeze::{Frozen, freeze};
    #[pymodule_export]
    use crate::mailbox::Mailbox;
    #[pymodule_export]
    use crate::record::{GatedRecord, gate_records};
    #[pymodule_export]
    use crate::request::ActionRequest;
    #[pymodule_export]
    use crate::started::Started;
}
