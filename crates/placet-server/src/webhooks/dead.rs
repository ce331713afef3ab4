//! Announcements that could not be delivered.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use placet::{ApprovalId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::limits::MAX_DEAD_LETTERS;

/// An announcement that could not be delivered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DeadLetter)]
pub(crate) struct DeadLetter {
    /// Its id, which its receiver would have seen as `webhook-id`.
    pub(super) id: String,
    /// The name of the webhook.
    pub(super) webhook: String,
    /// What it announces.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// The approval that it is about.
    #[schema(value_type = String, pattern = "^apr_")]
    pub(super) approval: ApprovalId,
    /// How often it was tried.
    pub(super) attempts: u32,
    /// Why it could not be delivered, the last time.
    pub(super) reason: String,
    /// When it was given up.
    #[schema(value_type = String, format = DateTime)]
    pub(super) at: Timestamp,
}

/// The last of them.
#[derive(Debug, Default)]
pub(crate) struct DeadLetters(Mutex<VecDeque<DeadLetter>>);

impl DeadLetters {
    pub(super) fn add(&self, letter: DeadLetter) {
        let mut letters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while letters.len() >= MAX_DEAD_LETTERS {
            letters.pop_front();
        }
        letters.push_back(letter);
    }

    /// All that are kept, the oldest first.
    pub(crate) fn list(&self) -> Vec<DeadLetter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
