//! What servers say, and to which of several clients it goes.

use std::sync::Weak;

use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::{METHOD_NOT_FOUND, Stateless, lock};
use crate::http::repeated::Repeated;
use crate::id::{Id, Key};
use crate::limits::MAX_TOOLS;
use crate::message::{Kind, Message};
use crate::task::changed;
use crate::tools::Page;

/// Where something told says which request it belongs to that listens.
const SUBSCRIPTION: [&str; 3] = ["params", "_meta", "io.modelcontextprotocol/subscriptionId"];

/// Sends on what servers say, for as long as anybody can ask them. Nobody who reads slowly holds it up.
pub(super) async fn route(stateless: Weak<Stateless>, mut from: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = from.recv().await {
        let Some(stateless) = stateless.upgrade() else { return };
        if let Ok(message) = Message::read(bytes) {
            stateless.hear(&message);
        }
    }
    if let Some(stateless) = stateless.upgrade() {
        lock(&stateless.waiting).clear();
    }
}

impl Stateless {
    fn hear(&self, message: &Message) {
        match message.kind().clone() {
            Kind::Response(outer) => self.answered(&outer, message),
            Kind::Notification(method) => self.told(&method, message),
            // In this revision a server asks within its answers.
            Kind::Request(id, _) => self.refuse(&id),
            Kind::Complaint => {}
        }
    }

    fn answered(&self, outer: &Id, message: &Message) {
        let Some(waiting) = lock(&self.waiting).remove(outer.key()) else { return };
        if waiting.lists {
            self.note_tools(message);
        }
        if let Some(answer) = reworded(message, &["id"], waiting.id.as_json()) {
            drop(waiting.answer.send(answer));
        }
    }

    /// What belongs to no request goes to nobody: on pipes nothing says whose it is.
    fn told(&self, method: &str, message: &Message) {
        let params = message.params().unwrap_or("{}");
        let Ok(params) = serde_json::from_str::<Params>(params) else { return };
        let mut waiting = lock(&self.waiting);
        match method {
            "notifications/progress" => {
                let of = params.token.as_deref().and_then(Id::read);
                let found = of.and_then(|of| waiting.get(of.key()));
                let Some((of, token)) = found.and_then(|it| Some((it, it.token.as_deref()?)))
                else {
                    return;
                };
                if let Some(told) = reworded(message, &["params", "progressToken"], token) {
                    drop(of.told.try_send(told));
                }
            }
            // What is listened to is over.
            "notifications/cancelled" => {
                let of = params.request.as_deref().and_then(Id::read);
                if let Some(of) = of.filter(|of| listens(&waiting, of.key())) {
                    waiting.remove(of.key());
                }
            }
            _ => {
                let of = params.meta.subscription.as_deref().and_then(Id::read);
                let Some(of) = of.filter(|of| listens(&waiting, of.key())) else { return };
                let sent = waiting.get(of.key()).is_some_and(|it| {
                    let told = reworded(message, &SUBSCRIPTION, it.id.as_json());
                    told.is_some_and(|told| it.told.try_send(told).is_ok())
                });
                // Who reads so slowly that something is missed sees that the stream ends.
                if !sent {
                    waiting.remove(of.key());
                }
            }
        }
    }

    fn refuse(&self, id: &Id) {
        let text = "nothing is asked outside of an answer in this revision";
        let id = id.as_json();
        let error = serde_json::json!({ "code": METHOD_NOT_FOUND, "message": text });
        let answer = format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#);
        drop(self.to.try_send(Ok(Bytes::from(answer))));
    }

    /// A list of tools says which arguments are repeated as headers.
    fn note_tools(&self, message: &Message) {
        let Some(page) = message.result().and_then(Page::read) else { return };
        let mut known = lock(&self.repeated);
        for tool in page.tools {
            if known.len() < MAX_TOOLS || known.contains_key(&tool.name) {
                known.insert(tool.name, Repeated::of(Some(&tool.content)));
            }
        }
    }
}

fn listens(waiting: &std::collections::HashMap<Key, super::Waiting>, of: &Key) -> bool {
    waiting.get(of).is_some_and(|it| it.listens)
}

/// A message with another value at a place.
fn reworded(message: &Message, path: &[&str], json: &str) -> Option<Bytes> {
    let whole: Box<RawValue> = serde_json::from_slice(message.bytes()).ok()?;
    Some(Bytes::from(changed(&whole, path, Some(json))?.get().to_owned()))
}

/// Which request something is told of.
#[derive(serde::Deserialize)]
struct Params {
    #[serde(rename = "progressToken")]
    token: Option<Box<RawValue>>,
    #[serde(rename = "requestId")]
    request: Option<Box<RawValue>>,
    #[serde(default, rename = "_meta")]
    meta: Meta,
}

#[derive(Default, serde::Deserialize)]
struct Meta {
    #[serde(rename = "io.modelcontextprotocol/subscriptionId")]
    subscription: Option<Box<RawValue>>,
}
