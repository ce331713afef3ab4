//! What the gateway itself asks its server.

use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Gateway, lock};
use crate::ask::fresh_id;
use crate::http::headers;
use crate::http::said::Said;
use crate::id::Id;
use crate::limits::{LIST, MAX_PAGES};
use crate::message::{Message, answers};
use crate::parts::introduction;
use crate::reply;
use crate::tools::{Listed, Page};

impl Gateway {
    /// Asks the server for its tools where nobody has since they changed. Of a server that does not
    /// say, no more is known then than before, and nothing is taken on trust from there on.
    pub(super) async fn know_tools(&self, headers: &HeaderMap, meta: &Value) {
        if lock(&self.book).is_current() {
            return;
        }
        drop(timeout(LIST, self.list_tools(headers, meta)).await);
        lock(&self.book).is_complete();
    }

    async fn list_tools(&self, headers: &HeaderMap, meta: &Value) {
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut params = json!({ "_meta": introduction(meta) });
            if let (Some(cursor), Some(fields)) = (&cursor, params.as_object_mut()) {
                fields.insert("cursor".to_owned(), cursor.as_str().into());
            }
            let Some(answer) = self.ask(headers, "tools/list", &params).await else { return };
            let Some(page) = answer.result().and_then(Page::read) else { return };
            let listed = Listed::Asked(std::mem::replace(&mut cursor, page.next.clone()));
            self.learn(page, &listed);
            if cursor.is_none() {
                return;
            }
        }
    }

    /// Asks the server something for the gateway, on the session of a client.
    async fn ask(
        &self,
        headers: &HeaderMap,
        method: &'static str,
        params: &Value,
    ) -> Option<Message> {
        let id = fresh_id();
        let body = reply::request(&id, method, params);
        let asked = self.exchange(headers::for_question(headers, method), (&id, body), |_| ());
        asked.await.ok()
    }

    /// Sends the server a request of the gateway's own and hears its answer, or why there is none. What
    /// it says before that is told here; no client has a stream on which it could go on.
    pub(super) async fn exchange(
        &self,
        headers: HeaderMap,
        (id, body): (&Id, Bytes),
        told: impl Fn(&Message),
    ) -> Result<Message, String> {
        let again = headers::to_go_on(&headers);
        let sent = self.remote.send(Method::POST, headers, body).await;
        let mut said = Said::of(&self.remote, sent.map_err(|error| error.to_string())?, again);
        while let Some(data) = said.next().await? {
            let Ok(message) = Message::read(data) else { continue };
            if answers(&message, id) {
                return Ok(message);
            }
            self.overhear(&message);
            told(&message);
        }
        Err(said.why())
    }
}
