//! Answers of several servers as one.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::route::{BETWEEN, reworded};
use crate::id::Id;
use crate::message::Message;
use crate::reply;

/// How answers become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merge {
    /// Introductions before 2026-07-28.
    Initialize,
    /// Introductions since.
    Discover,
    /// All that counts is that they came.
    Nothing,
    /// The first that is no error.
    Any,
}

impl Merge {
    /// The answer for the client. A server that refuses is left out; if all do, so is it refused.
    pub(super) fn answer(self, id: &Id, parts: Vec<(String, Value)>, errors: Vec<String>) -> Bytes {
        // A server of before must be spoken to as one of before, and then so must all.
        let is_refused = parts.is_empty() || (self == Self::Discover && !errors.is_empty());
        if is_refused {
            let why = errors.into_iter().next().unwrap_or_else(|| "no server answers".to_owned());
            return match serde_json::from_str::<Box<RawValue>>(&why) {
                Ok(error) => {
                    let (id, error) = (id.as_json(), error.get());
                    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#).into()
                }
                Err(_) => reply::error(Some(id), reply::INTERNAL_ERROR, &why),
            };
        }
        let result = match self {
            Self::Initialize => initialized(&parts),
            Self::Discover => discovered(&parts),
            Self::Nothing | Self::Any => {
                parts.into_iter().next().map_or(json!({}), |(_, result)| result)
            }
        };
        let id = id.as_json();
        format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#).into()
    }
}

fn initialized(parts: &[(String, Value)]) -> Value {
    // Revisions are dates, and the oldest is understood by all.
    let versions = parts.iter().filter_map(|(_, part)| part.get("protocolVersion")?.as_str());
    let mut result = common(parts);
    result.insert("protocolVersion".to_owned(), versions.min().into());
    Value::Object(result)
}

fn discovered(parts: &[(String, Value)]) -> Value {
    let versions = |part: &Value| part.get("supportedVersions")?.as_array().cloned();
    let mut sets = parts.iter().filter_map(|(_, part)| versions(part));
    let mut shared = sets.next().unwrap_or_default();
    for set in sets {
        shared.retain(|version| set.contains(version));
    }
    let mut result = common(parts);
    result.insert("supportedVersions".to_owned(), shared.into());
    result.insert("resultType".to_owned(), "complete".into());
    Value::Object(result)
}

/// What introductions have in common: what the servers can do, and what they say of themselves.
fn common(parts: &[(String, Value)]) -> Map<String, Value> {
    let mut capabilities = Value::Object(Map::new());
    for (_, part) in parts {
        if let Some(more) = part.get("capabilities") {
            unite(&mut capabilities, more);
        }
    }
    let instructions = parts.iter().filter_map(|(name, part)| {
        let text = part.get("instructions")?.as_str()?;
        Some(format!("{name}: {text}"))
    });
    let instructions: Vec<_> = instructions.collect();
    let mut result = Map::new();
    result.insert("capabilities".to_owned(), capabilities);
    let info = json!({ "name": "placet", "version": env!("CARGO_PKG_VERSION") });
    result.insert("serverInfo".to_owned(), info);
    if !instructions.is_empty() {
        result.insert("instructions".to_owned(), instructions.join("\n\n").into());
    }
    result
}

/// What either can do.
fn unite(all: &mut Value, more: &Value) {
    match (all, more) {
        (Value::Object(all), Value::Object(more)) => {
            for (name, value) in more {
                unite(all.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Bool(all), Value::Bool(more)) => *all |= more,
        (all @ Value::Null, more) => *all = more.clone(),
        _ => {}
    }
}

/// A page of a list, as the client sees it.
pub(super) struct NamedPage {
    pub(super) bytes: Bytes,
    /// What names the resources, their templates or the tasks on it.
    pub(super) listed: Vec<String>,
}

/// The page of a server's list, under its name; none where it is an error.
pub(super) fn page(
    message: &Message,
    of: &str,
    server: &str,
    number: usize,
    is_last: bool,
) -> Option<NamedPage> {
    let mut result: BTreeMap<String, Box<RawValue>> = match message.result() {
        Some(result) => serde_json::from_str(result).ok()?,
        // A server without such a list does not hide the lists of those after it.
        None if !is_last || number > 0 => BTreeMap::new(),
        None => return None,
    };
    let items = result.get(of).map(|raw| raw.get()).unwrap_or("[]");
    let mut items: Vec<BTreeMap<String, Box<RawValue>>> = serde_json::from_str(items).ok()?;
    let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).ok();
    let named = match of {
        "resourceTemplates" => "uriTemplate",
        "tasks" => "taskId",
        _ => "uri",
    };
    let listed = items.iter().filter_map(|item| text(item.get(named)?)).collect();
    if matches!(of, "tools" | "prompts") {
        for item in &mut items {
            let name = item.get("name").and_then(|raw| text(raw))?;
            item.insert("name".to_owned(), to_raw_value(&format!("{server}{BETWEEN}{name}")).ok()?);
        }
    }
    let own = result.get("nextCursor").and_then(|raw| text(raw));
    let next = match own {
        Some(own) => Some(format!("{number}:{own}")),
        None if is_last => None,
        None => Some(format!("{}:", number + 1)),
    };
    result.remove("nextCursor");
    if let Some(next) = next {
        result.insert("nextCursor".to_owned(), to_raw_value(&next).ok()?);
    }
    result.insert(of.to_owned(), to_raw_value(&items).ok()?);
    let result = to_raw_value(&result).ok()?;
    let bytes = match message.error() {
        None => reworded(message, "result", result.get())?,
        Some(_) => without_error(message, result)?,
    };
    Some(NamedPage { bytes, listed })
}

fn without_error(message: &Message, result: Box<RawValue>) -> Option<Bytes> {
    let mut whole: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(message.bytes()).ok()?;
    whole.remove("error");
    whole.insert("result".to_owned(), result);
    serde_json::to_vec(&whole).ok().map(Bytes::from)
}
