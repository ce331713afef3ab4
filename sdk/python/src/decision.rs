//! What was decided, as Python sees it.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use placet::core::approval::Approval as Terms;
use placet::core::verdict::Finding as Found;
use placet::{Answer, CheckName, Mode, Verdict};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;
use serde_json::Value;

/// A decision: what the caller must obey, and all that led to it.
#[pyclass(frozen, freelist = 8, module = "placet")]
pub(crate) struct Decision {
    answer: Answer,
    warrant: Option<String>,
    url: Option<String>,
}

impl Decision {
    pub(crate) fn new(answer: Answer) -> Self {
        Self { answer, warrant: None, url: None }
    }
}

#[pymethods]
impl Decision {
    /// Reads a decision in the shape of the wire.
    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        let mut whole: Value = serde_json::from_str(text).map_err(wrong)?;
        let mut take = |name: &str| Some(whole.as_object_mut()?.remove(name)?.as_str()?.to_owned());
        let warrant = take("warrant");
        let url = url_of(whole.get("approval"));
        let answer = serde_json::from_value(whole).map_err(wrong)?;
        Ok(Self { answer, warrant, url })
    }

    /// The action's id; none when it was only evaluated.
    #[getter]
    fn id(&self) -> Option<String> {
        self.answer.id.map(|id| id.to_string())
    }

    /// The digest of the frozen action.
    #[getter]
    fn digest(&self) -> Option<String> {
        self.answer.digest.map(|digest| digest.to_string())
    }

    /// What the caller must obey.
    #[getter]
    fn verdict(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        VERDICTS.member(py, verdict_place(self.answer.verdict))
    }

    /// What the verdict would have been, where the mode changed it.
    #[getter]
    fn would_have(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let place = self.answer.would_have.map(verdict_place);
        place.map(|place| VERDICTS.member(py, place)).transpose()
    }

    /// Whether the caller may go ahead.
    #[getter]
    fn is_allowed(&self) -> bool {
        self.answer.is_allowed()
    }

    /// Whether people signed off on it beforehand, so that it may run although it was held.
    #[getter]
    fn is_approved(&self) -> bool {
        self.answer.is_approved || (self.warrant.is_some() && !self.answer.is_allowed())
    }

    /// The policy's mode.
    #[getter]
    fn mode(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        MODES.by_value(py, self.answer.mode.as_str())
    }

    /// The class that the tool falls into; none when the policy does not know it.
    #[getter]
    fn action_class(&self) -> Option<&str> {
        self.answer.class.as_ref().map(|class| class.as_str())
    }

    /// How much harm the class can do.
    #[getter]
    fn risk(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.answer.risk.map(|risk| RISKS.by_value(py, risk.as_str())).transpose()
    }

    /// What the class has earned.
    #[getter]
    fn autonomy_state(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        use placet::AutonomyState::{Autonomous, Manual, Supervised};
        let place = self.answer.autonomy.map(|state| match state {
            Manual => 0,
            Supervised => 1,
            Autonomous => 2,
        });
        place.map(|place| STATES.member(py, place)).transpose()
    }

    /// All that held it, and what let it pass.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let findings = self.answer.findings.iter().map(|found| Finding { found: found.clone() });
        PyTuple::new(py, findings.map(|it| Py::new(py, it)).collect::<PyResult<Vec<_>>>()?)
    }

    /// Why: the reasons of what decided it.
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.decisive().collect::<Vec<_>>())
    }

    /// The same in one text.
    #[getter]
    fn reason(&self) -> String {
        self.decisive().collect::<Vec<_>>().join("; ")
    }

    /// The digest of the policy that it was decided under.
    #[getter]
    fn policy(&self) -> String {
        self.answer.policy.to_string()
    }

    /// When it was decided (RFC 3339); none when it was only evaluated.
    #[getter]
    fn at(&self) -> Option<String> {
        self.answer.at.map(|at| at.to_string())
    }

    /// Its place in the log.
    #[getter]
    fn log_index(&self) -> Option<u64> {
        self.answer.log_index
    }

    /// What it waits for, when it is held.
    #[getter]
    fn approval(&self) -> Option<Approval> {
        let terms = self.answer.approval.clone()?;
        Some(Approval { terms, url: self.url.clone() })
    }

    /// The action in whose place a person put this one.
    #[getter]
    fn replaces(&self) -> Option<String> {
        self.answer.replaces.map(|id| id.to_string())
    }

    /// The warrant that a daemon gave: a secret until it is spent.
    #[getter]
    fn warrant(&self) -> Option<&str> {
        self.warrant.as_deref()
    }

    /// The same decision with one more finding, which the program itself adds: `require_approval` or
    /// `block`. A finding can only tighten.
    fn tightened(&self, verdict: &str, reason: String) -> PyResult<Self> {
        let verdict = match verdict {
            "require_approval" => Verdict::RequireApproval,
            "block" => Verdict::Block,
            other => {
                return Err(PyValueError::new_err(format!("{other} is no verdict that tightens")));
            }
        };
        let mut answer = self.answer.clone();
        answer.findings.push(Found { check: CheckName::Caller, verdict, reason });
        match answer.would_have {
            // The mode keeps it from binding.
            Some(would_have) => answer.would_have = Some(would_have.max(verdict)),
            None if answer.mode == Mode::Shadow && verdict > answer.verdict => {
                answer.would_have = Some(verdict);
            }
            None => answer.verdict = answer.verdict.max(verdict),
        }
        let warrant = self.warrant.clone().filter(|_| answer.verdict == Verdict::Allow);
        Ok(Self { answer, warrant, url: self.url.clone() })
    }

    /// The decision in the shape of the wire, as a JSON text, without its warrant.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(&self.answer).map_err(wrong)
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.face() == other.face()
    }

    fn __hash__(&self) -> u64 {
        hash_of(&self.face())
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }

    /// Another process gets all of it but the warrant.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let (whole, is_approved) = self.face();
        reduced(py, "decision", &whole, is_approved)
    }

    fn __repr__(&self) -> String {
        let id = self.answer.id.map(|id| format!(", id={:?}", id.to_string())).unwrap_or_default();
        format!("Decision({}, {:?}{id})", self.answer.verdict.as_str(), self.reason())
    }
}

impl Decision {
    /// All that anybody sees of it.
    fn face(&self) -> (Value, bool) {
        let mut whole = serde_json::to_value(&self.answer).unwrap_or_default();
        if let (Some(url), Some(approval)) = (&self.url, whole.pointer_mut("/approval")) {
            *approval = with_url(approval.take(), url);
        }
        (whole, self.is_approved())
    }

    fn decisive(&self) -> impl Iterator<Item = &str> {
        let real = self.answer.would_have.unwrap_or(self.answer.verdict);
        let decisive = self.answer.findings.iter().filter(move |found| found.verdict == real);
        decisive.map(|found| found.reason.as_str())
    }
}

/// One check's verdict with its reason.
#[pyclass(frozen, eq, module = "placet")]
#[derive(PartialEq)]
pub(crate) struct Finding {
    found: Found,
}

#[pymethods]
impl Finding {
    /// Which check.
    #[getter]
    fn check(&self) -> &str {
        self.found.check.as_str()
    }

    /// What it says.
    #[getter]
    fn verdict(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        VERDICTS.member(py, verdict_place(self.found.verdict))
    }

    /// Why.
    #[getter]
    fn reason(&self) -> &str {
        &self.found.reason
    }

    fn __hash__(&self) -> u64 {
        hash_of(&(self.found.check.as_str(), self.found.verdict.as_str(), &self.found.reason))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        reduced(py, "finding", &serde_json::to_value(&self.found).map_err(wrong)?, false)
    }

    fn __repr__(&self) -> String {
        let Found { check, verdict, reason } = &self.found;
        format!("Finding({:?}, {}, {reason:?})", check.as_str(), verdict.as_str())
    }
}

/// What a held action waits for.
#[pyclass(frozen, eq, module = "placet")]
#[derive(PartialEq)]
pub(crate) struct Approval {
    terms: Terms,
    url: Option<String>,
}

#[pymethods]
impl Approval {
    /// Its id.
    #[getter]
    fn id(&self) -> String {
        self.terms.id.to_string()
    }

    /// At this time (RFC 3339) the answer is no.
    #[getter]
    fn deadline(&self) -> String {
        self.terms.deadline.to_string()
    }

    /// How many people must sign off.
    #[getter]
    fn quorum(&self) -> u8 {
        self.terms.quorum
    }

    /// What each of them must write. The first is their statement.
    #[getter]
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.terms.fields.iter().map(|field| field.as_str()))
    }

    /// Groups of which each of them must be in one.
    #[getter]
    fn groups<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.terms.groups.iter().map(|group| group.as_str()))
    }

    /// The least length of the statement, in characters that show.
    #[getter]
    fn least_length(&self) -> u16 {
        self.terms.least_length
    }

    /// Where people answer it, relative to the daemon's address.
    #[getter]
    fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    fn __hash__(&self) -> u64 {
        hash_of(&self.id())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let mut whole = serde_json::to_value(&self.terms).map_err(wrong)?;
        if let Some(url) = &self.url {
            whole = with_url(whole, url);
        }
        reduced(py, "approval", &whole, false)
    }

    fn __repr__(&self) -> String {
        format!("Approval({:?}, deadline={:?})", self.id(), self.deadline())
    }
}

/// Makes one of these again of what was pickled of it.
#[pyfunction]
pub(crate) fn revived(
    kind: &str,
    text: &str,
    is_approved: bool,
    py: Python<'_>,
) -> PyResult<Py<PyAny>> {
    match kind {
        "decision" => {
            let mut decision = Decision::from_json(text)?;
            decision.answer.is_approved |= is_approved;
            Ok(Py::new(py, decision)?.into_any())
        }
        "finding" => {
            let found = serde_json::from_str(text).map_err(wrong)?;
            Ok(Py::new(py, Finding { found })?.into_any())
        }
        "approval" => {
            let mut whole: Value = serde_json::from_str(text).map_err(wrong)?;
            let url = url_of(Some(&whole));
            if let Some(fields) = whole.as_object_mut() {
                fields.remove("url");
            }
            let terms = serde_json::from_value(whole).map_err(wrong)?;
            Ok(Py::new(py, Approval { terms, url })?.into_any())
        }
        other => Err(PyValueError::new_err(format!("nothing here is a {other}"))),
    }
}

/// What pickle keeps of one of these.
fn reduced<'py>(
    py: Python<'py>,
    kind: &str,
    whole: &Value,
    is_approved: bool,
) -> PyResult<Bound<'py, PyTuple>> {
    let again = py.import("placet._core")?.getattr("revived")?;
    let made = (kind, whole.to_string(), is_approved).into_pyobject(py)?;
    (again, made).into_pyobject(py)
}

fn url_of(approval: Option<&Value>) -> Option<String> {
    approval?.get("url")?.as_str().map(str::to_owned)
}

fn with_url(mut approval: Value, url: &str) -> Value {
    if let Some(fields) = approval.as_object_mut() {
        fields.insert("url".to_owned(), Value::from(url));
    }
    approval
}

fn hash_of(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

fn wrong(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The members of an enum of `placet._types`, in their order.
struct Members {
    class: &'static str,
    members: PyOnceLock<Vec<Py<PyAny>>>,
}

static VERDICTS: Members = Members::of("Verdict");
static MODES: Members = Members::of("Mode");
static RISKS: Members = Members::of("RiskTier");
static STATES: Members = Members::of("AutonomyState");

impl Members {
    const fn of(class: &'static str) -> Self {
        Self { class, members: PyOnceLock::new() }
    }

    fn all(&self, py: Python<'_>) -> PyResult<&Vec<Py<PyAny>>> {
        self.members.get_or_try_init(py, || {
            let class = py.import("placet._types")?.getattr(self.class)?;
            class.try_iter()?.map(|member| Ok(member?.unbind())).collect()
        })
    }

    fn member(&self, py: Python<'_>, place: usize) -> PyResult<Py<PyAny>> {
        let member = self.all(py)?.get(place);
        member.map(|it| it.clone_ref(py)).ok_or_else(|| PyValueError::new_err(self.class))
    }

    fn by_value(&self, py: Python<'_>, value: &str) -> PyResult<Py<PyAny>> {
        for member in self.all(py)? {
            if member.bind(py).getattr("value")?.extract::<String>()? == value {
                return Ok(member.clone_ref(py));
            }
        }
        Err(PyValueError::new_err(format!("{} {value}", self.class)))
    }
}

fn verdict_place(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Allow => 0,
        Verdict::RequireApproval => 1,
        Verdict::Block => 2,
    }
}
