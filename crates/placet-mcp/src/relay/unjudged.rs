//! What a client sends that cannot be judged. It goes on only where nothing is stopped, and then in the
//! bytes that came.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::{Relay, lock};
use crate::client::Client;
use crate::id::Id;
use crate::message::Message;
use crate::parts::{meta, progress_token};
use crate::reply;

impl Relay {
    /// A line that is no message without doubt.
    pub(super) async fn unreadable(&self, line: Bytes, why: &str) {
        let client = lock(&self.client).clone();
        if self.judge.let_pass(why, &line, &client).await.is_none() {
            return self.tell_client(reply::error(None, reply::PARSE_ERROR, why)).await;
        }
        // Whatever it asks will be answered under an id that nobody here knows.
        self.passes_unasked.store(true, Ordering::Relaxed);
        self.tell_server(line).await;
    }

    /// A call that two readers could understand in two ways.
    pub(super) fn unjudged(self: &Arc<Self>, id: Id, message: Message, why: String) {
        let relay = Arc::clone(self);
        tokio::spawn(async move {
            let client = relay.client_of(&message);
            if let Some(passed) = relay.judge.let_pass(&why, message.bytes(), &client).await {
                let token = progress_token(&message);
                return relay.pass(&id, passed.action, message.into_bytes(), token).await;
            }
            lock(&relay.pending).answered(&id);
            let text = format!("this call cannot be judged, and was not run: {why}");
            relay.tell_client(reply::error(Some(&id), reply::INVALID_PARAMS, &text)).await;
        });
    }

    /// A call that wants no answer: nobody would hear what came of it, and a server might run it.
    pub(super) async fn untold(&self, message: Message) {
        let (client, why) = (self.client_of(&message), "a call that wants no answer");
        match self.judge.let_pass(why, message.bytes(), &client).await {
            Some(_) => drop(self.tell_server(message.into_bytes()).await),
            None => tracing::warn!("a call that wants no answer was not passed on"),
        }
    }

    /// Whether a list of tools is shown that cannot be read without doubt. From there on nobody knows
    /// which tools the client knows.
    pub(super) async fn shows_unreadable(&self) -> bool {
        let client = lock(&self.client).clone();
        let is_shown = self.judge.stops_nobody(&client).await;
        if is_shown {
            lock(&self.book).is_in_doubt();
        }
        is_shown
    }

    /// Who sent a message, as far as that is known.
    pub(super) fn client_of(&self, message: &Message) -> Client {
        let known = || lock(&self.client).clone();
        self.named(Client::of_request(&meta(message)).unwrap_or_else(known))
    }

    /// A client under the name that it has had from the beginning.
    pub(super) fn named(&self, client: Client) -> Client {
        let name = self.name.get_or_init(|| client.name.clone()).clone();
        Client { name, ..client }
    }
}
