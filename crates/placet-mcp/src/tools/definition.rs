//! Tools as a server lists them.

use std::collections::BTreeSet;

use placet::{Json, Object};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::suspect::{Suspicion, suspicions};

/// What is no part of a definition: neither a model nor a person reads it.
const UNREAD: [&str; 2] = ["_meta", "icons"];

/// A tool as its server defines it.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// Everything that says what it does.
    pub content: Object,
    /// What names it: `sha256:` and the digest of the canonical content.
    pub digest: String,
}

impl Definition {
    /// A tool with this content.
    #[must_use]
    pub fn new(name: String, mut content: Object) -> Self {
        for unread in UNREAD {
            content.remove(unread);
        }
        let canonical = Json::Object(content.clone()).canonical();
        Self { name, content, digest: digest(canonical.as_bytes()) }
    }

    /// Reads a tool. What cannot be read without doubt is still named by its bytes, so that it is
    /// never taken for something that was vetted.
    fn read(raw: &RawValue) -> Option<Self> {
        if let Ok(Json::Object(content)) = Json::parse(raw.get().as_bytes()) {
            let name = content.get("name")?.as_str()?.to_owned();
            return Some(Self::new(name, content));
        }
        let name = serde_json::from_str::<serde_json::Value>(raw.get()).ok()?;
        let name = name.get("name")?.as_str()?.to_owned();
        let mut content = Object::new();
        content.insert("unreadable".to_owned(), Json::String(digest(raw.get().as_bytes())));
        Some(Self::new(name, content))
    }

    /// What in it is not what it seems.
    #[must_use]
    pub fn suspicions(&self) -> Vec<Suspicion> {
        suspicions(&self.content)
    }

    /// The parts in which it is another than this one.
    #[must_use]
    pub fn differs_in(&self, other: &Object) -> Vec<String> {
        let names = self.content.iter().chain(other.iter()).map(|(name, _)| name);
        let mut changed: Vec<_> = names
            .filter(|name| self.content.get(name) != other.get(name))
            .map(str::to_owned)
            .collect();
        changed.sort();
        changed.dedup();
        changed
    }
}

fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let hex = hash.iter().map(|byte| format!("{byte:02x}"));
    std::iter::once("sha256:".to_owned()).chain(hex).collect()
}

/// What a client is told in place of a list that it may read otherwise than the gateway.
pub(crate) const UNREADABLE_LIST: &str = "the server's list of tools cannot be read without doubt: \
     one of them cannot be read, or two have one name; it was not passed on";

/// A page of a list of tools.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The tools on it.
    pub tools: Vec<Definition>,
    /// What asks for the next page; none on the last.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct RawPage<'a> {
    #[serde(borrow)]
    tools: Vec<&'a RawValue>,
    #[serde(rename = "nextCursor")]
    next: Option<String>,
}

impl Page {
    /// Reads the result of `tools/list`; none if it is no list, or one that others may read
    /// otherwise: with a tool that has no name, or two that have one.
    #[must_use]
    pub fn read(result: &str) -> Option<Self> {
        let RawPage { tools, next } = serde_json::from_str(result).ok()?;
        let tools: Vec<_> = tools.into_iter().map(Definition::read).collect::<Option<_>>()?;
        let names: BTreeSet<_> = tools.iter().map(|tool| &tool.name).collect();
        (names.len() == tools.len()).then_some(Self { tools, next })
    }
}
