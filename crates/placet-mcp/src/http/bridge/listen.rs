//! What a server says unasked, to a client on pipes.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue, Method};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, sleep};

use super::Bridge;
use crate::http::events::Events;
use crate::http::said::{LAST_EVENT, one_line};
use crate::limits::{LISTEN_AGAIN, MAX_SERVER_BYTES};

/// What the client is told when something may have been missed.
const TOOLS_CHANGED: &str = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;

impl Bridge {
    /// Listens to what the server says unasked, as long as the session lasts.
    pub(super) fn listen(self: &Arc<Self>) {
        if std::mem::replace(&mut self.state().is_listening, true) {
            return;
        }
        let bridge = Arc::clone(self);
        let listening = tokio::spawn(async move {
            let mut last = None;
            let mut pause = LISTEN_AGAIN.0;
            for times in 0_u64.. {
                let answered =
                    bridge.remote.send(Method::GET, bridge.listening(last.as_ref()), Bytes::new());
                match answered.await {
                    Ok(answer) if answer.status().is_success() => {
                        // Whatever was said meanwhile nobody heard: the tools may be others.
                        if times > 0 && !bridge.say(TOOLS_CHANGED).await {
                            return;
                        }
                        let begun = Instant::now();
                        bridge.overhear(Body::new(answer.into_body()), &mut last).await;
                        // One that ends at once is not asked for over and over.
                        if begun.elapsed() > LISTEN_AGAIN.1 {
                            pause = LISTEN_AGAIN.0;
                        }
                    }
                    // It is not there for the moment.
                    Err(_) => {}
                    Ok(answer) if answer.status().is_server_error() => {}
                    // It says nothing unasked, or has forgotten the session.
                    Ok(_) => return,
                }
                sleep(pause).await;
                pause = (pause * 2).min(LISTEN_AGAIN.1);
            }
        });
        self.state().listening = Some(listening.abort_handle());
    }

    fn listening(&self, last: Option<&Bytes>) -> HeaderMap {
        let mut headers = self.on_session();
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        if let Some(last) = last.and_then(|it| HeaderValue::from_bytes(it).ok()) {
            headers.insert(LAST_EVENT, last);
        }
        headers
    }

    /// Passes on what comes unasked, and notes where it ended.
    async fn overhear(&self, mut body: Body, last: &mut Option<Bytes>) {
        let mut events = Events::new(MAX_SERVER_BYTES);
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(part) = frame.into_data() else { continue };
            let Ok(whole) = events.push(&part) else { return };
            for data in whole {
                self.pass(one_line(&data), None).await;
            }
            if let Some(id) = events.last_id() {
                *last = Some(id.clone());
            }
        }
    }

    /// Tells the client something in the server's place; whether it is still there.
    async fn say(&self, message: &'static str) -> bool {
        self.to_client.send(Ok(Bytes::from_static(message.as_bytes()))).await.is_ok()
    }
}
