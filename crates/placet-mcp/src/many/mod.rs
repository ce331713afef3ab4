//! Several servers as one.
//!
//! A client sees one server with the tools and prompts of all, each under the name of its server. A
//! message is taken apart only where it has to be: to find whom it is for, and to put names and places
//! of lists together. Each server has a relay of its own, which judges its calls.

mod known;
mod merge;
mod route;
mod wait;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::time::{Instant, sleep_until};

use crate::ask::fresh_id;
use crate::id::{Id, Key};
use crate::limits::{FOREVER, GATHER, TAKES};
use crate::message::{Kind, Message};
use crate::relay::{Duplex, queue};
use crate::reply;
use crate::stdio::Skipped;
use known::Known;
use merge::Merge;
use route::{Route, reworded};
use wait::Waiting;

/// A server, as it is known to the client.
struct Member {
    name: String,
    to: Option<mpsc::Sender<Result<Bytes, Skipped>>>,
    /// Whether it did not take what it was sent last.
    is_stuck: bool,
}

/// What is to be done with the answer of a server.
#[derive(Clone, Copy)]
enum Awaited {
    /// It is one of several that are one to the client.
    Part,
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
    awaited: HashMap<(usize, Key), Waiting>,
    /// Until when some of that is waited for, the earliest first.
    due: VecDeque<(Instant, (usize, Key))>,
    /// How long.
    time: Duration,
    /// Which server a request of the client went to.
    sent: HashMap<Key, usize>,
    gathered: HashMap<Key, Gathered>,
    /// Requests of servers: which one's, and under which id.
    asked: HashMap<Key, (usize, Id)>,
    /// Which server has what.
    known: Known,
}

/// One end for each server's relay, and what runs between them and the client.
pub fn many(client: Duplex, names: Vec<String>) -> (Vec<Duplex>, impl Future<Output = ()>) {
    many_within(client, names, GATHER)
}

/// The same, where a server gets this long to introduce itself or to list what it has.
pub fn many_within(
    client: Duplex,
    names: Vec<String>,
    time: Duration,
) -> (Vec<Duplex>, impl Future<Output = ()>) {
    let mut ends = Vec::new();
    let mut members = Vec::new();
    let (heard, from_members) = queue();
    for (number, name) in names.into_iter().enumerate() {
        let (to, from) = queue();
        let (back, mut said) = queue::<Bytes>();
        ends.push(Duplex { from, to: back });
        members.push(Member { name, to: Some(to), is_stuck: false });
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
        due: VecDeque::new(),
        time,
        sent: HashMap::new(),
        gathered: HashMap::new(),
        asked: HashMap::new(),
        known: Known::default(),
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
            let next = self.due.front().map(|(until, _)| *until);
            let next = next.unwrap_or_else(|| Instant::now() + FOREVER);
            tokio::select! {
                () = sleep_until(next) => self.give_up().await,
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

    /// Tells a server something. One that does not take it for a while holds up nobody from there on: what
    /// it does not take at once it does not get, and its answer is not waited for.
    async fn tell(&mut self, number: usize, bytes: Bytes) {
        let Some(member) = self.members.get_mut(number) else { return };
        let Some(to) = &member.to else { return };
        let time = if member.is_stuck { Duration::ZERO } else { TAKES };
        match to.send_timeout(Ok(bytes), time).await {
            Ok(()) => member.is_stuck = false,
            Err(SendTimeoutError::Closed(_)) => {}
            Err(SendTimeoutError::Timeout(line)) => {
                member.is_stuck = true;
                let asked = line.ok().and_then(|bytes| Message::read(bytes).ok());
                if let Some(Kind::Request(id, _)) = asked.as_ref().map(Message::kind) {
                    let place = (number, id.key().clone());
                    Box::pin(self.miss(place, "it does not read what it is sent")).await;
                }
            }
        }
    }

    async fn tell_all(&mut self, bytes: &Bytes) {
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
                self.cancel(message).await;
            }
            Kind::Notification(_) | Kind::Complaint => self.tell_all(message.bytes()).await,
        }
    }

    async fn request(&mut self, id: Id, method: &str, message: &Message) {
        let names: Vec<_> = self.members.iter().map(|member| member.name.as_str()).collect();
        match Route::of(method, message, &names, &self.known) {
            Route::One(number, bytes) => self.send(id, number, Awaited::Whole, bytes).await,
            Route::Page(number, of, bytes) => self.send(id, number, Awaited::Page(of), bytes).await,
            Route::All(merge) => {
                let live = self.members.iter().enumerate().filter(|(_, it)| it.to.is_some());
                let live: Vec<_> = live.map(|(number, _)| number).collect();
                let (key, missing) = (id.key().clone(), live.len());
                let gathered = Gathered { id: id.clone(), merge, parts: Vec::new(), missing };
                self.gathered.insert(key.clone(), gathered);
                for number in live {
                    // Who listens is not answered before it listens no more.
                    self.await_it(number, &id, Awaited::Part, method != "subscriptions/listen");
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
        self.await_it(number, &id, awaited, matches!(awaited, Awaited::Page(_)));
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
            Kind::Notification(method) if method == "notifications/cancelled" => {
                self.cancelled_by(number, message).await;
            }
            Kind::Notification(_) => self.tell_client(message.into_bytes()).await,
            Kind::Complaint => {}
        }
    }

    async fn answered(&mut self, number: usize, id: &Id, message: Message) {
        let Some(waiting) = self.awaited.remove(&(number, id.key().clone())) else { return };
        match waiting.awaited {
            Awaited::Whole => {
                self.sent.remove(id.key());
                self.known.began(number, &message);
                self.tell_client(message.into_bytes()).await;
            }
            Awaited::Page(of) => {
                self.sent.remove(id.key());
                let answer = self.page(number, of, &message);
                self.tell_client(answer.unwrap_or_else(|| message.into_bytes())).await;
            }
            Awaited::Part => {
                let part = match (message.result(), message.error()) {
                    (Some(result), _) => serde_json::from_str(result).map_err(|it| it.to_string()),
                    (None, error) => Err(error.unwrap_or("it does not say why").to_owned()),
                };
                self.take(id.key(), number, part);
                self.finish(id.key()).await;
            }
        }
    }

    /// A page of a list under the name of its server, leading on to the next server's.
    fn page(&mut self, number: usize, of: &'static str, message: &Message) -> Option<Bytes> {
        let name = self.members.get(number)?.name.clone();
        let is_last = number + 1 >= self.members.len();
        let page = merge::page(message, of, &name, number, is_last)?;
        self.known.listed(number, of, page.listed);
        Some(page.bytes)
    }

    fn take(&mut self, key: &Key, number: usize, part: Result<Value, String>) {
        if let Some(gathered) = self.gathered.get_mut(key) {
            // Of what one server alone knows nobody waits for the others.
            let is_enough = gathered.merge == Merge::Any && part.is_ok();
            gathered.missing = if is_enough { 0 } else { gathered.missing.saturating_sub(1) };
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
}
