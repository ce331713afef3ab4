//! Calls that become tasks, and what is asked of them.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use super::{Relay, lock};
use crate::ask::Ask;
use crate::client::Client;
use crate::id::Id;
use crate::judge::{Known, ToolCall, Waiting};
use crate::message::Message;
use crate::parts::meta;
use crate::pending::Asked;
use crate::reply;
use crate::task::{Answered, Errand};

impl Relay {
    /// Waits for people beside whatever else passes; the answer to the call meanwhile.
    pub(super) fn begin_task(
        self: &Arc<Self>,
        id: &Id,
        waiting: &Waiting,
        of: (&ToolCall, &Known, &Message),
        ask: &Ask,
    ) -> Option<Bytes> {
        let task =
            lock(&self.tasks).begin(waiting, self.judge.call_time(), ask.client().is_modern)?;
        let (errand, wanted) = Errand::new(waiting, of, ask);
        let (relay, name) = (Arc::clone(self), task.clone());
        let running = tokio::spawn(async move {
            let meta = meta(&errand.message);
            let is_still =
                async |known: Known, name: String| relay.is_still(&known, &name, &meta).await;
            let send = |id, bytes| relay.exchange(id, bytes, relay.judge.call_time());
            let ended = errand.run(&relay.judge, is_still, send).await;
            lock(&relay.tasks).end(&name, ended);
        });
        let mut tasks = lock(&self.tasks);
        tasks.keeps(&task, wanted, running);
        tasks.created(id, &task)
    }

    /// The answer to a call that did not run. Who wanted a task for it (2025-11-25) gets one that has ended.
    pub(super) fn refuse(&self, id: &Id, text: &str, client: &Client) -> Bytes {
        lock(&self.tasks).refuse(id, text, client)
    }

    /// Answers a question about a task once it has ended.
    pub(super) async fn answer_later(
        self: &Arc<Self>,
        id: Id,
        message: Message,
        mut ended: watch::Receiver<bool>,
    ) {
        // No server answers it.
        let added = lock(&self.pending).add(&id, Asked::Judged);
        if let Err(why) = added {
            let why = why.to_string();
            return self.tell_client(reply::error(Some(&id), reply::INVALID_REQUEST, &why)).await;
        }
        let relay = Arc::clone(self);
        tokio::spawn(async move {
            // Where it is forgotten meanwhile, that is the answer.
            drop(ended.wait_for(|it| *it).await);
            let answered = lock(&relay.tasks).answer(&id, "tasks/result", message.params());
            if let Some(Answered::Now(answer)) = answered
                && lock(&relay.pending).answered(&id).is_some()
            {
                relay.tell_client(answer).await;
            }
        });
    }
}
