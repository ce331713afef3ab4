//! Requests that have no answer yet.
//!
//! A server answers what it was asked, once. An answer to nothing, or a second one, goes nowhere.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use placet::ActionId;
use tokio::sync::oneshot;

use crate::id::{Id, Key};
use crate::limits::MAX_PENDING;
use crate::tools::Listed;

/// What is to be done when an answer comes.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// A call that is being judged: there is no answer that a server could give yet.
    Judged,
    /// A call that was permitted: what came of it is reported, and somebody waits for the answer.
    Call(Option<ActionId>, Arc<Mutex<Option<oneshot::Sender<()>>>>),
    /// A list of tools: it is read.
    Tools(Listed),
    /// What the server can do: that it knows tasks is added.
    Discover,
    /// What the server can do, before 2026-07-28: it is read.
    Initialize,
    /// The first page of the server's tasks: ours are added.
    Tasks,
    /// Anything else.
    Other,
}

/// Requests without an answer, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    requests: HashMap<Key, (Id, Asked)>,
    /// Those that the client does not want any more, the oldest first: most are never answered.
    unwanted: VecDeque<Key>,
}

/// A request that cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PendingError {
    /// Another one has its id.
    #[error("another request with this id has no answer yet")]
    Taken,
    /// There are too many.
    #[error("too many requests have no answer yet")]
    TooMany,
}

impl Pending {
    /// Takes a request in.
    pub(crate) fn add(&mut self, id: &Id, asked: Asked) -> Result<(), PendingError> {
        if self.requests.contains_key(id.key()) {
            return Err(PendingError::Taken);
        }
        if self.requests.len() >= MAX_PENDING {
            let oldest = self.unwanted.pop_front().ok_or(PendingError::TooMany)?;
            self.requests.remove(&oldest);
        }
        self.requests.insert(id.key().clone(), (id.clone(), asked));
        Ok(())
    }

    /// Notes that the client does not want an answer any more. One that comes all the same goes to it,
    /// unless there were too many others meanwhile. A call is answered or given up in any case.
    pub(crate) fn is_unwanted(&mut self, id: &Id) {
        let asked = self.requests.get(id.key()).map(|(_, asked)| asked);
        let is_call = matches!(asked, Some(Asked::Judged | Asked::Call(..)));
        let is_other = asked.is_some() && !is_call;
        if is_other && !self.unwanted.contains(id.key()) {
            self.unwanted.push_back(id.key().clone());
        }
    }

    /// Says of a request what it turned out to be.
    pub(crate) fn is(&mut self, id: &Id, now: Asked) {
        if let Some((_, asked)) = self.requests.get_mut(id.key()) {
            *asked = now;
        }
    }

    /// The same for an answer of the server: what it was not asked yet it cannot answer.
    pub(crate) fn answered_by_server(&mut self, id: &Id) -> Option<Asked> {
        match self.requests.get(id.key()) {
            Some((_, Asked::Judged)) => None,
            _ => self.answered(id),
        }
    }

    /// Takes the request out that is answered.
    pub(crate) fn answered(&mut self, id: &Id) -> Option<Asked> {
        self.unwanted.retain(|other| other != id.key());
        self.requests.remove(id.key()).map(|(_, asked)| asked)
    }

    /// All of them, because there will be no answers.
    pub(crate) fn drain(&mut self) -> Vec<(Id, Asked)> {
        self.requests.drain().map(|(_, it)| it).collect()
    }
}
