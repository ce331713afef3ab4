//! Which held calls can be made once more.
//!
//! An agent that was told to come back makes the same call again. It finds its approval here; whether
//! it is that very call, and whether it ran already, is judged by the log when it is redeemed.

use std::collections::{HashMap, VecDeque};

use placet::{ActionId, Json, Object};
use sha2::{Digest as _, Sha256};

use crate::limits::MAX_HELD;

/// Recognises a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CallKey([u8; 32]);

impl CallKey {
    /// The call of a tool with params.
    pub(crate) fn new(tool: &str, params: &Object) -> Self {
        let mut hash = Sha256::new();
        hash.update(tool.len().to_be_bytes());
        hash.update(tool.as_bytes());
        hash.update(Json::Object(params.clone()).canonical().as_bytes());
        Self(hash.finalize().into())
    }
}

/// A call that waits, and what named its tool when it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldCall {
    pub(crate) id: ActionId,
    pub(crate) digest: Option<String>,
}

/// Held calls, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Held {
    calls: HashMap<CallKey, VecDeque<HeldCall>>,
    order: VecDeque<CallKey>,
}

impl Held {
    /// Remembers a call that waits. Of too many the oldest is forgotten: made again, it is asked for
    /// again.
    pub(crate) fn put(&mut self, key: CallKey, call: HeldCall) {
        self.calls.entry(key).or_default().push_back(call);
        self.order.push_back(key);
        if self.order.len() > MAX_HELD
            && let Some(oldest) = self.order.pop_front()
        {
            self.take_from(oldest);
        }
    }

    /// Takes out the call that has waited longest of those that are the same.
    pub(crate) fn take(&mut self, key: CallKey) -> Option<HeldCall> {
        let call = self.take_from(key)?;
        if let Some(place) = self.order.iter().position(|other| *other == key) {
            self.order.remove(place);
        }
        Some(call)
    }

    fn take_from(&mut self, key: CallKey) -> Option<HeldCall> {
        let calls = self.calls.get_mut(&key)?;
        let call = calls.pop_front();
        if calls.is_empty() {
            self.calls.remove(&key);
        }
        call
    }
}
