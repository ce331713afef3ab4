//! A JSON value.

use std::fmt;

use super::{Limits, Number, Object, ParseError, Pointer, parse};

/// A JSON value that every reader understands alike.
///
/// Two values are equal exactly when their canonical texts are.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number that a double holds exactly.
    Number(Number),
    /// A string of Unicode characters.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object; each key once.
    Object(Object),
}

impl Json {
    /// Reads a document within the default [`Limits`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::parse_with(bytes, &Limits::default())
    }

    /// Reads a document within `limits`.
    pub fn parse_with(bytes: &[u8], limits: &Limits) -> Result<Self, ParseError> {
        parse::parse(bytes, limits)
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The boolean, if this is one. Nothing else counts as true or false.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if this is one.
    pub fn as_number(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The number as a double, if this is one.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number().map(Number::as_f64)
    }

    /// The string, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if this is an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The object, if this is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// What kind of value this is, for messages: `null`, `a boolean`, `a number`, `a string`,
    /// `an array` or `an object`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// Whether nothing in it is nested deeper than `limit` levels.
    pub fn is_within_depth(&self, limit: u8) -> bool {
        match (self, limit.checked_sub(1)) {
            (Self::Object(object), _) => object.is_within_depth(limit),
            (Self::Array(items), Some(below)) => {
                items.iter().all(|item| item.is_within_depth(below))
            }
            (Self::Array(_), None) => false,
            _ => true,
        }
    }

    /// Calls `visit` with every value in this one, itself first, and with its place.
    pub fn walk(&self, mut visit: impl FnMut(&Pointer, &Json)) {
        walk(self, &mut Pointer::root(), &mut visit);
    }

    /// Calls `visit` with every string value and its place, in canonical order. Keys are not
    /// visited; [`Json::walk`] shows the objects that hold them.
    pub fn visit_strings(&self, mut visit: impl FnMut(&Pointer, &str)) {
        self.walk(|pointer, value| {
            if let Self::String(text) = value {
                visit(pointer, text);
            }
        });
    }

    /// Replaces every string value for which `replacement` gives another value.
    pub fn map_strings(&mut self, mut replacement: impl FnMut(&Pointer, &str) -> Option<Json>) {
        map_strings(self, &mut Pointer::root(), &mut replacement);
    }
}

/// Shows the shape only, because the content may be secret.
impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Json(null)"),
            Self::Bool(_) => f.write_str("Json(bool)"),
            Self::Number(_) => f.write_str("Json(number)"),
            Self::String(_) => f.write_str("Json(string)"),
            Self::Array(items) => write!(f, "Json(array, {} items)", items.len()),
            Self::Object(object) => write!(f, "Json(object, {} entries)", object.len()),
        }
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Json {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Self::Array(items)
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

fn walk(value: &Json, at: &mut Pointer, visit: &mut impl FnMut(&Pointer, &Json)) {
    visit(at, value);
    match value {
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.with(&index.to_string(), |at| walk(item, at, visit));
            }
        }
        Json::Object(object) => {
            for (key, value) in object.iter() {
                at.with(key, |at| walk(value, at, visit));
            }
        }
        _ => {}
    }
}

fn map_strings(
    value: &mut Json,
    at: &mut Pointer,
    replacement: &mut impl FnMut(&Pointer, &str) -> Option<Json>,
) {
    match value {
        Json::String(text) => {
            if let Some(other) = replacement(at, text) {
                *value = other;
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                at.with(&index.to_string(), |at| map_strings(item, at, replacement));
            }
        }
        Json::Object(object) => {
            for (key, value) in object.iter_mut() {
                at.with(key, |at| map_strings(value, at, replacement));
            }
        }
        _ => {}
    }
}
