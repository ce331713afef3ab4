//! What is known of a client: what it calls itself, and what it can do.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use crate::task::takes_tasks;

/// Where a request says who sends it, from the revision of 2026-07-28 on.
const META: &str = "io.modelcontextprotocol/";

/// A client, as far as it said who it is. It may say what it likes: nothing here permits anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Client {
    /// What it calls itself.
    pub(crate) name: Option<String>,
    /// What tells its connection from others, where several come in at one place.
    pub(crate) session: Bytes,
    /// Whether it can show a person a page to open.
    pub(crate) opens_pages: bool,
    /// Whether it takes a task in place of an answer.
    pub(crate) takes_tasks: bool,
    /// Whether it may ask for a task with a call, because the server said so (2025-11-25).
    pub(crate) may_ask_for_tasks: bool,
    /// Whether it speaks the revision without sessions.
    pub(crate) is_modern: bool,
}

#[derive(Deserialize)]
struct Initialize {
    #[serde(default)]
    capabilities: Value,
    #[serde(default, rename = "clientInfo")]
    info: Value,
}

impl Client {
    /// As it introduced itself.
    pub(crate) fn introduced(params: Option<&str>) -> Self {
        let read = params.and_then(|params| serde_json::from_str::<Initialize>(params).ok());
        let Some(Initialize { capabilities, info }) = read else { return Self::default() };
        Self {
            name: name(&info),
            session: Bytes::new(),
            opens_pages: opens_pages(&capabilities),
            // Before 2026-07-28 a client says so with each call.
            takes_tasks: false,
            may_ask_for_tasks: false,
            is_modern: false,
        }
    }

    /// As a request says itself; none where it does not.
    pub(crate) fn of_request(meta: &Value) -> Option<Self> {
        let part = |name: &str| meta.get(format!("{META}{name}"));
        part("protocolVersion")?.as_str()?;
        Some(Self {
            name: part("clientInfo").and_then(name),
            session: Bytes::new(),
            opens_pages: part("clientCapabilities").is_some_and(opens_pages),
            takes_tasks: part("clientCapabilities").is_some_and(takes_tasks),
            may_ask_for_tasks: false,
            is_modern: true,
        })
    }

    /// The same client while a task waits for it: all that it is told, it is told when it asks.
    pub(crate) fn asks_later(&self) -> Self {
        Self { opens_pages: false, takes_tasks: false, ..self.clone() }
    }
}

fn name(info: &Value) -> Option<String> {
    info.get("name")?.as_str().map(str::to_owned)
}

fn opens_pages(capabilities: &Value) -> bool {
    capabilities.pointer("/elicitation/url").is_some_and(Value::is_object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_who_says_so_is_shown_a_page() {
        let elicitation = |value: Value| opens_pages(&json!({ "elicitation": value }));
        assert!(elicitation(json!({ "url": {} })));
        assert!(!elicitation(json!({})));
        assert!(!elicitation(json!({ "form": {} })));
        assert!(!elicitation(json!({ "url": null })));
    }
}
