//! Goes through a value and replaces what the detectors find in it.

use placet_core::Json;
use placet_core::json::{Object, Pointer};
use placet_core::limits::MAX_JSON_DEPTH;

use super::Redaction;
use super::detector::{Detector, Span};
use super::kind::Kind;
use super::name::Named;
use super::placeholder::{self, Mark};

/// How often a text is looked at again after something in it was replaced. What stands beside a
/// placeholder can look different from what stood beside the secret.
const MAX_ROUNDS: usize = 4;

/// One walk through one action.
pub(super) struct Walk<'a> {
    detector: &'a Detector,
    mark: Mark<'a>,
    found: Vec<Redaction>,
}

/// Where the walk is. A pointer is only made of it when something is found there.
struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    root: &'a Pointer,
    token: Token<'a>,
    depth: u8,
}

enum Token<'a> {
    None,
    Key(&'a str),
    Index(usize),
}

impl<'a> Place<'a> {
    fn root(root: &'a Pointer) -> Self {
        Self { parent: None, root, token: Token::None, depth: 0 }
    }

    fn step(&'a self, token: Token<'a>) -> Self {
        Self { parent: Some(self), root: self.root, token, depth: self.depth.saturating_add(1) }
    }

    fn pointer(&self) -> Pointer {
        let mut pointer = self.parent.map_or_else(|| self.root.clone(), Place::pointer);
        match self.token {
            Token::None => {}
            Token::Key(key) => pointer.push(key),
            Token::Index(at) => pointer.push(&at.to_string()),
        }
        pointer
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(detector: &'a Detector, mark: Mark<'a>) -> Self {
        Self { detector, mark, found: Vec::new() }
    }

    pub(super) fn into_found(self) -> Vec<Redaction> {
        self.found
    }

    /// Replaces the fields that the policy marks in the params, which stand at `root`.
    pub(super) fn marked(&mut self, params: &mut Json, root: &Pointer, secret: &[Pointer]) {
        for pointer in secret {
            // The params as a whole stay an object, so that marking them marks all of its entries.
            let places = if pointer.is_root() { entries(params) } else { vec![pointer.clone()] };
            for place in places {
                self.mark_field(root, params, &place);
            }
        }
    }

    fn mark_field(&mut self, root: &Pointer, whole: &mut Json, pointer: &Pointer) {
        let Some(value) = whole.pointer(pointer) else { return };
        if value.as_str().is_some_and(placeholder::is_whole) {
            return;
        }
        let placeholder = self.mark.of_json(Kind::Marked, value);
        whole.replace(pointer, Json::String(placeholder));
        let mut place = root.clone();
        pointer.tokens().for_each(|token| place.push(&token));
        self.found.push(Redaction { pointer: place, kind: Kind::Marked });
    }

    /// Redacts a value that stands at `root`.
    pub(super) fn value(&mut self, value: &mut Json, root: &Pointer) {
        self.json(value, None, &Place::root(root));
    }

    /// Redacts a text by itself.
    pub(super) fn text(&mut self, text: &mut String) {
        self.string(text, &Place::root(&Pointer::root()));
    }

    /// `named` is what the name of the value, or of something around it, says about it.
    fn json(&mut self, value: &mut Json, named: Option<Named>, place: &Place<'_>) {
        match value {
            Json::Null | Json::Bool(_) => {}
            Json::Array(_) | Json::Object(_) if place.depth >= MAX_JSON_DEPTH => {
                self.replace(value, Kind::TooDeep, place);
            }
            Json::Number(_) => self.number(value, named, place),
            Json::String(text) => match named.filter(|named| named.accepts(text)) {
                Some(named) => self.replace(value, named.kind, place),
                None => self.string(text, place),
            },
            Json::Array(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    self.json(item, named, &place.step(Token::Index(at)));
                }
            }
            Json::Object(object) => self.entries(object, named, place),
        }
    }

    fn number(&mut self, value: &mut Json, named: Option<Named>, place: &Place<'_>) {
        let text = value.canonical();
        let kind = named.filter(|named| named.accepts(&text)).map(|named| named.kind);
        let kind = kind.or_else(|| self.detector.spans(&text).first().map(|span| span.kind));
        if let Some(kind) = kind {
            self.replace(value, kind, place);
        }
    }

    fn replace(&mut self, value: &mut Json, kind: Kind, place: &Place<'_>) {
        *value = Json::String(self.mark.of_json(kind, value));
        self.found.push(Redaction { pointer: place.pointer(), kind });
    }

    fn string(&mut self, text: &mut String, place: &Place<'_>) {
        for _ in 0..MAX_ROUNDS {
            let spans = self.detector.spans(text);
            if spans.is_empty() {
                return;
            }
            *text = self.spliced(text, &spans);
            let pointer = place.pointer();
            self.found.extend(
                spans.iter().map(|span| Redaction { pointer: pointer.clone(), kind: span.kind }),
            );
        }
    }

    fn spliced(&self, text: &str, spans: &[Span]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for span in spans {
            out.push_str(text.get(from..span.range.start).unwrap_or_default());
            let secret = text.get(span.range.clone()).unwrap_or_default();
            out.push_str(&self.mark.of_text(span.kind, secret));
            from = span.range.end;
        }
        out.push_str(text.get(from..).unwrap_or_default());
        out
    }

    fn entries(&mut self, object: &mut Object, around: Option<Named>, place: &Place<'_>) {
        self.keys(object, place);
        let described = described(object).and_then(|name| self.detector.named(name));
        for (key, value) in object.iter_mut() {
            let own = self.detector.named(key);
            let named = own.or_else(|| described.filter(|_| is_value_key(key))).or(around);
            self.json(value, named, &place.step(Token::Key(key)));
        }
    }

    /// Replaces secrets in keys. Two keys cannot become one, because their placeholders differ;
    /// should a forged one stand there already, the other one moves aside.
    fn keys(&mut self, object: &mut Object, place: &Place<'_>) {
        if object.iter().all(|(key, _)| self.detector.spans(key).is_empty()) {
            return;
        }
        let mut renamed = Object::new();
        for (mut key, value) in std::mem::take(object).into_entries() {
            self.string(&mut key, place);
            while renamed.contains_key(&key) {
                key.push('+');
            }
            renamed.insert(key, value);
        }
        *object = renamed;
    }
}

/// The pointers to all entries of an object.
fn entries(whole: &Json) -> Vec<Pointer> {
    let keys = whole.as_object().into_iter().flat_map(Object::iter).map(|(key, _)| key);
    keys.map(super::place).collect()
}

/// The name in a pair such as `{"name": "Authorization", "value": "…"}`.
pub(super) fn described(object: &Object) -> Option<&str> {
    let value = ["name", "key", "header"].iter().find_map(|key| object.get(key))?;
    value.as_str()
}

pub(super) fn is_value_key(key: &str) -> bool {
    matches!(key, "value" | "values" | "val")
}

/// Whether any text in a value, keys included, passes a test.
pub(super) fn any_text(json: &Json, test: &impl Fn(&str) -> bool) -> bool {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
        Json::String(text) => test(text),
        Json::Array(items) => items.iter().any(|item| any_text(item, test)),
        Json::Object(object) => {
            object.iter().any(|(key, value)| test(key) || any_text(value, test))
        }
    }
}
