//! The words of a sign-off, known again wherever they turn up.
//!
//! When a record is signed off, the person's statement is kept in a text object that was made for it.
//! Whoever makes another record from the fields of this one (`dataclasses.replace` does) hands that
//! very object on, and so the words that were written for one record do not sign another. The same
//! text from anywhere else, a form or a database, is another object.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyString;

/// The addresses of all words that are in use.
static IN_USE: LazyLock<Mutex<HashSet<usize>>> = LazyLock::new(Mutex::default);

fn in_use() -> MutexGuard<'static, HashSet<usize>> {
    IN_USE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) struct Words(Py<PyString>);

impl Words {
    /// Words of their own with this text. There are none for a single character, because Python has
    /// each of those only once.
    pub(super) fn new(text: &str, py: Python<'_>) -> Option<Self> {
        if is_single(text) {
            return None;
        }
        let words = PyString::new(py, text);
        in_use().insert(words.as_ptr().addr());
        Some(Self(words.unbind()))
    }

    pub(super) fn text(&self, py: Python<'_>) -> Py<PyAny> {
        self.0.clone_ref(py).into_any()
    }

    /// Whether a value is these words.
    pub(super) fn are(&self, value: &Py<PyAny>) -> bool {
        self.0.is(value)
    }

    /// Whether a value is the words of any record.
    pub(super) fn of_any(value: &Py<PyAny>) -> bool {
        in_use().contains(&value.as_ptr().addr())
    }
}

/// Whether Python has such a text only once.
pub(super) fn is_single(text: &str) -> bool {
    text.chars().nth(1).is_none()
}

impl Drop for Words {
    fn drop(&mut self) {
        // Before the text goes away and leaves its address to another.
        in_use().remove(&self.0.as_ptr().addr());
    }
}
