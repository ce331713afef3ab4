//! One proposed call, as it came in.

use crate::json::{Json, Object, write_string};
use crate::limits;
use crate::name::{AgentId, BuildId, NameError, PersonId, SessionId, TenantId, ToolName};

/// One proposed call: who asks, which tool, with which params, and why. Immutable.
///
/// It is read strictly: an unknown field, a wrong type or a name that cannot be one is an error
/// that points at the field. The value is kept as it was written, because a value that makes no
/// sense is a finding of the decision and not a reason to lose the action.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// The tool's whole name.
    pub tool: ToolName,
    /// The arguments of the call.
    pub params: Object,
    /// On whose behalf; `default` when not given.
    pub tenant: TenantId,
    /// The software that asks.
    pub agent: Option<AgentId>,
    /// The version of that software, where evidence is kept apart for each.
    pub build: Option<BuildId>,
    /// The conversation or task.
    pub session: Option<SessionId>,
    /// The person for whom the agent acts.
    pub user: Option<PersonId>,
    /// The agent's own explanation: a claim.
    pub reason: Option<String>,
    /// Anything else that the caller wants on record.
    pub context: Option<Object>,
    /// The value that the caller claims, as it was written.
    pub value: Option<Json>,
    /// Whether the caller asks to be held to the decision whatever the mode. It is treatment, not
    /// content, so it is no part of the digest.
    pub enforce: bool,
}

/// An action that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {kind}", pointer = if .pointer.is_empty() { "the action" } else { .pointer })]
pub struct ActionError {
    /// JSON pointer to the field; empty for the whole.
    pub pointer: String,
    /// What is wrong with it.
    pub kind: ActionErrorKind,
}

/// What is wrong with a field of an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionErrorKind {
    /// A required field is not there.
    #[error("is missing; name the tool that is to be called")]
    Missing,
    /// A field that no action has.
    #[error("is not a field of an action; the fields are {FIELDS}")]
    Unknown,
    /// A value of another type.
    #[error("should be {expected}, but is {found}")]
    Type {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A name that cannot be one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A text beyond its limit.
    #[error("is {bytes} bytes long; at most {} are accepted", limits::MAX_TEXT_BYTES)]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
}

const FIELDS: &str =
    "tool, params, tenant, agent, build, session, user, reason, context, value and enforce";

impl Action {
    /// An action with a tool and params, and nothing else said.
    #[must_use]
    pub fn new(tool: ToolName, params: Object) -> Self {
        Self {
            tool,
            params,
            tenant: TenantId::default(),
            agent: None,
            build: None,
            session: None,
            user: None,
            reason: None,
            context: None,
            value: None,
            enforce: false,
        }
    }

    /// Reads an action in the shape of the wire.
    ///
    /// # Errors
    /// When a field is unknown, of the wrong type, over its limit, or when `tool` is missing.
    pub fn from_json(json: Json) -> Result<Self, ActionError> {
        let mut fields = match json {
            Json::Object(object) => Fields(object),
            other => return Err(wrong_type("", "an object", &other)),
        };
        let tool = fields.name("tool", ToolName::new)?;
        let action = Self {
            tool: tool.ok_or_else(|| error("/tool", ActionErrorKind::Missing))?,
            params: fields.object("params")?.unwrap_or_default(),
            tenant: fields.name("tenant", TenantId::new)?.unwrap_or_default(),
            agent: fields.name("agent", AgentId::new)?,
            build: fields.name("build", BuildId::new)?,
            session: fields.name("session", SessionId::new)?,
            user: fields.name("user", PersonId::new)?,
            reason: fields.string("reason")?,
            context: fields.object("context")?,
            value: fields.take("value"),
            enforce: fields.boolean("enforce")?.unwrap_or(false),
        };
        fields.finish()?;
        action.check()?;
        Ok(action)
    }

    /// Checks what its types do not, for whoever puts an action together field by field.
    ///
    /// # Errors
    /// When the reason is over its limit.
    pub fn check(&self) -> Result<(), ActionError> {
        match &self.reason {
            Some(text) if text.len() > limits::MAX_TEXT_BYTES => {
                Err(error("/reason", ActionErrorKind::TooLong { bytes: text.len() }))
            }
            _ => Ok(()),
        }
    }

    /// The action in the shape of the wire, without `enforce`: what its digest is taken of.
    #[must_use]
    pub fn into_json(self) -> Json {
        let text = |value: &str| Json::String(value.to_owned());
        let fields = [
            ("tool", Some(text(self.tool.as_str()))),
            ("params", Some(Json::Object(self.params))),
            ("tenant", Some(text(self.tenant.as_str()))),
            ("agent", self.agent.map(|agent| text(agent.as_str()))),
            ("build", self.build.map(|build| text(build.as_str()))),
            ("session", self.session.map(|session| text(session.as_str()))),
            ("user", self.user.map(|user| text(user.as_str()))),
            ("reason", self.reason.map(Json::String)),
            ("context", self.context.map(Json::Object)),
            ("value", self.value),
        ];
        let mut object = Object::new();
        for (name, value) in fields {
            if let Some(value) = value {
                object.insert(name.to_owned(), value);
            }
        }
        Json::Object(object)
    }
}

impl Action {
    /// Appends the canonical text of [`Action::into_json`], without making that value.
    pub fn write_canonical(&self, out: &mut Vec<u8>) {
        let fields = [
            ("agent", self.agent.as_ref().map(|agent| Field::Text(agent.as_str()))),
            ("build", self.build.as_ref().map(|build| Field::Text(build.as_str()))),
            ("context", self.context.as_ref().map(Field::Object)),
            ("params", Some(Field::Object(&self.params))),
            ("reason", self.reason.as_deref().map(Field::Text)),
            ("session", self.session.as_ref().map(|session| Field::Text(session.as_str()))),
            ("tenant", Some(Field::Text(self.tenant.as_str()))),
            ("tool", Some(Field::Text(self.tool.as_str()))),
            ("user", self.user.as_ref().map(|user| Field::Text(user.as_str()))),
            ("value", self.value.as_ref().map(Field::Json)),
        ];
        let mut before = b'{';
        for (name, field) in fields {
            if let Some(field) = field {
                out.push(std::mem::replace(&mut before, b','));
                write_string(name, out);
                out.push(b':');
                field.write_canonical(out);
            }
        }
        out.push(b'}');
    }
}

/// A field of an action that is there.
enum Field<'a> {
    Text(&'a str),
    Object(&'a Object),
    Json(&'a Json),
}

impl Field<'_> {
    fn write_canonical(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => write_string(text, out),
            Self::Object(object) => object.write_canonical(out),
            Self::Json(json) => json.write_canonical(out),
        }
    }
}

fn error(pointer: &str, kind: ActionErrorKind) -> ActionError {
    ActionError { pointer: pointer.to_owned(), kind }
}

fn wrong_type(pointer: &str, expected: &'static str, found: &Json) -> ActionError {
    error(pointer, ActionErrorKind::Type { expected, found: found.kind() })
}

/// The name of an unknown field as a part of a pointer, with no more of it than an error should
/// repeat, and nothing in it that could disturb a terminal.
fn shown(field: &str) -> String {
    let escaped = field.replace('~', "~0").replace('/', "~1");
    let mut chars = escaped.chars();
    let mut shown: String = chars.by_ref().take(limits::MAX_QUOTED_CHARS).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown.escape_debug().to_string()
}

/// The fields not yet read; what is left at the end is unknown.
struct Fields(Object);

impl Fields {
    fn take(&mut self, name: &str) -> Option<Json> {
        self.0.remove(name)
    }

    fn name<N>(
        &mut self,
        field: &str,
        make: impl FnOnce(String) -> Result<N, NameError>,
    ) -> Result<Option<N>, ActionError> {
        self.string(field)?
            .map(|text| make(text).map_err(|kind| error(&format!("/{field}"), kind.into())))
            .transpose()
    }

    fn string(&mut self, field: &str) -> Result<Option<String>, ActionError> {
        match self.take(field) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(&format!("/{field}"), "a string", &other)),
        }
    }

    fn object(&mut self, field: &str) -> Result<Option<Object>, ActionError> {
        match self.take(field) {
            None => Ok(None),
            Some(Json::Object(object)) => Ok(Some(object)),
            Some(other) => Err(wrong_type(&format!("/{field}"), "an object", &other)),
        }
    }

    fn boolean(&mut self, field: &str) -> Result<Option<bool>, ActionError> {
        match self.take(field) {
            None => Ok(None),
            Some(Json::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(wrong_type(&format!("/{field}"), "true or false", &other)),
        }
    }

    fn finish(self) -> Result<(), ActionError> {
        match self.0.iter().next() {
            None => Ok(()),
            Some((name, _)) => Err(error(&format!("/{}", shown(name)), ActionErrorKind::Unknown)),
        }
    }
}
