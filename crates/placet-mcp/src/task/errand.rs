//! What becomes of a call that waits as a task: the gateway waits in the place of its client.

use bytes::Bytes;
use placet::Outcome;
use serde_json::value::RawValue;

use super::{CAPABILITIES, EXTENSION, Ended, before, changed};
use crate::ask::{Ask, Wanted, fresh_id};
use crate::id::Id;
use crate::judge::{Forward, Judge, Known, Ruling, ToolCall, Waiting};
use crate::message::Message;
use crate::parts::{forwarded, outcome};

/// A call that waits as a task.
pub(crate) struct Errand {
    waiting: Waiting,
    call: ToolCall,
    known: Known,
    pub(crate) message: Message,
    ask: Ask,
}

impl Errand {
    /// The errand for a call of a tool of which this is known; dropped, what comes with it ends it.
    pub(crate) fn new(
        waiting: &Waiting,
        (call, known, message): (&ToolCall, &Known, &Message),
        ask: &Ask,
    ) -> (Self, Wanted) {
        let (ask, wanted) = ask.later();
        let (waiting, call) = (waiting.clone(), call.clone());
        let (known, message) = (known.clone(), message.clone());
        (Self { waiting, call, known, message, ask }, wanted)
    }

    /// Waits for people, and runs the call if they approve it. `is_still` says whether its tool is
    /// still the one that was judged; `send` sends a message with this id to the server and gives its
    /// answer, or why there is none.
    pub(crate) async fn run<S, F>(
        mut self,
        judge: &Judge,
        is_still: impl FnOnce(Known, String) -> S,
        send: impl Fn(Id, Bytes) -> F,
    ) -> Ended
    where
        S: Future<Output = bool>,
        F: Future<Output = Result<Message, String>>,
    {
        let followed = judge.follow(&self.waiting, &self.call, &self.known, &mut self.ask).await;
        let ruling = match followed {
            Ruling::Permitted(permitted) => {
                let is_still = is_still(self.known.clone(), self.call.name.clone()).await;
                judge.spend(&permitted, &self.call, is_still, &self.ask).await
            }
            ruling => ruling,
        };
        let is_modern = self.ask.client().is_modern;
        let Forward { action, edited, .. } = match ruling {
            Ruling::Forward(forward) => forward,
            Ruling::Refuse(text) => return Ended::refused(&text, is_modern),
            Ruling::Cancelled | Ruling::Page(..) | Ruling::Task(_) | Ruling::Permitted(_) => {
                return Ended::Cancelled;
            }
        };
        let id = fresh_id();
        let bytes = forwarded(&self.message, &self.call, edited);
        let bytes = bytes.and_then(|it| outbound(&it, &id, is_modern || self.known.is_always_task));
        let (outcome, detail, ended) = match bytes {
            None => {
                let text = "This call was not run: it cannot be rebuilt.";
                (Outcome::Failed, text.to_owned(), Ended::refused(text, is_modern))
            }
            Some(bytes) => match self.sent(&send, id, bytes).await {
                Ok(answer) => {
                    let (outcome, detail) = outcome(&answer);
                    (outcome, detail, Ended::of(&answer))
                }
                // Nobody knows what came of it, and the log then says that.
                Err(why) => {
                    return Ended::failed(&format!(
                        "{why}; whether the call took effect is not known"
                    ));
                }
            },
        };
        if let Some(action) = action {
            judge.conclude(action, outcome, &detail).await;
        }
        ended
    }
}

impl Errand {
    /// The answer to the call, also where its server makes a task of it (2025-11-25).
    async fn sent<F: Future<Output = Result<Message, String>>>(
        &self,
        send: impl Fn(Id, Bytes) -> F,
        id: Id,
        bytes: Bytes,
    ) -> Result<Message, String> {
        let answer = send(id, bytes).await?;
        let again = fresh_id();
        let question = before::question(&answer, &again).filter(|_| self.known.is_always_task);
        match question {
            Some(question) => send(again, question).await,
            None => Ok(answer),
        }
    }
}

/// The call as the gateway makes it, which wants an answer and not another task, but for what its client said
/// of one with the call, if that is kept.
fn outbound(call: &Bytes, id: &Id, keeps_task: bool) -> Option<Bytes> {
    let whole: Box<RawValue> = serde_json::from_slice(call).ok()?;
    let mut whole = changed(&whole, &["id"], Some(id.as_json()))?;
    if !keeps_task {
        whole = changed(&whole, &["params", "task"], None)?;
    }
    let path = ["params", "_meta", CAPABILITIES, "extensions", EXTENSION];
    Some(Bytes::from(changed(&whole, &path, None)?.get().to_owned()))
}
