//! What a client says, read strictly.
//!
//! The clients' events resemble each other. What they share is read here: a field that is missing or
//! of another type is an error, and an error stops the call.

use placet::core::name::NameError;
use placet::{Json, Object, Outcome, SessionId, ToolName};

/// What a client says.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A tool is about to be called.
    Call(ToolCall),
    /// A call has ended.
    Ended(Ended),
}

/// A tool that is about to be called, or was.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// The tool's name, as the client has it.
    pub tool: ToolName,
    /// What it is called with.
    pub params: Object,
    /// The conversation.
    pub session: Option<SessionId>,
    /// The client's own id of this call.
    pub use_id: Option<String>,
    /// What else a person who is asked may want to know.
    pub context: Object,
}

/// A call that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// The call.
    pub call: ToolCall,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed, if the client says so.
    pub detail: String,
}

/// An event that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// It is no object.
    #[error("the event is {0}, not an object")]
    NotAnObject(&'static str),
    /// A field that must be there is not.
    #[error("the event has no {0:?}")]
    Missing(&'static str),
    /// A field is of another type.
    #[error("{field:?} in the event should be {expected}, but is {found}")]
    Type {
        /// The field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A name that cannot be one.
    #[error("the event names what cannot be named: {0}")]
    Name(#[from] NameError),
    /// An event of another kind.
    #[error("{0:?} is no event that this hook answers; it belongs to the tools alone")]
    Unknown(String),
    /// Params in a text that is no JSON object.
    #[error("{0:?} in the event should be an object, also where it is written as a text")]
    Params(&'static str),
}

/// The fields of an event.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a Object);

impl<'a> Fields<'a> {
    pub(crate) fn of(event: &'a Json) -> Result<Self, EventError> {
        event.as_object().map(Self).ok_or(EventError::NotAnObject(event.kind()))
    }

    pub(crate) fn has(self, field: &str) -> bool {
        self.0.get(field).is_some_and(|value| !value.is_null())
    }

    /// A text that must be there.
    pub(crate) fn text(self, field: &'static str) -> Result<&'a str, EventError> {
        self.maybe_text(field)?.ok_or(EventError::Missing(field))
    }

    /// A text that may be missing, and is then not something else.
    pub(crate) fn maybe_text(self, field: &'static str) -> Result<Option<&'a str>, EventError> {
        match self.0.get(field) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(field, "a string", other)),
        }
    }

    pub(crate) fn get(self, field: &str) -> Option<&'a Json> {
        self.0.get(field)
    }

    pub(crate) fn tool(self, field: &'static str) -> Result<ToolName, EventError> {
        Ok(ToolName::new(self.text(field)?)?)
    }

    pub(crate) fn session(self, field: &'static str) -> Result<Option<SessionId>, EventError> {
        let text = self.maybe_text(field)?.filter(|text| !text.is_empty());
        Ok(text.map(SessionId::new).transpose()?)
    }

    /// Params: an object, or nothing. Some clients write them as a text with JSON in it.
    pub(crate) fn params(self, field: &'static str) -> Result<Object, EventError> {
        match self.0.get(field) {
            None | Some(Json::Null) => Ok(Object::new()),
            Some(Json::Object(params)) => Ok(params.clone()),
            Some(Json::String(text)) if text.is_empty() => Ok(Object::new()),
            Some(Json::String(text)) => match Json::parse(text.as_bytes()) {
                Ok(Json::Object(params)) => Ok(params),
                _ => Err(EventError::Params(field)),
            },
            Some(other) => Err(wrong(field, "an object", other)),
        }
    }

    /// Those of these fields that are there, for people to see.
    pub(crate) fn context(self, names: &[&str]) -> Object {
        let mut context = Object::new();
        for name in names {
            if let Some(value) = self.0.get(name).filter(|value| !value.is_null()) {
                context.insert((*name).to_owned(), value.clone());
            }
        }
        context
    }
}

fn wrong(field: &'static str, expected: &'static str, found: &Json) -> EventError {
    EventError::Type { field, expected, found: found.kind() }
}
