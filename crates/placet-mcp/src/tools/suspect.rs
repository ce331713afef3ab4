//! What in a tool's definition is meant for the model and not for the person who vets it.
//!
//! Poisoned tools hide orders in their descriptions: in characters that nobody sees, or in words that
//! speak to the model. A word list finds no clever author; it finds the copies, and it only ever asks
//! a person to look.

use placet::escape;
use placet::policy::inspect::{disguised, look};
use placet::{Json, Object};

/// Deepest level of a definition that is looked at; below it everything is suspicious.
const MAX_DEPTH: usize = 32;

/// Longest run of blanks that has a purpose: more push text out of a window.
const MAX_BLANKS: usize = 40;

/// Longest word that is shown.
const SHOWN: usize = 80;

/// Words that order a model about, in lower case.
const ORDERS: [&str; 19] = [
    "<important>",
    "<system>",
    "act as if",
    "before calling any other",
    "before using any other",
    "before using this tool",
    "disregard",
    "do not ask the user",
    "do not inform",
    "do not mention",
    "do not reveal",
    "do not tell",
    "don't mention",
    "don't tell",
    "ignore all",
    "ignore previous",
    "ignore the above",
    "system prompt",
    "without telling",
];

/// Places of secrets, which no description has to name.
const SECRETS: [&str; 7] = [
    ".aws/credentials",
    ".env file",
    ".ssh/",
    "id_ed25519",
    "id_rsa",
    "mcp.json",
    "private key of the user",
];

/// Something that is not what it seems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspicion {
    /// Where, as a JSON Pointer into the definition.
    pub pointer: String,
    /// What is odd about it.
    pub reason: String,
}

/// Everything odd in a definition.
#[must_use]
pub fn suspicions(content: &Object) -> Vec<Suspicion> {
    let mut found = Vec::new();
    object(content, "", 0, &mut found);
    found
}

fn object(of: &Object, pointer: &str, depth: usize, found: &mut Vec<Suspicion>) {
    for (name, value) in of.iter() {
        let place = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        text(name, &place, found);
        json(value, &place, depth, found);
    }
}

fn json(of: &Json, pointer: &str, depth: usize, found: &mut Vec<Suspicion>) {
    if depth > MAX_DEPTH {
        found.push(Suspicion {
            pointer: pointer.to_owned(),
            reason: "is nested deeper than anybody reads".to_owned(),
        });
        return;
    }
    match of {
        Json::String(value) => text(value, pointer, found),
        Json::Object(value) => object(value, pointer, depth + 1, found),
        Json::Array(values) => {
            for (number, value) in values.iter().enumerate() {
                json(value, &format!("{pointer}/{number}"), depth + 1, found);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn text(text: &str, pointer: &str, found: &mut Vec<Suspicion>) {
    let mut add = |reason: String| {
        found.push(Suspicion { pointer: escape::line(pointer).into_owned(), reason });
    };
    let is_plain = |c: char| matches!(c, '\n' | '\t' | '\r') || escape::is_visible(c);
    if let Some(hidden) = text.chars().find(|c| !is_plain(*c)) {
        add(format!("has a character that nobody sees, {}", hidden.escape_unicode()));
    }
    if has_blanks(text) {
        add("has a run of blanks that pushes text out of sight".to_owned());
    }
    let read = [text.to_lowercase(), look(text).to_lowercase()].map(|text| plain(&text));
    let mut words = ORDERS.iter().chain(&SECRETS);
    if let Some(words) = words.find(|words| read.iter().any(|text| text.contains(**words))) {
        add(format!("speaks to the model: {words:?}"));
    }
    if let Some(word) = disguised(text) {
        let word = escape::clipped(word, SHOWN);
        add(format!("has a word with letters of another script that look like its own, {word:?}"));
    }
}

/// Text as it is read, however it is broken into lines: with single blanks, and none within the brackets
/// of a tag.
fn plain(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    look(&words.join(" ")).replace("< ", "<").replace(" >", ">")
}

fn has_blanks(text: &str) -> bool {
    let mut run = 0;
    text.chars().any(|c| {
        run = if c.is_whitespace() { run + 1 } else { 0 };
        run > MAX_BLANKS
    })
}
