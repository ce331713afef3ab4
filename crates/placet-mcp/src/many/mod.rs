//! Several servers as one.
//!
//! A client sees one server with the tools and prompts of all, each under the name of its server. A
//! message is taken apart only where it has to be: to find whom it is for, and to put names and places
//! of lists together. Each server has a relay of its own, which judges its calls.

mod merge;
mod route;

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::ask::fresh_id;
use crate::id::{Id, Key};
use crate::message::{Kind, Message};
use crate::relay::{Duplex, queue};
use crate::reply;
use crate::stdio::Skipped;
use merge::Merge;
use route::{Route, reworded};

/// A server, as it is known to the client.
struct Member {
    name: String,
    to: Option<mpsc::Sender<Result<Bytes, Skipped>>>,
}

/// What is to be done with the answer of a server.
enum Awaited {
    /// It is one of several that are one to the client.
    Part(Key),
    /// It is a page of a list, to be put under the server's name.
    Page(&'static str),
    /// It goes to the client.
    Whole,
}

/// An answer that is put together of several.
struct Gathered {
    id: Id,
    merge: Merge,
    parts: Vec<(usize, Result<Value, String>)>,
    missing: usize,
}

/// Several servers as one.
struct Many {
    members: Vec<Member>,
    to_client: mpsc::Sender<Bytes>,
    awaited: HashMap<(usize, Key), Awaited>,
    /// Which server a request of the client went to.
    sent: HashMap<Key, usize>,
    gathered: HashMap<Key, Gathered>,
    /// Requests of servers: which one's, and under which id.
    asked: HashMap<Key, (usize, Id)>,
    /// Which server has which resource.
    owners: HashMap<String, usize>,
    /// Which server has which task.
    tasks: HashMap<String, usize>,
}

/// Most resources, and most tasks, whose server is remembered.
const MAX_OWNERS: usize = 65_536;

/// One end for each server's relay, and what runs between them and the client.
pub fn many(client: Duplex, names: Vec<String>) -> (Vec<Duplex>, impl Future<Output = ()>) {
    let mut ends = Vec::new();
    let mut members = Vec::new();
    let (heard, from_members) = queue();
    for (number, name) in names.into_iter().enumerate() {
        let (to, from) = queue();
        let (back, mut said) = queue::<Bytes>();
        ends.push(Duplex { from, to: back });
        members.push(Member { name, to: Some(to) });
        let heard: mpsc::Sender<(usize, Option<Bytes>)> = heard.clone();
        tokio::spawn(async move {
            while let Some(bytes) = said.recv().await {
                if heard.send((number, Some(bytes))).await.is_err() {
                    return;
                }
            }
            drop(heard.send((number, None)).await);
        });
    }
    let many = Many {
        members,
        to_client: client.to,
        awaited: HashMap::new(),
        sent: HashMap::new(),
        gathered: HashMap::new(),
        asked: HashMap::new(),
        owners: HashMap::new(),
        tasks: HashMap::new(),
    };
    (ends, many.run(client.from, from_members))
}

impl Many {
    async fn run(
        mut self,
        mut from_client: mpsc::Receiver<Result<Bytes, Skipped>>,
        mut from_members: mpsc::Receiver<(usize, Option<Bytes>)>,
    ) {
        loop {
            tokio::select! {
                line = from_client.recv() => match line {
                    Some(line) => self.hear_client(line).await,
                    None => return,
                },
                Some((number, said)) = from_members.recv() => match said {
                    Some(bytes) => self.hear_member(number, bytes).await,
                    None => self.lose(number).await,
                },
            }
        }
    }

    async fn tell_client(&self, bytes: Bytes) {
        drop(self.to_client.send(bytes).await);
    }

    async fn tell(&self, number: usize, bytes: Bytes) {
        if let Some(to) = self.members.get(number).and_then(|member| member.to.as_ref()) {
            drop(to.send(Ok(bytes)).await);
        }
    }

    async fn tell_all(&self, bytes: &Bytes) {
        for number in 0..self.members.len() {
            self.tell(number, bytes.clone()).await;
        }
    }

    async fn hear_client(&mut self, line: Result<Bytes, Skipped>) {
        let line = line.map_err(|skipped| skipped.to_string());
        let read = line.and_then(|line| Message::read(line).map_err(|error| error.to_string()));
        let message = match read {
            Ok(message) => message,
            Err(why) => {
                return self.tell_client(reply::error(None, reply::PARSE_ERROR, &why)).await;
            }
        };
        match message.kind().clone() {
            Kind::Request(id, method) => self.request(id, &method, &message).await,
            Kind::Response(id) => {
                if let Some((number, own)) = self.asked.remove(id.key())
                    && let Some(bytes) = reworded(&message, "id", own.as_json())
                {
                    self.tell(number, bytes).await;
                }
            }
            Kind::Notification(method) if method == "notifications/cancelled" => {
                let number =
                    route::cancelled(&message).and_then(|id| self.sent.get(id.key()).copied());
                if let Some(number) = number {
                    self.tell(number, message.into_bytes()).await;
                }
            }
            Kind::Notification(_) | Kind::Complaint => self.tell_all(message.bytes()).await,
        }
    }

    async fn request(&mut self, id: Id, method: &str, message: &Message) {
        let names: Vec<_> = self.members.iter().map(|member| member.name.as_str()).collect();
        match Route::of(method, message, &names, (&self.owners, &self.tasks)) {
            Route::One(number, bytes) => self.send(id, number, Awaited::Whole, bytes).await,
            Route::Page(number, of, bytes) => self.send(id, number, Awaited::Page(of), bytes).await,
            Route::All(merge) => {
                let missing = self.members.iter().filter(|member| member.to.is_some()).count();
                let key = id.key().clone();
                let gathered = Gathered { id: id.clone(), merge, parts: Vec::new(), missing };
                self.gathered.insert(key.clone(), gathered);
                for number in 0..self.members.len() {
                    self.awaited.insert((number, key.clone()), Awaited::Part(key.clone()));
                }
                self.tell_all(message.bytes()).await;
                self.finish(&key).await;
            }
            Route::Here => {
                let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, id.as_json());
                self.tell_client(answer.into()).await;
            }
            Route::Nowhere(why) => {
                self.tell_client(reply::error(Some(&id), reply::INVALID_PARAMS, &why)).await;
            }
        }
    }

    async fn send(&mut self, id: Id, number: usize, awaited: Awaited, bytes: Bytes) {
        if self.members.get(number).is_none_or(|member| member.to.is_none()) {
            let text = "the server of this has ended";
            return self.tell_client(reply::error(Some(&id), reply::INTERNAL_ERROR, text)).await;
        }
        self.sent.insert(id.key().clone(), number);
        self.awaited.insert((number, id.key().clone()), awaited);
        self.tell(number, bytes).await;
    }

    async fn hear_member(&mut self, number: usize, bytes: Bytes) {
        let Ok(message) = Message::read(bytes) else { return };
        match message.kind().clone() {
            Kind::Response(id) => self.answered(number, &id, message).await,
            // The gateway's own questions to a client want no answer.
            Kind::Request(id, _) if id.is_ours() => self.tell_client(message.into_bytes()).await,
            Kind::Request(id, _) => {
                let ours = fresh_id();
                // Two servers may use one id, and the client must tell them apart.
                let text = ours.as_json().replace("gateway", "server");
                let Some(bytes) = reworded(&message, "id", &text) else { return };
                if let Ok(raw) = serde_json::value::RawValue::from_string(text)
                    && let Some(outer) = Id::read(&raw)
                {
                    self.asked.insert(outer.key().clone(), (number, id));
                    self.tell_client(bytes).await;
                }
            }
            Kind::Notification(_) => self.tell_client(message.into_bytes()).await,
            Kind::Complaint => {}
        }
    }

    async fn answered(&mut self, number: usize, id: &Id, message: Message) {
        let Some(awaited) = self.awaited.remove(&(number, id.key().clone())) else { return };
        match awaited {
            Awaited::Whole => {
                self.sent.remove(id.key());
                if let Some(task) = route::begun(&message)
                    && self.tasks.len() < MAX_OWNERS
                {
                    self.tasks.insert(task, number);
                }
                self.tell_client(message.into_bytes()).await;
            }
            Awaited::Page(of) => {
                self.sent.remove(id.key());
                let answer = self.page(number, of, &message);
                self.tell_client(answer.unwrap_or_else(|| message.into_bytes())).await;
            }
            Awaited::Part(key) => {
                let part = match (message.result(), message.error()) {
                    (Some(result), _) => serde_json::from_str(result).map_err(|it| it.to_string()),
                    (None, error) => Err(error.unwrap_or("it does not say why").to_owned()),
                };
                self.take(&key, number, part);
                self.finish(&key).await;
            }
        }
    }

    /// A page of a list under the name of its server, leading on to the next server's.
    fn page(&mut self, number: usize, of: &'static str, message: &Message) -> Option<Bytes> {
        let name = self.members.get(number)?.name.clone();
        let is_last = number + 1 >= self.members.len();
        let page = merge::page(message, of, &name, number, is_last)?;
        for uri in page.uris {
            if self.owners.len() < MAX_OWNERS {
                self.owners.insert(uri, number);
            }
        }
        Some(page.bytes)
    }

    fn take(&mut self, key: &Key, number: usize, part: Result<Value, String>) {
        if let Some(gathered) = self.gathered.get_mut(key) {
            gathered.missing = gathered.missing.saturating_sub(1);
            gathered.parts.push((number, part));
        }
    }

    async fn finish(&mut self, key: &Key) {
        if self.gathered.get(key).is_none_or(|gathered| gathered.missing > 0) {
            return;
        }
        let Some(mut gathered) = self.gathered.remove(key) else { return };
        gathered.parts.sort_by_key(|(number, _)| *number);
        let mut parts = Vec::new();
        let mut errors = Vec::new();
        for (number, part) in gathered.parts {
            let name = self.members.get(number).map(|it| it.name.clone()).unwrap_or_default();
            match part {
                Ok(result) => parts.push((name, result)),
                Err(why) => {
                    tracing::warn!(server = name, why, "a server refuses");
                    errors.push(why);
                }
            }
        }
        let answer = gathered.merge.answer(&gathered.id, parts, errors);
        self.tell_client(answer).await;
    }

    /// A server has ended: nothing is sent there any more, and nothing more comes.
    async fn lose(&mut self, number: usize) {
        if let Some(member) = self.members.get_mut(number) {
            member.to = None;
        }
        let keys: Vec<_> = self.gathered.keys().cloned().collect();
        for key in keys {
            if self.awaited.remove(&(number, key.clone())).is_some() {
                self.take(&key, number, Err("it has ended".to_owned()));
                self.finish(&key).await;
            }
        }
    }
}
