//! Calls whose server says now and then how far it is.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use placet::ActionId;
use serde_json::Value;
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;

use super::{Relay, lock};
use crate::id::Id;
use crate::message::Message;
use crate::parts::IN_DOUBT;
use crate::pending::Asked;
use crate::reply;
use crate::silence;

impl Relay {
    /// Passes a permitted call on, and watches that it is answered, or at least that its server goes on.
    pub(super) async fn pass(
        &self,
        id: &Id,
        action: Option<ActionId>,
        bytes: Bytes,
        token: Option<Value>,
    ) {
        let (done, answered) = oneshot::channel();
        lock(&self.pending).is(id, Asked::Call(action, Arc::new(Mutex::new(Some(done)))));
        if !self.tell_server(bytes).await {
            return self.unread(id, action).await;
        }
        if self.unless_silent(answered, token.as_ref()).await.is_none()
            && lock(&self.pending).answered(id).is_some()
        {
            let text = format!("the server did not answer in time; {IN_DOUBT}");
            self.tell_client(reply::error(Some(id), reply::INTERNAL_ERROR, &text)).await;
        }
    }

    /// What a call ends with, if its server is not silent about it for too long before.
    pub(super) async fn unless_silent<T>(
        &self,
        call: impl Future<Output = T>,
        token: Option<&Value>,
    ) -> Option<T> {
        let (said, token) = (Arc::new(Notify::new()), token.map(Value::to_string));
        if let Some(token) = &token {
            lock(&self.progress).insert(token.clone(), Arc::clone(&said));
        }
        let ended = silence::before(|| sleep(self.judge.call_time()), &said, call).await;
        if let Some(token) = &token {
            lock(&self.progress).remove(token);
        }
        ended
    }

    /// Notes that the server has said how far it is with a call.
    pub(super) fn progresses(&self, message: &Message) {
        #[derive(serde::Deserialize)]
        struct Progress {
            #[serde(rename = "progressToken")]
            token: Value,
        }
        let told = message.params().and_then(|it| serde_json::from_str::<Progress>(it).ok());
        let said = told.and_then(|it| lock(&self.progress).get(&it.token.to_string()).cloned());
        if let Some(said) = said {
            said.notify_one();
        }
    }
}
