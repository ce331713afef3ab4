//! One proposed call.

use std::sync::{Mutex, PoisonError};

use placet::core::autonomy::Metrics;
use placet::{
    Action, AgentId, Answer, BuildId, Guard, Json, Known, Object, PersonId, SessionId, TenantId,
    ToolName,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::freeze::{self, Frozen};

/// From how many values and bytes of text on other threads run while a call is judged. Letting go of
/// the interpreter costs little, but getting it back can take its switch interval (5 ms) where other
/// threads are busy, so that it pays only for what takes that long.
const LARGE: usize = 64 * 1024;

/// One proposed call, frozen: a tool, its params, and who asks for what reason.
///
/// Making one copies the params, so nothing that happens to the originals changes it.
#[pyclass(frozen, freelist = 8, module = "placet")]
pub(crate) struct ActionRequest {
    pub(crate) action: Action,
    /// The tool's name, which is asked for with every evaluation.
    tool: Py<PyString>,
    params: Frozen,
    value: Option<Py<PyAny>>,
    /// What is known of it since it was evaluated twice: it never changes.
    seen: Mutex<Seen>,
}

/// How often a request was evaluated. Most are once, and are made for that: to keep what was found out
/// would cost them more than it saves anybody.
#[derive(Default)]
enum Seen {
    #[default]
    Never,
    Once,
    Known(Box<Known>),
}

#[pymethods]
impl ActionRequest {
    #[new]
    #[pyo3(signature = (action, tenant_id = None, value = None, params = None, *, agent = None,
        build = None, session = None, user = None, reason = None, context = None, enforce = false))]
    #[expect(clippy::too_many_arguments, reason = "each is one field of an action, by its name")]
    fn new(
        action: &Bound<'_, PyString>,
        tenant_id: Option<&str>,
        value: Option<&Bound<'_, PyAny>>,
        params: Option<&Bound<'_, PyAny>>,
        agent: Option<&str>,
        build: Option<&str>,
        session: Option<&str>,
        user: Option<&str>,
        reason: Option<&str>,
        context: Option<&Bound<'_, PyAny>>,
        enforce: bool,
        py: Python<'_>,
    ) -> PyResult<Self> {
        // Whoever decides on a new request for each call makes as many of these.
        let (object, frozen) = match params {
            Some(params) => freeze::object(params)?,
            None => (Object::new(), Frozen::empty()),
        };
        let tenant = tenant_id.map(|it| name("tenant_id", it, TenantId::new)).transpose()?;
        let of = Action {
            tool: name("action", action.to_str()?, ToolName::new)?,
            params: object,
            tenant: tenant.unwrap_or_default(),
            agent: agent.map(|it| name("agent", it, AgentId::new)).transpose()?,
            build: build.map(|it| name("build", it, BuildId::new)).transpose()?,
            session: session.map(|it| name("session", it, SessionId::new)).transpose()?,
            user: user.map(|it| name("user", it, PersonId::new)).transpose()?,
            reason: reason.map(str::to_owned),
            context: context.map(|it| freeze::object(it).map(|(object, _)| object)).transpose()?,
            value: value.map(freeze::amount).transpose()?,
            enforce,
        };
        // The limits of an action are checked where every other caller's are.
        of.check().map_err(|error| PyValueError::new_err(error.to_string()))?;
        let value = value.map(|it| it.clone().unbind());
        // A text of another class may be anything else to who looks at it.
        let tool = match action.cast_exact::<PyString>() {
            Ok(plain) => plain.clone(),
            Err(_) => PyString::new(py, of.tool.as_str()),
        };
        Ok(Self { action: of, tool: tool.unbind(), params: frozen, value, seen: Mutex::default() })
    }

    /// The tool's whole name.
    #[getter]
    fn action(&self, py: Python<'_>) -> Py<PyString> {
        self.tool.clone_ref(py)
    }

    /// On whose behalf.
    #[getter]
    fn tenant_id(&self) -> &str {
        self.action.tenant.as_str()
    }

    /// The value that the caller claims.
    #[getter]
    fn value(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.value.as_ref().map(|value| value.clone_ref(py))
    }

    /// A copy of the params.
    #[getter]
    fn params(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.params.thaw(py)
    }

    /// The software that asks.
    #[getter]
    fn agent(&self) -> Option<&str> {
        self.action.agent.as_ref().map(AgentId::as_str)
    }

    /// The version of that software.
    #[getter]
    fn build(&self) -> Option<&str> {
        self.action.build.as_ref().map(BuildId::as_str)
    }

    /// The conversation or task.
    #[getter]
    fn session(&self) -> Option<&str> {
        self.action.session.as_ref().map(SessionId::as_str)
    }

    /// The person for whom the agent acts.
    #[getter]
    fn user(&self) -> Option<&str> {
        self.action.user.as_ref().map(PersonId::as_str)
    }

    /// The agent's own explanation.
    #[getter]
    fn reason(&self) -> Option<&str> {
        self.action.reason.as_deref()
    }

    /// Whether it asks to be held to the decision whatever the mode.
    #[getter]
    fn enforce(&self) -> bool {
        self.action.enforce
    }

    /// The same call with other params.
    fn with_params(&self, params: &Bound<'_, PyAny>, py: Python<'_>) -> PyResult<Self> {
        let (object, frozen) = freeze::object(params)?;
        let action = Action { params: object, ..self.action.clone() };
        let value = self.value.as_ref().map(|value| value.clone_ref(py));
        let tool = self.tool.clone_ref(py);
        Ok(Self { action, tool, params: frozen, value, seen: Mutex::default() })
    }

    /// The params in the canonical form of RFC 8785: what the digest is taken of.
    fn canonical_params(&self) -> String {
        self.params.canonical()
    }

    /// The action in the shape of the wire, as a JSON text.
    fn to_json(&self) -> String {
        let mut json = self.action.clone().into_json();
        if let (true, Json::Object(fields)) = (self.action.enforce, &mut json) {
            fields.insert("enforce".to_owned(), Json::Bool(true));
        }
        json.canonical()
    }

    /// Whether what could not be copied is still what it was when it was frozen.
    fn is_unchanged(&self, py: Python<'_>) -> PyResult<bool> {
        self.params.is_unchanged(py)
    }

    /// Whether a value is what was frozen as the params.
    fn is_payload(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.params.is(value)
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.action == other.action
    }

    fn __hash__(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        self.to_json().hash(&mut hasher);
        hasher.finish()
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }

    /// What pickle makes it from again.
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let named = PyDict::new(py);
        named.set_item("value", self.value(py))?;
        named.set_item("params", self.params(py)?)?;
        named.set_item("agent", self.agent())?;
        named.set_item("build", self.build())?;
        named.set_item("session", self.session())?;
        named.set_item("user", self.user())?;
        named.set_item("reason", self.reason())?;
        named.set_item("enforce", self.enforce())?;
        if let Some(context) = &self.action.context {
            let text = Json::Object(context.clone()).canonical();
            named.set_item("context", py.import("json")?.getattr("loads")?.call1((text,))?)?;
        }
        Ok(((self.action(py), self.tenant_id()).into_pyobject(py)?, named))
    }

    fn __repr__(&self) -> String {
        let Action { tool, tenant, .. } = &self.action;
        format!("ActionRequest({:?}, tenant_id={:?})", tool.as_str(), tenant.as_str())
    }
}

impl ActionRequest {
    /// Whether judging it takes long enough that other threads should run meanwhile.
    pub(crate) fn is_large(&self) -> bool {
        self.params.size > LARGE
    }

    /// What would be decided about it now.
    pub(crate) fn evaluate(&self, guard: &Guard, metrics: Option<&Metrics>) -> Answer {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let anew = || match metrics {
            None => guard.evaluate(&self.action),
            Some(metrics) => guard.evaluate_by(&self.action, metrics),
        };
        let known = match &*seen {
            Seen::Never => {
                *seen = Seen::Once;
                return anew();
            }
            Seen::Once => None,
            Seen::Known(known) => guard.evaluate_known(known, metrics),
        };
        known.unwrap_or_else(|| {
            let known = Box::new(guard.know(&self.action));
            let answer = guard.evaluate_known(&known, metrics);
            *seen = Seen::Known(known);
            // Another policy may have come in between.
            answer.unwrap_or_else(anew)
        })
    }
}

/// Reads one of the names.
fn name<'a, T, E: std::fmt::Display>(
    field: &str,
    text: &'a str,
    read: impl FnOnce(&'a str) -> Result<T, E>,
) -> PyResult<T> {
    read(text).map_err(|error| PyValueError::new_err(format!("{field}: {error}")))
}
