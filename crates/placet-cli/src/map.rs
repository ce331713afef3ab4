//! `--map`: reads actions from the traces of other software.
//!
//! `--map tool=/name --map params=/arguments --map agent==support-bot` takes the tool from one place
//! of each line, the params from another, and the agent from nowhere: it is the same for all.

use std::fmt;
use std::str::FromStr;

use placet_core::Json;
use placet_core::json::{Object, Pointer, PointerError};

/// The fields of an action that can be filled.
const FIELDS: [&str; 11] = [
    "tool", "params", "tenant", "agent", "build", "session", "user", "reason", "context", "value",
    "enforce",
];

/// Fields that hold more than text. Where a trace has a text for one of them, as the APIs of
/// models do with arguments, the text is read as JSON.
const STRUCTURED: [&str; 3] = ["params", "context", "enforce"];

/// One `--map`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    field: &'static str,
    from: From,
}

/// Where a field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    Place(Pointer),
    Constant(Json),
}

/// A text that is no mapping.
#[derive(Debug)]
pub(crate) enum MappingError {
    /// No equals sign.
    Form,
    /// A field that no action has.
    Field(String),
    /// The pointer is none.
    Pointer(PointerError),
    /// The constant does not fit its field.
    Constant(&'static str, String),
}

impl std::error::Error for MappingError {}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("write FIELD=/pointer or FIELD==constant"),
            Self::Field(name) => {
                write!(
                    f,
                    "{name:?} is not a field of an action; the fields are {}",
                    FIELDS.join(", ")
                )
            }
            Self::Pointer(error) => error.fmt(f),
            Self::Constant(field, reason) => {
                write!(f, "the constant for {field} is not JSON: {reason}")
            }
        }
    }
}

impl FromStr for Mapping {
    type Err = MappingError;

    fn from_str(text: &str) -> Result<Self, MappingError> {
        let (name, rest) = text.split_once('=').ok_or(MappingError::Form)?;
        let field = FIELDS.into_iter().find(|field| *field == name);
        let field = field.ok_or_else(|| MappingError::Field(name.to_owned()))?;
        let from = match rest.strip_prefix('=') {
            Some(constant) => From::Constant(
                structured(field, Json::from(constant))
                    .map_err(|reason| MappingError::Constant(field, reason))?,
            ),
            None => From::Place(rest.parse().map_err(MappingError::Pointer)?),
        };
        Ok(Self { field, from })
    }
}

/// All mappings of a command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mappings(Vec<Mapping>);

impl Mappings {
    /// Takes the mappings, of which each field has at most one and the tool has one.
    pub(crate) fn new(mappings: Vec<Mapping>) -> Result<Self, String> {
        for (index, mapping) in mappings.iter().enumerate() {
            if mappings.iter().take(index).any(|other| other.field == mapping.field) {
                return Err(format!("--map names {} twice; leave one of them out", mapping.field));
            }
        }
        if !mappings.is_empty() && !mappings.iter().any(|mapping| mapping.field == "tool") {
            return Err("--map must say where the tool is, for example --map tool=/name".to_owned());
        }
        Ok(Self(mappings))
    }

    /// Turns a line of a trace into an action in the shape of the wire. Without mappings it is one
    /// already.
    pub(crate) fn apply(&self, line: Json) -> Result<Json, String> {
        if self.0.is_empty() {
            return Ok(line);
        }
        let mut action = Object::new();
        for mapping in &self.0 {
            if let Some(value) = mapping.value(&line)? {
                action.insert(mapping.field.to_owned(), value);
            }
        }
        Ok(Json::Object(action))
    }
}

impl Mapping {
    /// The value of the field. What is not there, or null, is left out.
    fn value(&self, line: &Json) -> Result<Option<Json>, String> {
        let pointer = match &self.from {
            From::Constant(value) => return Ok(Some(value.clone())),
            From::Place(pointer) => pointer,
        };
        match line.pointer(pointer) {
            None | Some(Json::Null) if self.field == "tool" => {
                Err(format!("there is no tool at {pointer}, where --map looks for it"))
            }
            None | Some(Json::Null) => Ok(None),
            Some(value) => structured(self.field, value.clone())
                .map(Some)
                .map_err(|reason| format!("the text at {pointer} is not JSON: {reason}")),
        }
    }
}

/// A text that stands for a structure becomes that structure.
fn structured(field: &str, value: Json) -> Result<Json, String> {
    match value {
        Json::String(text) if STRUCTURED.contains(&field) => {
            Json::parse(text.as_bytes()).map_err(|error| error.to_string())
        }
        other => Ok(other),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn apply(mappings: &[&str], line: &str) -> Result<String, String> {
        let mappings = mappings.iter().map(|text| text.parse().unwrap()).collect();
        let action = Mappings::new(mappings)?.apply(Json::parse(line.as_bytes()).unwrap())?;
        Ok(action.canonical())
    }

    #[test]
    fn fields_come_from_places_and_constants() {
        let mapped = apply(
            &["tool=/call/name", "params=/call/args", "agent==bot", "enforce==true", "user=/none"],
            r#"{"call": {"name": "refund", "args": {"a": 1}}, "other": 2}"#,
        );
        assert_eq!(
            mapped.unwrap(),
            r#"{"agent":"bot","enforce":true,"params":{"a":1},"tool":"refund"}"#
        );
    }

    #[test]
    fn arguments_written_as_text_are_read() {
        let line = r#"{"name": "refund", "arguments": "{\"amount\": \"4.00\"}"}"#;
        let mapped = apply(&["tool=/name", "params=/arguments"], line);
        assert_eq!(mapped.unwrap(), r#"{"params":{"amount":"4.00"},"tool":"refund"}"#);
        let broken = r#"{"name": "refund", "arguments": "{\"amount\": NaN}"}"#;
        assert!(
            apply(&["tool=/name", "params=/arguments"], broken).unwrap_err().contains("/arguments")
        );
    }

    #[test]
    fn a_line_without_the_tool_is_an_error_of_that_line() {
        assert!(apply(&["tool=/name"], "{}").unwrap_err().contains("/name"));
        assert!(apply(&["tool=/name"], r#"{"name": null}"#).unwrap_err().contains("/name"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in ["tool", "tol=/x", "tool=x", "tool=/a~2", "params=={", "enforce==yes"] {
            assert!(text.parse::<Mapping>().is_err(), "{text}");
        }
        assert!(apply(&["tool=/a", "tool=/b"], "{}").unwrap_err().contains("twice"));
        assert!(apply(&["params=/a"], "{}").unwrap_err().contains("--map tool="));
    }
}
