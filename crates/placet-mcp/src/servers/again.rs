//! A server that is started when it is needed, and again when it has ended: nothing that its clients ask
//! for rests on what they asked for before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use placet::SessionId;
use tokio::sync::mpsc;

use super::{Started, Upstream};
use crate::id::{Id, Key};
use crate::judge::Judge;
use crate::limits::QUEUE;
use crate::message::{Kind, Message};
use crate::relay::{Duplex, OnChange, Relay, queue};
use crate::reply;
use crate::stdio::Skipped;
use crate::tools::Book;

type Line = Result<Bytes, Skipped>;

/// Requests that have no answer yet.
#[derive(Clone, Default)]
struct Open(Arc<Mutex<HashMap<Key, Id>>>);

impl Open {
    fn ids(&self) -> MutexGuard<'_, HashMap<Key, Id>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is asked in a line.
    fn asks(&self, line: &Line) {
        let message = line.as_ref().ok().and_then(|line| Message::read(line.clone()).ok());
        if let Some(Kind::Request(id, _)) = message.as_ref().map(Message::kind) {
            self.ids().insert(id.key().clone(), id.clone());
        }
    }

    /// Notes what is answered.
    fn says(&self, line: &Bytes) {
        let message = Message::read(line.clone()).ok();
        if let Some(Kind::Response(id)) = message.as_ref().map(Message::kind) {
            self.ids().remove(id.key());
        }
    }

    /// Answers whatever has no answer.
    async fn fail(&self, to: &mpsc::Sender<Bytes>, why: &str) {
        let left: Vec<_> = self.ids().drain().map(|(_, id)| id).collect();
        for id in left {
            drop(to.send(reply::error(Some(&id), reply::INTERNAL_ERROR, why)).await);
        }
    }
}

/// One after the other of the processes of a server.
struct Lives {
    upstream: Arc<Upstream>,
    judge: Arc<Judge>,
    on_change: OnChange,
    open: Open,
}

/// Passes on what clients say to a server. What was shown to them, and what of theirs waits for people,
/// outlives its process.
pub(super) async fn again(upstream: Arc<Upstream>, session: Option<SessionId>, mut client: Duplex) {
    let (judge, mut book, on_change) = (upstream.new)(session);
    book.is_of_several_clients();
    let open = Open::default();
    let lives = Lives { upstream, judge: Arc::new(judge), on_change, open };
    while let Some(line) = client.from.recv().await {
        lives.open.asks(&line);
        match lives.upstream.start() {
            Ok(started) => book = lives.pass(started, book, line, &mut client).await,
            Err(error) => {
                let (why, server) = (error.to_string(), &lives.upstream.name);
                tracing::warn!(server, why, "the server was not started");
                lives.open.fail(&client.to, &why).await;
            }
        }
    }
}

impl Lives {
    /// Passes messages until this process has ended, or until nobody speaks to it any more; what is known
    /// of its tools then.
    async fn pass(
        &self,
        Started { child, end }: Started,
        book: Book,
        first: Line,
        client: &mut Duplex,
    ) -> Book {
        let (to, from_client) = queue();
        let (to_client, mut said) = mpsc::channel(QUEUE);
        let inner = Duplex { from: from_client, to: to_client };
        let (judge, on_change) = (Arc::clone(&self.judge), Arc::clone(&self.on_change));
        let relay = tokio::spawn(async move {
            let (_, book) = Relay::pass_all(judge, book, on_change, inner, end).await;
            if let Some(child) = child {
                child.end().await;
            }
            book
        });
        let (open, back) = (self.open.clone(), client.to.clone());
        let hearing = tokio::spawn(async move {
            while let Some(line) = said.recv().await {
                open.says(&line);
                if back.send(line).await.is_err() {
                    return;
                }
            }
        });
        let mut next = Some(first);
        while let Some(line) = next {
            // Where it has ended meanwhile, that has no answer.
            if to.send(line).await.is_err() {
                break;
            }
            next = tokio::select! {
                biased;
                () = to.closed() => break,
                line = client.from.recv() => line,
            };
            next.iter().for_each(|line| self.open.asks(line));
        }
        drop(to);
        drop(hearing.await);
        self.open.fail(&client.to, "the server ended before it answered").await;
        let mut book = relay.await.unwrap_or_default();
        book.is_of_several_clients();
        // Of its next process nobody knows yet which tools it has.
        book.is_stale();
        book
    }
}
