//! What goes wrong, as an exception of `placet._errors`.

use placet::{GuardError, OpenError, RedeemError, ReplyError, Trouble};
use pyo3::prelude::*;

/// What went wrong: its kind in one word, the words for people, and the part of the request.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: &'static str,
    detail: String,
    pointer: Option<String>,
}

impl Failure {
    pub(crate) fn new(trouble: Trouble, detail: impl std::fmt::Display) -> Self {
        Self { kind: trouble.as_str(), detail: detail.to_string(), pointer: None }
    }

    /// The exception for it.
    pub(crate) fn into_error(self, py: Python<'_>) -> PyErr {
        let made = py
            .import("placet._errors")
            .and_then(|errors| errors.getattr("failure"))
            .and_then(|failure| failure.call1((self.kind, self.detail, self.pointer)));
        made.map_or_else(|error| error, PyErr::from_value)
    }
}

impl From<GuardError> for Failure {
    fn from(error: GuardError) -> Self {
        Self { pointer: error.pointer(), ..Self::new(error.trouble(), whole(&error)) }
    }
}

impl From<RedeemError> for Failure {
    fn from(error: RedeemError) -> Self {
        Self::new(error.trouble(), whole(&error))
    }
}

impl From<ReplyError> for Failure {
    fn from(error: ReplyError) -> Self {
        let pointer = Some(error.pointer.clone());
        Self { pointer, ..Self::new(Trouble::Invalid, error) }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let kind = match &error {
            OpenError::PolicyUnreadable { .. } => Trouble::Missing,
            OpenError::PolicyTooLarge { .. } | OpenError::Policy(_) => Trouble::Invalid,
            OpenError::Log(_) | OpenError::Install(_) => Trouble::Unavailable,
        };
        Self::new(kind, whole(&error))
    }
}

/// An error with what caused it.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
