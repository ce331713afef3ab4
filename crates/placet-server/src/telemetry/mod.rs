//! What is counted, measured and written down about requests: who asked what, what came of it and
//! how long it took. Never params, never secrets.

mod exchange;
mod figures;
mod registry;

pub(crate) use exchange::{Exchange, FirstByte, Noted};
pub(crate) use figures::{Figures, Snapshot};
pub(crate) use registry::{Levels, Telemetry};
