//! What a client sends that cannot be judged. It goes on only where nothing is stopped, and then as it
//! came.

use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use serde_json::Value;

use super::{Gateway, Heard, lock};
use crate::http::answer::Answer;
use crate::message::Message;
use crate::parts::meta;

impl Gateway {
    /// The answer to a request that cannot be judged: that of the server, or else this one.
    pub(super) async fn unjudged(
        self: Arc<Self>,
        headers: HeaderMap,
        body: Bytes,
        why: &str,
        otherwise: Answer,
    ) -> Answer {
        let meta = Message::read(body.clone()).map_or(Value::Null, |message| meta(&message));
        let client = self.client(&headers, &meta);
        match self.judge.let_pass(why, &body, &client).await {
            None => otherwise,
            Some(passed) => {
                let heard = Some(Heard::Call(None, Arc::new(Mutex::new(passed.action))));
                self.pass(Method::POST, headers, body, heard).await
            }
        }
    }

    /// Whether an introduction or a list is shown that cannot be read without doubt. From there on
    /// nobody knows which tools the clients know.
    pub(super) async fn shows_unreadable(&self, headers: &HeaderMap) -> bool {
        let client = self.client(headers, &Value::Null);
        let is_shown = self.judge.stops_nobody(&client).await;
        if is_shown {
            lock(&self.book).is_in_doubt();
        }
        is_shown
    }
}
