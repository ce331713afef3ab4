//! Settings as they were written: a JSON value whose objects keep their order.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;
use serde_json::ser::PrettyFormatter;

/// A JSON value that keeps the order of its fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// Anything without parts.
    Leaf(Value),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Vec<(String, Self)>),
}

/// Settings that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("it is no plain JSON: {0}")]
pub struct TreeError(#[from] serde_json::Error);

impl Tree {
    /// An object with nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        Self::Object(Vec::new())
    }

    /// Reads settings. What a client and we might read in two ways is refused: comments, and a key
    /// that is there twice.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn parse(text: &str) -> Result<Self, TreeError> {
        Ok(serde_json::from_str(text)?)
    }

    /// Writes settings, indented as `like` is.
    #[must_use]
    pub fn render(&self, like: &str) -> String {
        let indent = indent_of(like);
        let mut out = Vec::new();
        let formatter = PrettyFormatter::with_indent(indent.as_bytes());
        let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
        if self.serialize(&mut serializer).is_err() {
            out.clear();
        }
        let mut text = String::from_utf8(out).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The field of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(name, _)| name == key).map(|(_, it)| it),
            _ => None,
        }
    }

    /// Puts a field into an object, in the place of one of that name or behind the others.
    pub fn set(&mut self, key: &str, value: Self) {
        if let Some(field) = self.entry(key, Self::Leaf(Value::Null)) {
            *field = value;
        }
    }

    /// The fields of an object, in their order.
    #[must_use]
    pub fn fields(&self) -> &[(String, Self)] {
        match self {
            Self::Object(fields) => fields,
            _ => &[],
        }
    }

    /// The items of an array.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// The truth value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Leaf(value) => value.as_bool(),
            _ => None,
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Leaf(value) => value.as_str(),
            _ => None,
        }
    }

    /// The field of an object, put there if it is missing; none where this is no object.
    pub(crate) fn entry(&mut self, key: &str, new: Self) -> Option<&mut Self> {
        let Self::Object(fields) = self else { return None };
        if !fields.iter().any(|(name, _)| name == key) {
            fields.push((key.to_owned(), new));
        }
        fields.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Every text in it, however deep.
    pub(crate) fn has_text(&self, is_it: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Leaf(value) => value.as_str().is_some_and(is_it),
            Self::Array(items) => items.iter().any(|item| item.has_text(is_it)),
            Self::Object(fields) => fields.iter().any(|(_, value)| value.has_text(is_it)),
        }
    }
}

/// The white space before the first field, or two spaces.
fn indent_of(text: &str) -> String {
    let second = text.lines().nth(1).unwrap_or_default();
    let white: String = second.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    if white.is_empty() { "  ".to_owned() } else { white }
}

impl From<Value> for Tree {
    fn from(value: Value) -> Self {
        match value {
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(key, value)| (key, Self::from(value)));
                Self::Object(fields.collect())
            }
            leaf => Self::Leaf(leaf),
        }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Leaf(value) => value.serialize(serializer),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Tree::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut fields: Vec<(String, Tree)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Tree>()? {
            if fields.iter().any(|(known, _)| *known == key) {
                let message = format!("the key {key:?} is there twice");
                return Err(serde::de::Error::custom(message));
            }
            fields.push((key, value));
        }
        Ok(Tree::Object(fields))
    }
}
