//! Whom a request is for.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};

use super::known::Known;
use super::merge::Merge;
use crate::id::Id;
use crate::message::{Message, twice};

/// What is between the name of a server and the name of its tool.
pub(super) const BETWEEN: &str = "__";

/// Whom a request is for, and how it is put to them.
pub(super) enum Route {
    /// One server.
    One(usize, Bytes),
    /// One server, for a page of the list of these.
    Page(usize, &'static str, Bytes),
    /// All of them.
    All(Merge),
    /// The gateway itself.
    Here,
    /// Nobody.
    Nowhere(String),
}

impl Route {
    pub(super) fn of(method: &str, message: &Message, names: &[&str], known: &Known) -> Self {
        // Written anew it would say what one of two readers understands.
        if let Some(odd) = message.params().and_then(twice) {
            return Self::Nowhere(format!(
                "params.{odd} is there twice, or could be taken for another"
            ));
        }
        match method {
            "initialize" => Self::All(Merge::Initialize),
            "server/discover" => Self::All(Merge::Discover),
            "logging/setLevel" | "subscriptions/listen" => Self::All(Merge::Nothing),
            "ping" => Self::Here,
            "tools/list" => Self::page(message, "tools", names.len()),
            "prompts/list" => Self::page(message, "prompts", names.len()),
            "resources/list" => Self::page(message, "resources", names.len()),
            "resources/templates/list" => Self::page(message, "resourceTemplates", names.len()),
            "tools/call" | "prompts/get" => Self::named(message, names),
            "resources/read" | "resources/subscribe" | "resources/unsubscribe" => {
                Self::owned(param(message, "uri"), message, known)
            }
            "tasks/list" => Self::page(message, "tasks", names.len()),
            "tasks/get" | "tasks/update" | "tasks/cancel" | "tasks/result" => {
                match param(message, "taskId").and_then(|task| known.task(&task)) {
                    Some(number) => Self::One(number, message.bytes().clone()),
                    None => Self::Nowhere("no server here has this task".to_owned()),
                }
            }
            "completion/complete" => Self::completed(message, names, known),
            other => Self::Nowhere(format!("{other:?} is for one server, and here are several")),
        }
    }

    /// A cursor of ours says which server's list goes on, and where: `1:abc`.
    fn page(message: &Message, of: &'static str, servers: usize) -> Self {
        let cursor = param(message, "cursor");
        let Some(cursor) = cursor else { return Self::Page(0, of, message.bytes().clone()) };
        let parts = cursor.split_once(':');
        let read = parts.and_then(|(number, own)| Some((number.parse::<usize>().ok()?, own)));
        let Some((number, own)) = read.filter(|(number, _)| *number < servers) else {
            return Self::Nowhere("this cursor is none that was given here".to_owned());
        };
        let own = if own.is_empty() { None } else { raw(own) };
        match with_param(message, "cursor", own) {
            Some(bytes) => Self::Page(number, of, bytes),
            None => Self::Nowhere("the params are no object".to_owned()),
        }
    }

    fn named(message: &Message, names: &[&str]) -> Self {
        let Some(name) = param(message, "name") else {
            return Self::Nowhere("params.name is no text".to_owned());
        };
        let Some((number, own)) = split(&name, names) else {
            return Self::Nowhere(format!("no server here has {name:?}"));
        };
        match with_param(message, "name", raw(own)) {
            Some(bytes) => Self::One(number, bytes),
            None => Self::Nowhere("the params are no object".to_owned()),
        }
    }

    /// A resource of which nobody knows whose it is is asked of all.
    fn owned(uri: Option<String>, message: &Message, known: &Known) -> Self {
        match uri.and_then(|uri| known.owner(&uri)) {
            Some(number) => Self::One(number, message.bytes().clone()),
            None => Self::All(Merge::Any),
        }
    }

    fn completed(message: &Message, names: &[&str], known: &Known) -> Self {
        #[derive(serde::Deserialize)]
        struct Params {
            #[serde(rename = "ref")]
            of: BTreeMap<String, Box<RawValue>>,
        }
        let params = message.params().and_then(|it| serde_json::from_str::<Params>(it).ok());
        let Some(Params { mut of }) = params else {
            return Self::Nowhere("params.ref is no object".to_owned());
        };
        let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).ok();
        let name = of.get("name").and_then(|raw| text(raw));
        let found = name.as_deref().and_then(|name| split(name, names));
        if let Some((number, own)) = found
            && let Some(own) = raw(own)
        {
            of.insert("name".to_owned(), own);
            let bytes = to_raw_value(&of).ok().and_then(|of| with_param(message, "ref", Some(of)));
            return bytes.map_or(Self::Here, |bytes| Self::One(number, bytes));
        }
        let uri = of.get("uri").and_then(|raw| text(raw));
        Self::owned(uri, message, known)
    }
}

/// The server whose name a tool's begins with, and the rest of it. Of names that begin alike the
/// longest counts.
fn split<'a>(name: &'a str, names: &[&str]) -> Option<(usize, &'a str)> {
    let own = |server: &str| name.strip_prefix(server)?.strip_prefix(BETWEEN);
    let fits = names.iter().enumerate().filter_map(|(number, it)| Some((number, own(it)?)));
    fits.min_by_key(|(_, own)| own.len())
}

pub(super) fn raw(text: &str) -> Option<Box<RawValue>> {
    to_raw_value(text).ok()
}

/// A param that is a text.
fn param(message: &Message, name: &str) -> Option<String> {
    let params: BTreeMap<String, &RawValue> = serde_json::from_str(message.params()?).ok()?;
    serde_json::from_str(params.get(name)?.get()).ok()
}

/// The message with another param, or without it.
pub(super) fn with_param(
    message: &Message,
    name: &str,
    value: Option<Box<RawValue>>,
) -> Option<Bytes> {
    let mut params: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(message.params()?).ok()?;
    match value {
        Some(value) => params.insert(name.to_owned(), value),
        None => params.remove(name),
    };
    reworded(message, "params", to_raw_value(&params).ok()?.get())
}

/// The message with another member.
pub(super) fn reworded(message: &Message, name: &str, json: &str) -> Option<Bytes> {
    let mut whole: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(message.bytes()).ok()?;
    whole.insert(name.to_owned(), RawValue::from_string(json.to_owned()).ok()?);
    serde_json::to_vec(&whole).ok().map(Bytes::from)
}

/// The task that a call has become: since 2026-07-28, or before.
pub(super) fn begun(answer: &Message) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Task {
        task_id: String,
    }
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Created {
        result_type: Option<String>,
        task_id: Option<String>,
        task: Option<Task>,
    }
    let created: Created = serde_json::from_str(answer.result()?).ok()?;
    let since = created.task_id.filter(|_| created.result_type.as_deref() == Some("task"));
    since.or(created.task.map(|task| task.task_id))
}

/// Which request is cancelled.
pub(super) fn cancelled(message: &Message) -> Option<Id> {
    let params: BTreeMap<String, &RawValue> = serde_json::from_str(message.params()?).ok()?;
    Id::read(params.get("requestId")?)
}
