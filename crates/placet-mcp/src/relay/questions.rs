//! What the gateway itself asks its server.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::ahead::UNREAD;
use super::{Relay, lock};
use crate::ask::fresh_id;
use crate::id::Id;
use crate::limits::{LIST, MAX_PAGES};
use crate::message::Message;
use crate::parts::introduction;
use crate::reply;
use crate::silence::TOO_LATE;
use crate::tools::{Listed, Page};

impl Relay {
    /// Asks the server for its tools where nobody has since they changed. Of a server that does not
    /// say, no more is known then than before, and nothing is taken on trust from there on.
    pub(super) async fn know_tools(&self, meta: &Value) {
        if lock(&self.book).is_current() {
            return;
        }
        drop(timeout(LIST, self.list_tools(meta)).await);
        lock(&self.book).is_complete();
    }

    async fn list_tools(&self, meta: &Value) {
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            let mut params = json!({ "_meta": introduction(meta) });
            if let (Some(cursor), Some(fields)) = (&cursor, params.as_object_mut()) {
                fields.insert("cursor".to_owned(), Value::String(String::clone(cursor)));
            }
            let Some(answer) = self.ask_server("tools/list", &params).await else { return };
            let Some(page) = answer.result().and_then(Page::read) else { return };
            let listed = Listed::Asked(std::mem::replace(&mut cursor, page.next.clone()));
            self.learn(page, &listed);
            if cursor.is_none() {
                return;
            }
        }
    }

    pub(super) fn learn(&self, page: Page, listed: &Listed) {
        let changes = lock(&self.book).learn(page, listed);
        changes.iter().for_each(|change| (self.on_change)(change));
    }

    /// Asks the server something for the gateway.
    async fn ask_server(&self, method: &str, params: &Value) -> Option<Message> {
        let id = fresh_id();
        let bytes = reply::request(&id, method, params);
        self.exchange(id, bytes, LIST).await.ok()
    }

    /// Sends the server a request of the gateway's own and hears its answer.
    pub(super) async fn exchange(
        &self,
        id: Id,
        bytes: Bytes,
        time: Duration,
    ) -> Result<Message, String> {
        let (answer, answered) = oneshot::channel();
        lock(&self.asked).insert(id.key().clone(), answer);
        let exchanged = timeout(time, async {
            match self.tell_server(bytes).await {
                true => Ok(answered.await),
                false => Err(UNREAD),
            }
        });
        let exchanged = exchanged.await;
        lock(&self.asked).remove(id.key());
        let answer = exchanged.map_err(|_| TOO_LATE)??;
        answer.map_err(|_| "the server ended before it answered")?
    }
}
