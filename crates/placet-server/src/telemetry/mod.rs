//! What is counted, measured and written down about requests: who asked what, what came of it and
//! how long it took. Never params, never secrets.

mod exchange;
mod export;
mod figures;
mod registry;
mod series;

use axum::http::Method;

pub(crate) use exchange::{Exchange, FirstByte, Noted};
pub use export::{Export, ExportError};
pub(crate) use export::{Exported, Exporters};
pub(crate) use figures::{Figures, Snapshot};
pub(crate) use registry::{Levels, Telemetry};
pub(crate) use series::{Series, Span, Tally};

/// A method as a label. Methods can be made up, and every one of them would be kept.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
