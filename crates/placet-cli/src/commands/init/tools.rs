//! The tools that a policy is to fit, from wherever they are listed.

use std::collections::BTreeMap;
use std::path::Path;

use placet_core::json::Object;
use placet_core::{Json, ToolName};
use placet_policy::inspect::Annotations;

use super::draft::{Draft, Facts};
use crate::commands::classify::annotations_of;
use crate::failure::Failure;
use crate::jsonl::{self, Line};

/// What a file may hold, for messages.
const FORMS: &str = "a tool's name, a call {\"tool\": …, \"params\": …} or a tool {\"name\": …}";

/// The tools so far, by name.
#[derive(Default)]
pub(super) struct Tools(BTreeMap<String, Facts>);

impl Tools {
    /// A tool of which nothing but the name is known.
    pub(super) fn name(&mut self, name: &ToolName) {
        self.listed(name, &Object::new(), None);
    }

    /// A tool as a server lists it, under its whole name.
    pub(super) fn defined(&mut self, name: &str, definition: &Object) -> Result<(), String> {
        let hints = definition.get("annotations").and_then(Json::as_object);
        let hints = hints.map(|hints| annotations_of(hints, false)).transpose()?;
        self.listed(&tool_name(name)?, &properties(definition), hints.as_ref());
        Ok(())
    }

    /// Everything in a file. A document that is one value may span lines; otherwise each line is a
    /// value.
    pub(super) fn read(&mut self, path: &Path) -> Result<(), Failure> {
        let mut lines = jsonl::open(path)?;
        let mut next = || lines.next().map_err(|error| Failure::file("read", path, error));
        let wrong = |line: u64, reason: String| {
            Failure::unusable_because(format!("{}, line {line}: {reason}", path.display()))
        };
        let Some(first) = next()? else { return Ok(()) };
        if let Ok(json) = first.json() {
            self.value(&json).map_err(|reason| wrong(first.number, reason))?;
            while let Some(line) = next()? {
                line.json()
                    .and_then(|json| self.value(&json))
                    .map_err(|reason| wrong(line.number, reason))?;
            }
            return Ok(());
        }
        let whole = std::iter::once(Ok(first)).chain(std::iter::from_fn(|| next().transpose()));
        let text = join(whole).and_then(|text| {
            text.ok_or_else(|| {
                wrong(
                    1,
                    "the file is too long for one JSON value; write one call a line".to_owned(),
                )
            })
        })?;
        let json = Json::parse(&text).map_err(|error| {
            Failure::unusable(error).context(format!("{} holds no tools", path.display()))
        })?;
        self.value(&json).map_err(|reason| wrong(1, reason))
    }

    /// What there is to say about each.
    pub(super) fn into_drafts(self) -> Vec<Draft> {
        self.0.into_iter().map(|(name, facts)| facts.into_draft(name)).collect()
    }

    fn value(&mut self, json: &Json) -> Result<(), String> {
        match json {
            Json::String(name) => self.listed(&tool_name(name)?, &Object::new(), None),
            Json::Array(items) => items.iter().try_for_each(|item| self.value(item))?,
            Json::Object(object) => self.object(object)?,
            other => return Err(format!("expected {FORMS}, not {}", other.kind())),
        }
        Ok(())
    }

    fn object(&mut self, object: &Object) -> Result<(), String> {
        // An answer to tools/list, with or without its envelope; a function of a model's API.
        if let Some(inner) =
            object.get("result").or_else(|| object.get("tools")).or_else(|| object.get("function"))
        {
            return self.value(inner);
        }
        if let Some(tool) = object.get("tool") {
            let name = tool.as_str().ok_or("/tool: should be a string")?;
            let params =
                object.get("params").and_then(Json::as_object).cloned().unwrap_or_default();
            self.called(&tool_name(name)?, &params);
            return Ok(());
        }
        let name =
            object.get("name").and_then(Json::as_str).ok_or_else(|| format!("expected {FORMS}"))?;
        let hints = object.get("annotations").and_then(Json::as_object);
        let hints = hints.map(|hints| annotations_of(hints, false)).transpose()?;
        self.listed(&tool_name(name)?, &properties(object), hints.as_ref());
        Ok(())
    }

    fn listed(&mut self, name: &ToolName, params: &Object, hints: Option<&Annotations>) {
        self.facts(name).listed(name.as_str(), params, hints);
    }

    fn called(&mut self, name: &ToolName, params: &Object) {
        self.facts(name).called(name.as_str(), params);
    }

    fn facts(&mut self, name: &ToolName) -> &mut Facts {
        self.0.entry(name.as_str().to_owned()).or_default()
    }
}

fn tool_name(name: &str) -> Result<ToolName, String> {
    ToolName::new(name).map_err(|error| error.to_string())
}

/// The params that a tool's schema declares, without values: their names say something too.
fn properties(tool: &Object) -> Object {
    let schema = ["inputSchema", "input_schema", "parameters"].iter().find_map(|key| tool.get(key));
    let properties = schema.and_then(Json::as_object).and_then(|schema| schema.get("properties"));
    let names = properties.and_then(Json::as_object).into_iter().flat_map(Object::iter);
    let mut params = Object::new();
    for (name, _) in names {
        params.insert(name.to_owned(), Json::Null);
    }
    params
}

/// The lines as one text again; nothing if one was too long to be kept.
fn join(lines: impl Iterator<Item = Result<Line, Failure>>) -> Result<Option<Vec<u8>>, Failure> {
    let mut text = Vec::new();
    for line in lines {
        let Some(bytes) = line?.bytes else { return Ok(None) };
        if text.len() + bytes.len() > placet_core::limits::MAX_JSON_BYTES {
            return Ok(None);
        }
        text.extend(bytes);
        text.push(b'\n');
    }
    Ok(Some(text))
}
