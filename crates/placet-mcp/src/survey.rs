//! Asks a server for its tools, for whoever writes a policy for them.

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::ask::fresh_id;
use crate::limits::{LIST, MAX_PAGES, START};
use crate::message::{Kind, Message};
use crate::relay::Duplex;
use crate::reply;
use crate::stdio::Skipped;
use crate::tools::{Definition, Page};

/// The revision that every server understands which is asked for its tools.
const VERSION: &str = "2025-11-25";

/// A server that does not say which tools it has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SurveyError {
    /// It does not answer.
    #[error("the server does not answer")]
    Silent,
    /// It refuses, or says something else.
    #[error("the server does not list its tools: {0}")]
    Refused(String),
}

/// The tools of a server that has just been started.
///
/// # Errors
/// When it does not say.
pub async fn survey(mut server: Duplex) -> Result<Vec<Definition>, SurveyError> {
    let params = json!({
        "protocolVersion": VERSION, "capabilities": {},
        "clientInfo": { "name": "placet", "version": env!("CARGO_PKG_VERSION") },
    });
    // A server of npx may have to be fetched first.
    let begun = timeout(START, ask(&mut server, "initialize", &params)).await;
    begun.map_err(|_| SurveyError::Silent)??;
    tell(&server, reply::notification("notifications/initialized", &json!({}))).await;
    let mut tools = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let params = cursor.map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }));
        let answered = timeout(LIST, ask(&mut server, "tools/list", &params)).await;
        let answer = answered.map_err(|_| SurveyError::Silent)??;
        let page = answer.result().and_then(Page::read);
        let page = page.ok_or_else(|| SurveyError::Refused("this is no list".to_owned()))?;
        tools.extend(page.tools);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(tools)
}

async fn tell(server: &Duplex, bytes: Bytes) {
    drop(server.to.send(bytes).await);
}

/// Asks, and passes over whatever else the server has to say.
async fn ask(server: &mut Duplex, method: &str, params: &Value) -> Result<Message, SurveyError> {
    let id = fresh_id();
    tell(server, reply::request(&id, method, params)).await;
    while let Some(line) = server.from.recv().await {
        let line = match line {
            Ok(line) => line,
            Err(Skipped::Unanswered(it)) if it.id.key() == id.key() => {
                return Err(SurveyError::Refused(it.why));
            }
            Err(_) => continue,
        };
        let Ok(message) = Message::read(line) else { continue };
        match message.kind() {
            Kind::Response(of) if of.key() == id.key() => {
                let refused = message.error().map(|error| SurveyError::Refused(error.to_owned()));
                return refused.map_or(Ok(message), Err);
            }
            _ => {}
        }
    }
    Err(SurveyError::Silent)
}
