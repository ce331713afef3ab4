//! What a record holds, and whether its statements were written for it as it is now.

use std::collections::{HashMap, HashSet};

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::terms::Terms;
use super::words::Words;

/// A record's fields, and what is known of its sign-off.
#[derive(Default)]
pub(super) struct State {
    pub(super) values: HashMap<String, Py<PyAny>>,
    /// While it is being made, a gated status waits in `wanted` until everything else is there.
    pub(super) is_being_made: bool,
    pub(super) wanted: Option<Py<PyAny>>,
    /// Whether its status is a gated one.
    pub(super) is_signed: bool,
    /// Its last sign-off.
    pub(super) signed: Option<Signed>,
    /// Whether it changed since that sign-off.
    pub(super) is_changed: bool,
    /// The statements that were written since that sign-off.
    pub(super) written: HashSet<String>,
    /// The statements that are the words of another record's sign-off.
    pub(super) borrowed: HashSet<String>,
}

/// A sign-off that was accepted.
pub(super) struct Signed {
    /// For which status, and how that is written.
    pub(super) status: Py<PyAny>,
    pub(super) text: String,
    /// The words, by the fields that they stand in.
    pub(super) words: HashMap<String, Words>,
}

impl State {
    /// Notes that a statement gets another value.
    pub(super) fn write(&mut self, name: &str, value: &Py<PyAny>) {
        let words = self.signed.as_ref().and_then(|signed| signed.words.get(name));
        if words.is_some_and(|words| words.are(value)) {
            self.written.remove(name);
            self.borrowed.remove(name);
            return;
        }
        self.written.insert(name.to_owned());
        if Words::of_any(value) {
            self.borrowed.insert(name.to_owned());
        } else {
            self.borrowed.remove(name);
        }
    }

    /// Whether a statement has served for a sign-off already.
    pub(super) fn is_used(&self, name: &str) -> bool {
        self.borrowed.contains(name) || (self.signed.is_some() && !self.written.contains(name))
    }

    /// Whether its last sign-off was for this status. Members of an enum are one object each.
    pub(super) fn is_signed_as(&self, status: &Py<PyAny>, text: &str, py: Python<'_>) -> bool {
        let is_text = |signed: &Signed| signed.status.bind(py).cast_exact::<PyString>().is_ok();
        let is_it =
            |signed: &Signed| signed.status.is(status) || (is_text(signed) && signed.text == text);
        self.signed.as_ref().is_some_and(is_it)
    }

    /// Why a statement was not written for this record as it is now and for this status, if so.
    pub(super) fn staleness(
        &self,
        name: &str,
        status: &Py<PyAny>,
        text: &str,
        py: Python<'_>,
    ) -> Option<String> {
        if self.borrowed.contains(name) {
            return Some(format!("{name} was written for another record"));
        }
        let signed = self.signed.as_ref().filter(|_| !self.written.contains(name))?;
        if self.is_changed {
            return Some(format!("{name} was written before the record changed; write it anew"));
        }
        (!self.is_signed_as(status, text, py)).then(|| {
            let before = &signed.text;
            format!("{name} was written for {before:?}; take that status back, and write it anew")
        })
    }

    /// Keeps the statements as the words of this record's sign-off.
    pub(super) fn sign(
        &mut self,
        terms: &Terms,
        status: &Py<PyAny>,
        as_text: String,
        py: Python<'_>,
    ) {
        let before = self.signed.take().map(|signed| signed.words);
        let mut before = before.unwrap_or_default();
        let mut words = HashMap::new();
        for name in terms.statements() {
            let Some(value) = self.values.get(name) else { continue };
            let kept = before.remove(name).filter(|words| words.are(value));
            let text = value.bind(py).cast_exact::<PyString>().ok();
            let text = text.and_then(|text| text.to_str().ok());
            let Some(of) = kept.or_else(|| text.and_then(|text| Words::new(text, py))) else {
                continue;
            };
            self.values.insert(name.to_owned(), of.text(py));
            words.insert(name.to_owned(), of);
        }
        self.signed = Some(Signed { status: status.clone_ref(py), text: as_text, words });
        self.is_changed = false;
        self.written.clear();
    }
}
