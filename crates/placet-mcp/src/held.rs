//! Which held calls can be made once more.
//!
//! An agent that was told to come back makes the same call again. It finds its approval here; whether
//! it is that very call, and whether it ran already, is judged by the log when it is redeemed.

mod memory;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;

use placet::{ActionId, AgentId, Json, Object, TenantId};
use sha2::{Digest as _, Sha256};

use crate::client::Client;
use crate::judge::ToolCall;
use crate::limits::MAX_HELD;
use memory::Memory;

/// Recognises a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CallKey([u8; 32]);

impl CallKey {
    /// A call of a tool by a client, with all that the server is told with it, on whose behalf and as
    /// whose it is decided.
    pub(crate) fn new(
        tool: &str,
        call: &ToolCall,
        client: &Client,
        (tenant, agent): (&TenantId, Option<&AgentId>),
    ) -> Self {
        let canonical = |object: &Object| Json::Object(object.clone()).canonical();
        let (arguments, beside) = (canonical(&call.arguments), canonical(&call.beside));
        let name = client.name.as_deref().unwrap_or_default();
        let parts =
            [client.session.as_ref(), name.as_bytes(), tool.as_bytes(), arguments.as_bytes()];
        let mut hash = Sha256::new();
        let agent = agent.map(AgentId::as_str).unwrap_or_default();
        let whose = [tenant.as_str().as_bytes(), agent.as_bytes(), beside.as_bytes()];
        for part in parts.into_iter().chain(whose) {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Reads what names a file.
    fn read(hex: &str) -> Option<Self> {
        let mut key = [0; 32];
        if hex.len() != 2 * key.len() || !hex.is_ascii() {
            return None;
        }
        for (number, byte) in key.iter_mut().enumerate() {
            let digits = hex.get(2 * number..2 * number + 2)?;
            *byte = u8::from_str_radix(digits, 16).ok()?;
        }
        Some(Self(key))
    }
}

impl std::fmt::Display for CallKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
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
    memory: Option<Memory>,
}

impl Held {
    /// Those that an earlier process left behind in this folder, and that will be left behind there;
    /// none where nothing is to be left behind.
    pub(crate) fn open(folder: Option<PathBuf>) -> Self {
        let Some(folder) = folder else { return Self::default() };
        let (memory, calls) = Memory::open(folder);
        let mut held = Self::default();
        for (key, call) in calls {
            held.put(key, call);
        }
        Self { memory: Some(memory), ..held }
    }

    /// Notes a call that somebody waits for here, should this process end before it is answered.
    pub(crate) fn note(&mut self, key: CallKey, call: &HeldCall) {
        if let Some(memory) = &mut self.memory {
            memory.note(key, call);
        }
    }

    /// Forgets what was noted, because nothing will come of it any more.
    pub(crate) fn forget(&mut self, key: CallKey, call: &HeldCall) {
        if let Some(memory) = &mut self.memory {
            memory.forget(key, call);
        }
    }

    /// Remembers a call that waits. Of too many the oldest is forgotten: made again, it is asked for
    /// again.
    pub(crate) fn put(&mut self, key: CallKey, call: HeldCall) {
        self.note(key, &call);
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
