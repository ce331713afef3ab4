//! Records that reach a gated status only with a complete sign-off, for Python.
//!
//! A record's fields lie here and not in the object's `__dict__`, and they are read from here and
//! nowhere else: `__getattribute__` asks this state, whatever the class or the dictionary of the
//! instance say. What is gated is taken from a table of this module when the record is made, so that
//! nothing that is done to its class later changes it.
//!
//! Every change is checked under one lock and made whole or not at all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use placet::signoff::visible_length;
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

/// What is gated in records of one class.
struct Terms {
    /// The field that holds the status.
    status: String,
    /// The enum of the statuses; without one they are texts.
    kind: Option<Py<PyType>>,
    /// The statuses that take a sign-off.
    gated: Vec<Py<PyAny>>,
    /// What has to be written for it, and how many characters of it have to show.
    required: Vec<(String, usize)>,
    /// All fields of the record.
    fields: Vec<String>,
}

/// The classes that are gated, by their address. They are kept for ever: a class that went away
/// could leave its address to another.
static CLASSES: Mutex<Vec<(Py<PyType>, Arc<Terms>)>> = Mutex::new(Vec::new());

/// Says once and for all what is gated in records of a class, and of those made from it.
#[pyfunction]
pub(crate) fn gate_records(
    class: Bound<'_, PyType>,
    status: String,
    kind: Option<Bound<'_, PyType>>,
    gated: Vec<Py<PyAny>>,
    required: Vec<(String, usize)>,
    fields: Vec<String>,
) -> PyResult<()> {
    let terms = Terms { status, kind: kind.map(Bound::unbind), gated, required, fields };
    let mut classes = CLASSES.lock().unwrap_or_else(PoisonError::into_inner);
    if classes.iter().any(|(known, _)| known.is(&class)) {
        return Err(PyTypeError::new_err("this class is gated already"));
    }
    classes.push((class.unbind(), Arc::new(terms)));
    Ok(())
}

/// What is gated in records of a class: what was said of the nearest one that it is made from.
fn terms_of(class: &Bound<'_, PyType>) -> PyResult<Arc<Terms>> {
    let line = class.mro();
    let classes = CLASSES.lock().unwrap_or_else(PoisonError::into_inner);
    for ancestor in line.iter() {
        if let Some((_, terms)) = classes.iter().find(|(known, _)| known.is(&ancestor)) {
            return Ok(Arc::clone(terms));
        }
    }
    let name = class.name()?;
    Err(PyTypeError::new_err(format!("{name} does not say what is gated; use signoff_gated")))
}

/// A record, as its Python class is made from it.
#[pyclass(subclass, frozen, module = "placet._core")]
pub(crate) struct GatedRecord {
    terms: Arc<Terms>,
    state: Mutex<State>,
}

struct State {
    values: HashMap<String, Py<PyAny>>,
    /// While it is being made, a gated status waits here until everything else is there.
    making: bool,
    wanted: Option<Py<PyAny>>,
}

#[pymethods]
impl GatedRecord {
    #[new]
    #[classmethod]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(
        class: &Bound<'_, PyType>,
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let state = State { values: HashMap::new(), making: true, wanted: None };
        Ok(Self { terms: terms_of(class)?, state: Mutex::new(state) })
    }

    fn __getattribute__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        let text = name.to_str()?;
        if this.terms.fields.iter().any(|field| field == text) {
            let found = this.lock().values.get(text).map(|value| value.clone_ref(py));
            let missing = || PyAttributeError::new_err(format!("{text} is not set"));
            return found.map(|value| value.into_bound(py)).ok_or_else(missing);
        }
        py.get_type::<PyAny>().getattr("__getattribute__")?.call1((slf, name))
    }

    /// Changes a field, if it may be changed.
    fn _set(&self, name: &str, value: Py<PyAny>, py: Python<'_>) -> PyResult<()> {
        if name == self.terms.status {
            return self.set_status(value, py);
        }
        let mut state = self.lock();
        if let Some(status) = self.gated_status(&state, py) {
            let is_same = match state.values.get(name) {
                Some(before) => before.bind(py).is(value.bind(py)),
                None => false,
            };
            if is_same {
                return Ok(());
            }
            let text = status.bind(py).str()?;
            drop(state);
            let detail = format!(
                "{name} was signed off as {text:?} and stays as it is; change the status before it"
            );
            return Err(refused(py, &detail, &status, Vec::new()));
        }
        let before = state.values.insert(name.to_owned(), value);
        drop(state);
        // What it was is let go of without the lock: it may run code of its own.
        drop(before);
        Ok(())
    }

    /// Everything is there now, so a gated status that was waiting is given, or refused.
    fn _made(&self, py: Python<'_>) -> PyResult<()> {
        let wanted = {
            let mut state = self.lock();
            state.making = false;
            state.wanted.take()
        };
        wanted.map_or(Ok(()), |status| self.set_status(status, py))
    }

    /// Whether its status is one that takes a sign-off.
    #[getter]
    fn is_signed_off(&self, py: Python<'_>) -> bool {
        self.gated_status(&self.lock(), py).is_some()
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: i32) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        let this = slf.get();
        let fields = PyDict::new(py);
        {
            let state = this.lock();
            if let Some(status) = this.gated_status(&state, py) {
                drop(state);
                let detail = "a sign-off is for one record, so this one cannot be copied; change the \
                              status of the copy's source first, or make a new record";
                return Err(refused(py, detail, &status, Vec::new()));
            }
            for (name, value) in &state.values {
                fields.set_item(name, value)?;
            }
        }
        let again = py.import("placet._signoff")?.getattr("again")?;
        let made = PyTuple::new(py, [slf.get_type().into_any(), fields.into_any()])?;
        Ok(PyTuple::new(py, [again, made.into_any()])?.into_any().unbind())
    }
}

impl GatedRecord {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_status(&self, status: Py<PyAny>, py: Python<'_>) -> PyResult<()> {
        self.check_kind(status.bind(py))?;
        let is_gated = self.is_gated(status.bind(py))?;
        let mut state = self.lock();
        if is_gated && state.making {
            state.wanted = Some(status);
            return Ok(());
        }
        if is_gated {
            let missing = self.missing(&state, py);
            if !missing.is_empty() {
                drop(state);
                let text = status.bind(py).str()?;
                let detail = format!("{text:?} needs a complete sign-off: {}", missing.join("; "));
                return Err(refused(py, &detail, &status, missing));
            }
        }
        state.wanted = None;
        let before = state.values.insert(self.terms.status.clone(), status);
        drop(state);
        drop(before);
        Ok(())
    }

    /// Only texts, or only members of the enum: anything else may say that it equals whatever it
    /// likes.
    fn check_kind(&self, status: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = status.py();
        let is_right = match &self.terms.kind {
            Some(kind) => status.get_type().is(kind.bind(py)),
            None => status.cast_exact::<PyString>().is_ok() || status.is_none(),
        };
        if is_right {
            return Ok(());
        }
        let name = status.get_type().name()?;
        Err(PyTypeError::new_err(format!("a status of this record cannot be a {name}")))
    }

    fn is_gated(&self, status: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = status.py();
        for gated in &self.terms.gated {
            let gated = gated.bind(py);
            // Members of an enum are one object each; texts are compared as texts.
            if gated.is(status) || (self.terms.kind.is_none() && gated.eq(status)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn gated_status(&self, state: &State, py: Python<'_>) -> Option<Py<PyAny>> {
        let status = state.values.get(&self.terms.status)?;
        let is_gated = self.is_gated(status.bind(py)).unwrap_or(true);
        is_gated.then(|| status.clone_ref(py))
    }

    /// What each required field lacks.
    fn missing(&self, state: &State, py: Python<'_>) -> Vec<String> {
        let lack = |(name, least): &(String, usize)| {
            let text = state.values.get(name).and_then(|value| {
                value.bind(py).cast_exact::<PyString>().ok()?.to_str().ok().map(str::to_owned)
            });
            let length = visible_length(text.as_deref().unwrap_or_default());
            (length < *least)
                .then(|| format!("{name} has {length} of at least {least} visible characters"))
        };
        self.terms.required.iter().filter_map(lack).collect()
    }
}

/// The exception for a change that did not happen.
fn refused(py: Python<'_>, detail: &str, status: &Py<PyAny>, missing: Vec<String>) -> PyErr {
    let made = py
        .import("placet._signoff")
        .and_then(|signoff| signoff.getattr("refusal"))
        .and_then(|refusal| refusal.call1((detail, status, missing)));
    made.map_or_else(|error| error, PyErr::from_value)
}
