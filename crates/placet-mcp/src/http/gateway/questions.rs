//! What the gateway itself asks its server.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Gateway, lock};
use crate::ask::fresh_id;
use crate::http::events::Events;
use crate::http::headers;
use crate::limits::{LIST, MAX_PAGES, MAX_SERVER_BYTES};
use crate::message::{Kind, Message};
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
        let body = reply::request(&fresh_id(), method, params);
        self.exchange(headers::for_question(headers, method), body, |_| ()).await
    }

    /// Sends the server a request of the gateway's own and hears its answer. What it says before that
    /// is told here; no client has a stream on which it could go on.
    pub(super) async fn exchange(
        &self,
        headers: HeaderMap,
        body: Bytes,
        told: impl Fn(&Message),
    ) -> Option<Message> {
        let answer = self.remote.send(Method::POST, headers, body).await.ok()?;
        let mut events = Events::new(MAX_SERVER_BYTES);
        let is_stream = answer
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let mut body = Body::new(answer.into_body());
        if !is_stream {
            let whole = axum::body::to_bytes(body, MAX_SERVER_BYTES).await.ok()?;
            return Message::read(whole).ok();
        }
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(part) = frame.into_data() else { continue };
            for data in events.push(&part).ok()? {
                match Message::read(data) {
                    Ok(message) if matches!(message.kind(), Kind::Response(of) if of.is_ours()) => {
                        return Some(message);
                    }
                    Ok(message) => {
                        self.overhear(&message);
                        told(&message);
                    }
                    Err(_) => {}
                }
            }
        }
        None
    }
}
