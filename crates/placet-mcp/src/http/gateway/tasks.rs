//! Calls that become tasks, and what is asked of them.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::{Gateway, lock};
use crate::ask::Ask;
use crate::client::Client;
use crate::http::answer::{Answer, json_answer, stream};
use crate::http::events::event;
use crate::http::repeated;
use crate::id::Id;
use crate::judge::{Known, ToolCall, Waiting};
use crate::limits::{PROGRESS, QUEUE};
use crate::message::Message;
use crate::parts::meta;
use crate::task::{Answered, Errand};

impl Gateway {
    /// The answer to what is asked of a task of ours; none for what is about a task of somebody else.
    pub(super) fn answer_of_task(
        self: &Arc<Self>,
        id: &Id,
        method: &str,
        message: &Message,
    ) -> Option<Answer> {
        match lock(&self.tasks).answer(id, method, message.params())? {
            Answered::Now(answer) => Some(json_answer(StatusCode::OK, answer)),
            Answered::Later(ended) => {
                let (to, parts) = mpsc::channel(QUEUE);
                let gateway = Arc::clone(self);
                let (id, message) = (id.clone(), message.clone());
                tokio::spawn(async move { gateway.answer_later(id, message, ended, to).await });
                Some(stream(parts))
            }
        }
    }

    /// Answers a question about a task once it has ended.
    async fn answer_later(
        &self,
        id: Id,
        message: Message,
        mut ended: watch::Receiver<bool>,
        to: mpsc::Sender<Bytes>,
    ) {
        loop {
            tokio::select! {
                biased;
                () = to.closed() => return,
                // Where it is forgotten meanwhile, that is the answer.
                () = async { drop(ended.wait_for(|it| *it).await) } => break,
                () = sleep(PROGRESS) => {}
            }
            drop(to.send(Bytes::from_static(b": waiting\n\n")).await);
        }
        let answered = lock(&self.tasks).answer(&id, "tasks/result", message.params());
        if let Some(Answered::Now(answer)) = answered {
            drop(to.send(event(&answer)).await);
        }
    }

    /// The answer to a call that did not run. Who wanted a task for it (2025-11-25) gets one that has ended.
    pub(super) fn refuse(&self, id: &Id, text: &str, client: &Client) -> Bytes {
        lock(&self.tasks).refuse(id, text, client)
    }

    /// Waits for people in the place of the client; the answer to the call meanwhile.
    pub(super) fn begin_task(
        self: &Arc<Self>,
        id: &Id,
        waiting: &Waiting,
        headers: HeaderMap,
        of: (&ToolCall, &Known, &Message),
        ask: &Ask,
    ) -> Option<Bytes> {
        let task =
            lock(&self.tasks).begin(waiting, self.judge.call_time(), ask.client().is_modern)?;
        let (errand, wanted) = Errand::new(waiting, of, ask);
        let (gateway, name) = (Arc::clone(self), task.clone());
        let running = tokio::spawn(async move {
            let (meta, of_list) = (meta(&errand.message), headers.clone());
            let is_still = async |known: Known, name: String| {
                gateway.is_still(&known, &name, &of_list, &meta).await
            };
            let send = |id, bytes| gateway.run_task(&name, headers.clone(), (id, bytes));
            let ended = errand.run(&gateway.judge, is_still, send).await;
            lock(&gateway.tasks).end(&name, ended);
        });
        let mut tasks = lock(&self.tasks);
        tasks.keeps(&task, wanted, running);
        tasks.created(id, &task)
    }

    async fn run_task(
        &self,
        task: &str,
        mut headers: HeaderMap,
        (id, bytes): (Id, Bytes),
    ) -> Result<Message, String> {
        if repeated::is_any(&headers) {
            let message = Message::read(bytes.clone()).map_err(|_| "it cannot be rebuilt")?;
            let call = ToolCall::read(message.params())?;
            self.repeated(&call).rewrite(&mut headers, &call.arguments);
        }
        // The call was answered with the task, and its stream has ended: what the server says while it
        // runs the call its client finds in the task.
        let told = |message: &Message| lock(&self.tasks).tell(task, message);
        let asked = self.exchange(headers, (&id, bytes), told);
        let answered = timeout(self.judge.call_time(), asked).await;
        answered.map_err(|_| "the server did not answer in time")?
    }
}
