//! What needs no guard: the `placet` command, classifying, counting, finding secrets.

use std::ffi::OsString;

use placet::Trouble;
use placet::policy::inspect::{Annotations, Call};
use placet::policy::redact::Redactor;
use pyo3::prelude::*;

use crate::failure::Failure;
use crate::freeze;

/// Runs the `placet` command and gives its exit status.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands it over")]
pub(crate) fn run_command(arguments: Vec<OsString>, py: Python<'_>) -> u8 {
    py.detach(|| placet_cli::run(&arguments))
}

/// Says what a call does, with the evidence for it, as a JSON text.
#[pyfunction]
#[pyo3(signature = (tool, params = None, annotations = None, trusted = false))]
pub(crate) fn classify(
    tool: &str,
    params: Option<&Bound<'_, PyAny>>,
    annotations: Option<(Option<bool>, Option<bool>, Option<bool>)>,
    trusted: bool,
    py: Python<'_>,
) -> PyResult<String> {
    let params = params.map(freeze::object).transpose()?.map(|(params, _)| params);
    let annotations = annotations.map(|(read_only, destructive, open_world)| Annotations {
        read_only,
        destructive,
        open_world,
        trusted,
    });
    let params = params.unwrap_or_default();
    let call = Call { tool, params: &params, annotations: annotations.as_ref() };
    serde_json::to_string(&placet::policy::inspect::classify(&call))
        .map_err(|error| Failure::new(Trouble::Invalid, error).into_error(py))
}

/// How many characters of a text show something.
#[pyfunction]
pub(crate) fn visible_length(text: &str) -> usize {
    placet::signoff::visible_length(text)
}

/// A text with bare placeholders where detectors find secrets.
#[pyfunction]
pub(crate) fn redacted(text: &str, py: Python<'_>) -> String {
    py.detach(|| Redactor::default().scan_text(text))
}
