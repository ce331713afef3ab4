//! Leaving the demo: the agent stops where it is, but never between acting and saying so.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whether it is over, for the agent and for whoever ends it.
#[derive(Clone, Default)]
pub(super) struct Leave(Arc<Mutex<bool>>);

/// As long as this is held, the end waits.
pub(super) struct Finishing<'a>(#[expect(dead_code, reason = "it is held")] MutexGuard<'a, bool>);

impl Leave {
    /// Ends it, as soon as nothing is half done.
    pub(super) fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Whether it is over.
    pub(super) fn is_over(&self) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins something that must not be cut off; none when it is over.
    pub(super) fn begin(&self) -> Option<Finishing<'_>> {
        let is_over = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_over { None } else { Some(Finishing(is_over)) }
    }
}
