//! Which held calls can be made once more.
//!
//! An agent that was told to come back makes the same call again. It finds its approval here; whether
//! it is that very call, and whether it ran already, is judged by the log when it is redeemed.

use std::collections::{HashMap, VecDeque};

use placet::{ActionId, Json, Object};
use sha2::{Digest as _, Sha256};

use crate::client::Client;
use crate::judge::ToolCall;
use crate::limits::MAX_HELD;

/// Recognises a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CallKey([u8; 32]);

impl CallKey {
    /// A call of a tool by a client, with all that the server is told with it.
    pub(crate) fn new(tool: &str, call: &ToolCall, client: &Client) -> Self {
        let canonical = |object: &Object| Json::Object(object.clone()).canonical();
        let (arguments, beside) = (canonical(&call.arguments), canonical(&call.beside));
        let name = client.name.as_deref().unwrap_or_default();
        let parts =
            [client.session.as_ref(), name.as_bytes(), tool.as_bytes(), arguments.as_bytes()];
        let mut hash = Sha256::new();
        for part in parts.into_iter().chain([beside.as_bytes()]) {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
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

    /// Takes out the call that has waited longest of those that are the same, or the one with this
    /// id.
    pub(crate) fn take(&mut self, key: CallKey, id: Option<ActionId>) -> Option<HeldCall> {
        let waiting = self.calls.get_mut(&key)?;
        let place = waiting.iter().position(|call| id.is_none_or(|id| id == call.id))?;
        let call = waiting.remove(place)?;
        if waiting.is_empty() {
            self.calls.remove(&key);
        }
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
