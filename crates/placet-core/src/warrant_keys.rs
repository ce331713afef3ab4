//! Which keys of warrants are good: the one that signs, and those before it whose warrants may live.
//!
//! Keys are counted from 0 and grow from the log's pepper; what is here are their numbers. A key
//! that another one has taken over from stays good for as long as the last warrant that it can have
//! signed, and not for a moment longer: whoever got hold of it has nothing of it after that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::command::Rejection;
use crate::limits;
use crate::time::Timestamp;

/// Which keys of warrants are good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarrantKeys {
    /// The one that signs.
    generation: u32,
    /// Those before it, and until when each is good.
    retired: BTreeMap<u32, Timestamp>,
}

impl WarrantKeys {
    /// The key that signs.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The keys that are good at some time: the one that signs first, then the latest. There is no
    /// gap between them.
    pub fn good(&self, now: Timestamp) -> impl Iterator<Item = u32> {
        let retired = self.retired.iter().rev().filter(move |(_, until)| **until > now);
        std::iter::once(self.generation).chain(retired.map(|(generation, _)| *generation))
    }

    /// The key that would sign next.
    ///
    /// # Errors
    /// When too many are good already.
    pub(crate) fn next(&self, now: Timestamp) -> Result<u32, Rejection> {
        let limit = limits::MAX_WARRANT_KEYS;
        let first = self.retired.values().find(|until| **until > now);
        match first {
            Some(until) if self.good(now).count() >= limit => {
                Err(Rejection::TooManyWarrantKeys { limit, until: *until })
            }
            _ => Ok(self.generation.saturating_add(1)),
        }
    }

    /// Lets another key sign, and drops those that are good no more.
    pub(crate) fn rotate(&mut self, generation: u32, at: Timestamp) {
        self.sweep(at);
        self.retired.insert(self.generation, at.saturating_add(limits::MAX_WARRANT_TIME));
        self.generation = generation;
    }

    pub(crate) fn sweep(&mut self, now: Timestamp) {
        self.retired.retain(|_, until| *until > now);
    }
}
