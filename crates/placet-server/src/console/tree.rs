//! JSON that somebody else wrote, as a person reads it: a tree, every text of it made safe.
//!
//! What is long could hide what matters, so it is folded away behind its length and SHA-256, and
//! whoever answers has to open it first: each fold holds a tick that belongs to the form, with the
//! hash as its value. Without the hash of every fold the form approves nothing, whatever the
//! browser does.

use std::fmt::Write as _;

use placet::Json;
use sha2::{Digest as _, Sha256};

use super::shown::{marked, odd_ones};

/// Longest text that stands there unfolded, in characters: a sentence or two.
const MAX_CHARS: usize = 200;

/// Most lines of a text that stands there unfolded.
const MAX_LINES: usize = 5;

/// Most entries of an object or a list that stand there unfolded: a screen.
const MAX_ENTRIES: usize = 50;

/// Part of a page made of values, and what a person must have opened before they approve of them.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// The form that the ticks belong to; without one there are none.
    form: Option<String>,
    /// The hash of every fold.
    pub(super) folds: Vec<String>,
    /// How many characters are not what they seem.
    pub(super) odd: usize,
}

impl Tree {
    /// Values that a form is about.
    pub(super) fn of_form(id: String) -> Self {
        Self { form: Some(id), ..Self::default() }
    }

    /// A value as HTML.
    pub(super) fn json(&mut self, json: &Json) -> String {
        let mut out = String::new();
        self.value(&mut out, json);
        out
    }

    /// A text as HTML.
    pub(super) fn text(&mut self, text: &str) -> String {
        let mut out = String::new();
        self.string(&mut out, text, "claim");
        out
    }

    fn value(&mut self, out: &mut String, json: &Json) {
        match json {
            Json::Object(object) if object.is_empty() => {
                out.push_str(r#"<span class="word">{ }</span>"#);
            }
            Json::Array(items) if items.is_empty() => {
                out.push_str(r#"<span class="word">[ ]</span>"#);
            }
            Json::Object(object) => self.folded(out, json, object.len(), |tree, out| {
                out.push_str("<dl class=\"tree\">");
                for (key, value) in object.iter() {
                    out.push_str("<div><dt>");
                    tree.string(out, key, "key");
                    out.push_str("</dt><dd>");
                    tree.value(out, value);
                    out.push_str("</dd></div>");
                }
                out.push_str("</dl>");
            }),
            Json::Array(items) => self.folded(out, json, items.len(), |tree, out| {
                out.push_str("<ol class=\"tree\" start=\"0\">");
                for item in items {
                    out.push_str("<li>");
                    tree.value(out, item);
                    out.push_str("</li>");
                }
                out.push_str("</ol>");
            }),
            Json::String(text) => self.string(out, text, "str"),
            Json::Number(_) => push(out, "<span class=\"num\">", &json.canonical()),
            Json::Bool(_) | Json::Null => push(out, "<span class=\"word\">", &json.canonical()),
        }
    }

    fn string(&mut self, out: &mut String, text: &str, class: &str) {
        self.odd += odd_ones(text);
        let (chars, lines) = (text.chars().count(), text.matches('\n').count() + 1);
        let body = format!("<span class=\"{class}\">{}</span>", marked(text));
        if chars <= MAX_CHARS && lines <= MAX_LINES {
            out.push_str(&body);
            return;
        }
        let what = match lines {
            1 => format!("{chars} characters"),
            lines => format!("{chars} characters in {lines} lines"),
        };
        self.fold(out, &format!("Long text: {what}"), text.as_bytes(), &body);
    }

    /// An object or a list, folded when it has too many entries.
    fn folded(
        &mut self,
        out: &mut String,
        json: &Json,
        entries: usize,
        write: impl FnOnce(&mut Self, &mut String),
    ) {
        if entries <= MAX_ENTRIES {
            return write(self, out);
        }
        let mut body = String::new();
        write(self, &mut body);
        let canonical = json.canonical();
        let what = format!("{entries} entries: {} bytes of JSON", canonical.len());
        self.fold(out, &what, canonical.as_bytes(), &body);
    }

    fn fold(&mut self, out: &mut String, what: &str, bytes: &[u8], body: &str) {
        let hash = sha256(bytes);
        let short = hash.get(..12).unwrap_or_default();
        // Writing to a text cannot fail.
        let _ = write!(
            out,
            "<details class=\"fold\"><summary>{what}, SHA-256 <code>{short}…</code></summary>\
             <p class=\"faint\">SHA-256 <code>{hash}</code></p>{body}"
        );
        if let Some(form) = &self.form {
            let _ = write!(
                out,
                "<label class=\"read\"><input type=\"checkbox\" name=\"read\" value=\"{hash}\" \
                 form=\"{form}\" autocomplete=\"off\"> I have read this</label>"
            );
        }
        out.push_str("</details>");
        self.folds.push(hash);
    }
}

fn push(out: &mut String, open: &str, text: &str) {
    out.push_str(open);
    out.push_str(text);
    out.push_str("</span>");
}

/// The plain hash, which anybody can compute of the same text.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use placet::Json;

    use super::{Tree, sha256};

    fn html(json: &str) -> (String, Tree) {
        let mut tree = Tree::of_form("f".to_owned());
        let html = tree.json(&Json::parse(json.as_bytes()).unwrap());
        (html, tree)
    }

    #[test]
    fn a_text_never_looks_like_another_kind_of_value() {
        let (text, _) = html(r#"{"a": "42", "b": 42, "c": "null", "d": null}"#);
        for part in [
            r#"<span class="str">42</span>"#,
            r#"<span class="num">42</span>"#,
            r#"<span class="str">null</span>"#,
            r#"<span class="word">null</span>"#,
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn what_is_long_is_folded_and_asks_to_be_read() {
        let long = "x".repeat(201);
        let lines = "a\\n".repeat(5);
        let many = format!("[{}]", vec!["1"; 51].join(","));
        for (json, of) in [
            (format!("\"{long}\""), long.clone()),
            (format!("\"{lines}\""), "a\n".repeat(5)),
            (many.clone(), many),
            (format!("{{\"{long}\": 1}}"), long),
        ] {
            let (text, tree) = html(&json);
            let hash = sha256(of.as_bytes());
            assert_eq!(tree.folds, std::slice::from_ref(&hash), "{json}");
            assert!(text.contains(&format!("name=\"read\" value=\"{hash}\" form=\"f\"")), "{text}");
        }
        let (_, tree) = html(&format!("[\"{}\", \"a\\nb\\nc\\nd\\ne\"]", "x".repeat(200)));
        assert!(tree.folds.is_empty());
    }

    #[test]
    fn keys_and_texts_are_made_safe_alike() {
        let (text, tree) = html("{\"<b>\\u202e\": [\"</span><script>\\u200b\\nnext\"]}");
        assert!(!text.contains("<b>") && !text.contains("<script>"), "{text}");
        assert!(!text.contains(['\u{202e}', '\u{200b}']), "{text}");
        assert!(text.contains("⏎</span>\nnext"), "{text}");
        assert_eq!(tree.odd, 2);
    }

    #[test]
    fn hashes_are_the_ones_that_everyone_computes() {
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
