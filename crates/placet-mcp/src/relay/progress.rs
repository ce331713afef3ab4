//! Calls whose server says now and then how far it is: a server is given up when it is silent, and not
//! because a call takes long.

use std::pin::pin;
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
        if !self.is_answered(answered, token.as_ref()).await
            && lock(&self.pending).answered(id).is_some()
        {
            let text = format!("the server did not answer in time; {IN_DOUBT}");
            self.tell_client(reply::error(Some(id), reply::INTERNAL_ERROR, &text)).await;
        }
    }

    /// Whether a call is answered before its server has been silent for too long.
    async fn is_answered(&self, call: impl Future, token: Option<&Value>) -> bool {
        let (said, token) = (Arc::new(Notify::new()), token.map(Value::to_string));
        if let Some(token) = &token {
            lock(&self.progress).insert(token.clone(), Arc::clone(&said));
        }
        let is_answered = ends_before(call, &said, || sleep(self.judge.call_time())).await;
        if let Some(token) = &token {
            lock(&self.progress).remove(token);
        }
        is_answered
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

/// Whether a call ends before a silence does, which begins anew with whatever is said.
async fn ends_before<S: Future<Output = ()>>(
    call: impl Future,
    said: &Notify,
    silence: impl Fn() -> S,
) -> bool {
    let mut call = pin!(call);
    loop {
        tokio::select! {
            biased;
            _ = &mut call => return true,
            () = said.notified() => {}
            () = silence() => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_silence_begins_anew_with_whatever_is_said() {
        let (said, begun) = (Notify::new(), Cell::new(0));
        let silence = || {
            begun.set(begun.get() + 1);
            let is_long = begun.get() > 2;
            async move {
                if !is_long {
                    pending::<()>().await;
                }
            }
        };
        let talk = async {
            for _ in 0..2 {
                said.notify_one();
                tokio::task::yield_now().await;
            }
        };
        let (is_answered, ()) = tokio::join!(ends_before(pending::<()>(), &said, silence), talk);
        assert!(!is_answered);
        assert_eq!(begun.get(), 3);
        assert!(ends_before(ready(()), &said, || ready(())).await);
    }
}
