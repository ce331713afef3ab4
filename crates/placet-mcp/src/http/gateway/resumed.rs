//! Calls whose answer may come on another stream: one that their client takes up again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use placet::ActionId;

use super::{Gateway, Heard, lock};
use crate::http::headers::SESSION;
use crate::http::said::LAST_EVENT;
use crate::id::{Id, Key};
use crate::limits::MAX_PENDING;

/// What a call was permitted as, until somebody has heard what came of it.
pub(super) type Unheard = Arc<Mutex<Option<ActionId>>>;

/// Calls that went on in sessions, the oldest first.
#[derive(Default)]
pub(super) struct Running(VecDeque<(Bytes, Key, Unheard)>);

impl Running {
    /// Notes a call. An id that is used again is another call, and of too many the oldest is forgotten:
    /// nobody hears then what came of it where it was taken up again.
    fn begins(&mut self, session: Bytes, id: &Id, action: &Unheard) {
        self.0.retain(|(of, key, action)| {
            let is_another = *of != session || key != id.key();
            is_another && lock(action).is_some()
        });
        if self.0.len() >= MAX_PENDING {
            self.0.pop_front();
        }
        self.0.push_back((session, id.key().clone(), Arc::clone(action)));
    }

    /// The call that this is the answer to, if nobody has heard one.
    fn answered(&self, session: &Bytes, id: &Id) -> Option<ActionId> {
        let found = self.0.iter().find(|(of, key, _)| of == session && key == id.key());
        found.and_then(|(_, _, action)| lock(action).take())
    }
}

impl Heard {
    /// What is listened for where a client takes up a stream again.
    pub(super) fn of_stream(method: &Method, headers: &HeaderMap) -> Self {
        match session(headers) {
            Some(session) if method == Method::GET && headers.contains_key(LAST_EVENT) => {
                Self::Resumed(session)
            }
            _ => Self::Nothing,
        }
    }
}

impl Gateway {
    /// What is listened for in the answer to a call that goes on with these headers.
    pub(super) fn listen_for(
        &self,
        headers: &HeaderMap,
        id: &Id,
        action: Option<ActionId>,
    ) -> Heard {
        let is_permitted = action.is_some();
        let action = Arc::new(Mutex::new(action));
        if let Some(session) = session(headers).filter(|_| is_permitted) {
            lock(&self.running).begins(session, id, &action);
        }
        Heard::Call(Some(id.clone()), action)
    }

    /// The call that is answered on a stream which the client of a session took up again.
    pub(super) fn resumed(&self, session: &Bytes, id: &Id) -> Option<ActionId> {
        lock(&self.running).answered(session, id)
    }
}

fn session(headers: &HeaderMap) -> Option<Bytes> {
    headers.get(SESSION).map(|session| Bytes::copy_from_slice(session.as_bytes()))
}
