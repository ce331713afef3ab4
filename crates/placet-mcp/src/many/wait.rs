//! What is not answered: because it takes too long, because its server has ended, or because nobody
//! wants it any more.

use tokio::time::Instant;

use super::route::{self, with_param};
use super::{Awaited, Many};
use crate::id::{Id, Key};
use crate::message::Message;
use crate::reply;

/// An answer that is waited for.
pub(super) struct Waiting {
    pub(super) id: Id,
    pub(super) awaited: Awaited,
    /// Until when; none where that is up to the client.
    pub(super) until: Option<Instant>,
}

impl Many {
    /// Waits for an answer of a server, and for those that the whole list waits for not too long.
    pub(super) fn await_it(&mut self, number: usize, id: &Id, awaited: Awaited, is_bounded: bool) {
        let place = (number, id.key().clone());
        let until = is_bounded.then(|| Instant::now() + self.time);
        if let Some(until) = until {
            self.due.push_back((until, place.clone()));
        }
        self.awaited.insert(place, Waiting { id: id.clone(), awaited, until });
    }

    /// Goes on without what took too long.
    pub(super) async fn give_up(&mut self) {
        let now = Instant::now();
        while let Some((until, place)) = self.due.pop_front_if(|(until, _)| *until <= now) {
            let waiting = self.awaited.get(&place);
            let Some(waiting) = waiting.filter(|it| it.until == Some(until)) else { continue };
            // An introduction is never taken back.
            if let Awaited::Page(_) = waiting.awaited {
                let params = serde_json::json!({ "reason": "it took too long" });
                let told = reply::notification("notifications/cancelled", &params);
                let cancelled = Message::read(told).ok().and_then(|told| {
                    with_param(&told, "requestId", raw_json(waiting.id.as_json()))
                });
                if let Some(cancelled) = cancelled {
                    self.tell(place.0, cancelled).await;
                }
            }
            self.miss(place, "it does not answer in time").await;
        }
    }

    /// There will be no answer of a server to this.
    pub(super) async fn miss(&mut self, place: (usize, Key), why: &str) {
        let (number, key) = &place;
        let Some(waiting) = self.awaited.remove(&place) else { return };
        let name = self.members.get(*number).map(|it| it.name.clone()).unwrap_or_default();
        tracing::warn!(server = name, why, "there is no answer of a server");
        let text = format!("there is no answer of the server {name}: {why}");
        let error = reply::error(Some(&waiting.id), reply::INTERNAL_ERROR, &text);
        match waiting.awaited {
            // It is left out, as if it were not there.
            Awaited::Part => {
                if let Some(gathered) = self.gathered.get_mut(key) {
                    gathered.missing = gathered.missing.saturating_sub(1);
                }
                self.finish(key).await;
            }
            Awaited::Page(of) => {
                self.sent.remove(key);
                let read = Message::read(error.clone()).ok();
                let page = read.and_then(|error| self.page(*number, of, &error));
                self.tell_client(page.unwrap_or(error)).await;
            }
            Awaited::Whole => {
                self.sent.remove(key);
                self.tell_client(error).await;
            }
        }
    }

    /// A server has ended: nothing is sent there any more, and nothing more comes.
    pub(super) async fn lose(&mut self, number: usize) {
        if let Some(member) = self.members.get_mut(number) {
            member.to = None;
        }
        let mut lost: Vec<_> = self.awaited.keys().cloned().collect();
        lost.retain(|(of, _)| *of == number);
        for place in lost {
            self.miss(place, "it has ended").await;
        }
    }

    /// The client does not want an answer any more.
    pub(super) async fn cancel(&mut self, message: Message) {
        let Some(id) = route::cancelled(&message) else { return };
        if let Some(number) = self.sent.remove(id.key()) {
            self.awaited.remove(&(number, id.key().clone()));
            self.tell(number, message.into_bytes()).await;
        } else if self.gathered.remove(id.key()).is_some() {
            self.awaited.retain(|(_, key), _| key != id.key());
            self.tell_all(message.bytes()).await;
        }
    }

    /// A server does not want an answer of the client any more. The client knows its request under
    /// another id.
    pub(super) async fn cancelled_by(&mut self, number: usize, message: Message) {
        let Some(id) = route::cancelled(&message) else { return };
        if id.is_ours() {
            return self.tell_client(message.into_bytes()).await;
        }
        let is_it = |asked: &(usize, Id)| asked.0 == number && asked.1.key() == id.key();
        let found = self.asked.iter().find(|(_, asked)| is_it(asked));
        let Some((Key::Text(outer), _)) = found.map(|(key, asked)| (key.clone(), asked)) else {
            return;
        };
        if let Some(bytes) = with_param(&message, "requestId", route::raw(&outer)) {
            self.asked.remove(&Key::Text(outer));
            self.tell_client(bytes).await;
        }
    }
}

fn raw_json(json: &str) -> Option<Box<serde_json::value::RawValue>> {
    serde_json::value::RawValue::from_string(json.to_owned()).ok()
}
