//! Looks whether there is anything to take out, and touches nothing.
//!
//! Most actions hold no secret. They need not be copied to be digested, nor walked through a second
//! time to be stored. What is looked at here is what `walk.rs` looks at; a test holds the two
//! together.

use placet_core::Json;
use placet_core::json::{Number, Object};
use placet_core::limits::MAX_JSON_DEPTH;

use super::detector::{CARD_DIGITS, Detector};
use super::name::Named;
use super::walk::{described, is_value_key};

/// Whole numbers below this have fewer digits than a card.
const FEW_DIGITS: u64 = 10_u64.pow(CARD_DIGITS - 1);

/// A look at one action.
#[derive(Clone, Copy)]
pub(super) struct Look<'a>(pub(super) &'a Detector);

impl Look<'_> {
    /// Whether nothing in the text is a secret.
    pub(super) fn text(self, text: &str) -> bool {
        self.0.is_quiet(text) || self.0.spans(text).is_empty()
    }

    /// Whether nothing in the object is a secret.
    pub(super) fn object(self, object: &Object) -> bool {
        self.entries(object, None, 0)
    }

    /// Whether neither the value nor anything in it is a secret.
    pub(super) fn value(self, value: &Json) -> bool {
        self.json(value, None, 0)
    }

    fn json(self, value: &Json, named: Option<Named>, depth: u8) -> bool {
        match value {
            Json::Null | Json::Bool(_) => true,
            Json::Number(number) => self.number(*number, named),
            Json::String(text) => !is_named(named, text) && self.text(text),
            Json::Array(items) => {
                depth < MAX_JSON_DEPTH && items.iter().all(|item| self.json(item, named, depth + 1))
            }
            Json::Object(object) => self.entries(object, named, depth),
        }
    }

    fn number(self, number: Number, named: Option<Named>) -> bool {
        if named.is_none() && number.as_i64().is_some_and(|it| it.unsigned_abs() < FEW_DIGITS) {
            return true;
        }
        let text = number.to_string();
        !is_named(named, &text) && self.text(&text)
    }

    fn entries(self, object: &Object, around: Option<Named>, depth: u8) -> bool {
        depth < MAX_JSON_DEPTH
            && object.iter().all(|(key, value)| {
                let is_quiet = self.0.is_quiet(key);
                let named = if is_quiet { None } else { self.0.named(key) };
                let named = named.or_else(|| self.described(object, key)).or(around);
                (is_quiet || self.text(key)) && self.json(value, named, depth + 1)
            })
    }

    /// What the object's name for itself says of the value under this key.
    fn described(self, object: &Object, key: &str) -> Option<Named> {
        let name = if is_value_key(key) { described(object) } else { None };
        name.and_then(|name| self.0.named(name))
    }
}

fn is_named(named: Option<Named>, value: &str) -> bool {
    named.is_some_and(|named| named.accepts(value))
}
