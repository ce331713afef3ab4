//! Our entries in a client's settings: put there, taken out, and found again.
//!
//! Everything else stays as it is and where it is. An entry is ours if a command line in it is.

use crate::client::{Client, Entry};
use crate::json::Tree;
use crate::line;

/// Settings that are not as the client's are.
#[derive(Debug, thiserror::Error)]
#[error("{0} in it is not as the client has it; put it right first")]
pub struct ShapeError(String);

/// Puts these entries in, in the place of those that are ours already.
pub(crate) fn put(
    settings: &mut Tree,
    client: &dyn Client,
    entries: Vec<Entry>,
) -> Result<(), ShapeError> {
    take(settings, client);
    for (key, value) in client.head() {
        let head = settings.entry(key, Tree::Leaf((*value).into()));
        head.ok_or_else(|| ShapeError("the whole".to_owned()))?;
    }
    let hooks = settings.entry("hooks", Tree::empty());
    let hooks = hooks.ok_or_else(|| ShapeError("the whole".to_owned()))?;
    for Entry { event, value, .. } in entries {
        let list = hooks.entry(event, Tree::Array(Vec::new()));
        let list = list.ok_or_else(|| ShapeError("\"hooks\"".to_owned()))?;
        let Tree::Array(list) = list else {
            return Err(ShapeError(format!("{event:?} under \"hooks\"")));
        };
        list.push(Tree::from(value));
    }
    Ok(())
}

/// Takes out whatever is ours, with the lists that have nothing left in them because of that.
pub(crate) fn take(settings: &mut Tree, client: &dyn Client) {
    let Tree::Object(fields) = settings else { return };
    let Some((_, hooks)) = fields.iter_mut().find(|(name, _)| name == "hooks") else { return };
    let Tree::Object(events) = hooks else { return };
    let was_there = events.len();
    events.retain_mut(|(_, list)| !is_emptied(list, client));
    if events.is_empty() && was_there > 0 {
        fields.retain(|(name, _)| name != "hooks");
    }
}

/// Takes ours out of a list, and says whether it is empty because of that.
fn is_emptied(list: &mut Tree, client: &dyn Client) -> bool {
    let Tree::Array(entries) = list else { return false };
    let was_there = entries.len();
    entries.retain_mut(|entry| !is_emptied_entry(entry, client));
    entries.is_empty() && was_there > 0
}

/// An entry is a command itself, or a group of them.
fn is_emptied_entry(entry: &mut Tree, client: &dyn Client) -> bool {
    let Tree::Object(fields) = entry else { return false };
    match fields.iter_mut().find(|(name, _)| name == "hooks") {
        Some((_, group)) => is_emptied(group, client),
        None => is_ours(entry, client),
    }
}

fn is_ours(tree: &Tree, client: &dyn Client) -> bool {
    tree.has_text(&|text| line::is_ours(text, client.name()))
}

/// Whether nothing is left but what a file begins with.
pub(crate) fn is_bare(settings: &Tree, client: &dyn Client) -> bool {
    let Tree::Object(fields) = settings else { return false };
    fields.iter().all(|(name, _)| client.head().iter().any(|(head, _)| head == name))
}

/// Our command lines that are asked before a call.
pub(crate) fn lines(settings: &Tree, client: &dyn Client) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(Tree::Object(events)) = settings.get("hooks") {
        events.iter().for_each(|(event, list)| collect(event, list, client, &mut lines));
    }
    lines
}

/// One of our command lines, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) event: String,
    pub(crate) text: String,
}

/// Keys that change nothing about when a hook runs.
const ASIDE: [&str; 4] = ["comment", "description", "name", "statusMessage"];

/// The keys in which the entry with a line is not as installing writes it, so that the client may not ask,
/// or not go by the answer.
pub(crate) fn odd_keys(settings: &Tree, line: &Line, expected: &Entry) -> Vec<String> {
    let list = settings.get("hooks").and_then(|hooks| hooks.get(&line.event));
    let items = list.map(Tree::items).unwrap_or_default();
    let has_line = |tree: &&Tree| tree.has_text(&|text| text == line.text);
    let Some(entry) = items.iter().find(has_line) else { return Vec::new() };
    let expected = Tree::from(expected.value.clone());
    let mut odd = Vec::new();
    compare(entry, &expected, line, &mut odd);
    let commands = entry.get("hooks").map(Tree::items).unwrap_or_default().iter();
    if let (Some(command), Some([expected])) =
        ({ commands }.find(has_line), expected.get("hooks").map(Tree::items))
    {
        compare(command, expected, line, &mut odd);
    }
    odd.sort();
    odd.dedup();
    odd
}

fn compare(entry: &Tree, expected: &Tree, line: &Line, odd: &mut Vec<String>) {
    let keys = entry.fields().iter().chain(expected.fields()).map(|(key, _)| key.as_str());
    for key in keys.filter(|key| *key != "hooks" && !ASIDE.contains(key)) {
        let (now, wanted) = (entry.get(key), expected.get(key));
        let is_line = now.and_then(Tree::as_str) == Some(&*line.text);
        if !is_line && !is_as_good(key, now, wanted) {
            odd.push(key.to_owned());
        }
    }
}

fn is_as_good(key: &str, now: Option<&Tree>, wanted: Option<&Tree>) -> bool {
    match key {
        "matcher" => now.is_none_or(|now| matches!(now.as_str(), Some("" | "*" | ".*"))),
        "timeout" | "timeoutSec" => match (now, wanted) {
            (Some(Tree::Leaf(now)), Some(Tree::Leaf(wanted))) => now.as_f64() >= wanted.as_f64(),
            _ => false,
        },
        _ => now == wanted,
    }
}

fn collect(event: &str, tree: &Tree, client: &dyn Client, lines: &mut Vec<Line>) {
    match tree {
        Tree::Leaf(value) => {
            if let Some(text) = value.as_str().filter(|text| line::is_ours(text, client.name())) {
                lines.push(Line { event: event.to_owned(), text: text.to_owned() });
            }
        }
        Tree::Array(items) => items.iter().for_each(|item| collect(event, item, client, lines)),
        Tree::Object(fields) => {
            fields.iter().for_each(|(_, value)| collect(event, value, client, lines));
        }
    }
}
