//! Records that reach a gated status only with a complete sign-off, for Python.
//!
//! A record's fields lie here and not in the object's `__dict__`, and they are read from here and
//! nowhere else: `__getattribute__` asks this state, whatever the class or the dictionary of the
//! instance say. What is gated is taken from a table of this module when the record is made, so that
//! nothing that is done to its class later changes it; and a record that is given another class,
//! where something else is gated, says nothing any more.
//!
//! Every change is checked under one lock and made whole or not at all.

mod state;
mod terms;
mod words;

use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use placet::signoff::visible_length;
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};

use state::State;
pub(crate) use terms::gate_records;
use terms::{Terms, terms_of};

/// A record, as its Python class is made from it.
#[pyclass(subclass, frozen, module = "placet._core")]
pub(crate) struct GatedRecord {
    /// What it was made as.
    class: Py<PyType>,
    terms: Arc<Terms>,
    state: Mutex<State>,
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
        let (terms, is_own) = terms_of(class)?;
        if !is_own {
            check_fields(class, &terms)?;
        }
        let state = State { is_being_made: true, ..State::default() };
        Ok(Self { class: class.clone().unbind(), terms, state: Mutex::new(state) })
    }

    fn __getattribute__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let text = name.to_str()?;
        if text == "is_signed_off" {
            return Self::is_signed_off(slf)?
                .into_pyobject(py)
                .map(|it| it.to_owned().into_any())
                .map_err(Into::into);
        }
        if slf.get().terms.has(text) {
            let this = Self::checked(slf)?;
            if text == this.terms.status {
                this.give_wanted(py);
            }
            let found = this.lock().values.get(text).map(|value| value.clone_ref(py));
            // The reason is said below.
            let missing = || PyAttributeError::new_err(text.to_owned());
            return found.map(|value| value.into_bound(py)).ok_or_else(missing);
        }
        py.get_type::<PyAny>().getattr(intern!(py, "__getattribute__"))?.call1((slf, name))
    }

    /// Says why there is nothing to read.
    fn __getattr__(slf: &Bound<'_, Self>, name: &str) -> PyResult<Py<PyAny>> {
        let (this, py) = (Self::checked(slf)?, slf.py());
        if !this.terms.has(name) {
            let why = format!("{} has no attribute {name}", slf.get_type().name()?);
            return Err(PyAttributeError::new_err(why));
        }
        let wanted = this.lock().wanted.as_ref().map(|status| status.clone_ref(py));
        let Some(status) = wanted.filter(|_| name == this.terms.status) else {
            return Err(PyAttributeError::new_err(format!("{name} is not set")));
        };
        let text = text_of(&status, py);
        let missing = this.missing(&this.lock(), &status, &text, py).join("; ");
        let why =
            format!("{name} cannot be read yet: {text:?} needs a complete sign-off: {missing}");
        Err(PyAttributeError::new_err(why))
    }

    /// What it is. It stays that.
    #[getter(__class__)]
    fn class<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyType> {
        slf.get_type()
    }

    #[setter(__class__)]
    fn set_class(slf: &Bound<'_, Self>, _class: &Bound<'_, PyAny>) -> PyResult<()> {
        let name = slf.get_type().name()?;
        Err(PyTypeError::new_err(format!("this record is a {name} and stays one")))
    }

    /// Changes a field, if it may be changed.
    fn _set(slf: &Bound<'_, Self>, name: &str, value: Py<PyAny>) -> PyResult<()> {
        let (this, py) = (Self::checked(slf)?, slf.py());
        if name == this.terms.status {
            return this.set_status(value, py);
        }
        if !this.terms.has(name) {
            return Err(PyAttributeError::new_err(format!("there is no field {name}")));
        }
        let mut state = this.lock();
        let is_statement = this.terms.is_statement(name);
        let is_same = state.values.get(name).is_some_and(|before| before.is(&value));
        // Of a single character Python has one object, so that it may be written anew all the same.
        if is_same && (state.is_signed || !is_statement || !is_single_text(&value, py)) {
            return Ok(());
        }
        if state.is_signed {
            drop(state);
            return Err(this.held_still(name, py)?);
        }
        if is_statement {
            state.write(name, &value);
        } else {
            state.is_changed = true;
        }
        let before = state.values.insert(name.to_owned(), value);
        drop(state);
        // What it was is let go of without the lock: it may run code of its own.
        drop(before);
        Ok(())
    }

    /// Refuses to make a record again that is there already: what is refused then would be half done.
    fn _unmade(slf: &Bound<'_, Self>) -> PyResult<()> {
        let (this, py) = (Self::checked(slf)?, slf.py());
        let state = this.lock();
        if state.is_being_made {
            return Ok(());
        }
        let status = state.values.get(&this.terms.status).map(|status| status.clone_ref(py));
        drop(state);
        let detail = "a record is made once; change its fields, or make another";
        Err(refused(py, detail, &status.unwrap_or_else(|| py.None()), Vec::new()))
    }

    /// Everything is there now, so a gated status that was waiting is given, or refused.
    fn _made(slf: &Bound<'_, Self>) -> PyResult<()> {
        let this = Self::checked(slf)?;
        let wanted = {
            let mut state = this.lock();
            state.is_being_made = false;
            state.wanted.take()
        };
        wanted.map_or(Ok(()), |status| this.set_status(status, slf.py()))
    }

    /// Says of statements that they are those of another record.
    fn _borrow(slf: &Bound<'_, Self>, names: Vec<String>) -> PyResult<()> {
        Self::checked(slf)?.lock().borrowed.extend(names);
        Ok(())
    }

    /// Whether its status is one that takes a sign-off.
    #[getter]
    fn is_signed_off(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Ok(Self::checked(slf)?.lock().is_signed)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: i32) -> PyResult<Py<PyAny>> {
        let (this, py) = (Self::checked(slf)?, slf.py());
        let (fields, borrowed) = (PyDict::new(py), PyList::empty(py));
        {
            let state = this.lock();
            if let (true, Some(status)) = (state.is_signed, state.values.get(&this.terms.status)) {
                let status = status.clone_ref(py);
                drop(state);
                let detail = "a sign-off is for one record, so this one cannot be copied; change the \
                              status of the copy's source first, or make a new record";
                return Err(refused(py, detail, &status, Vec::new()));
            }
            for (name, value) in &state.values {
                fields.set_item(name, value)?;
            }
            // A copy may be changed, and is another record.
            for name in this.terms.statements().filter(|name| state.is_used(name)) {
                borrowed.append(name)?;
            }
        }
        let again = py.import("placet._gated")?.getattr("again")?;
        let parts = [slf.get_type().into_any(), fields.into_any(), borrowed.into_any()];
        let made = PyTuple::new(py, parts)?;
        Ok(PyTuple::new(py, [again, made.into_any()])?.into_any().unbind())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.class)?;
        let state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
            // It is in use, so nobody has to find out whether it still is.
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        visit.call(&state.wanted)?;
        if let Some(signed) = &state.signed {
            visit.call(&signed.status)?;
        }
        state.values.values().try_for_each(|value| visit.call(value))
    }

    fn __clear__(&self) {
        let mut state = self.lock();
        let gone = (take(&mut state.values), state.wanted.take(), state.signed.take());
        drop(state);
        drop(gone);
    }
}

impl GatedRecord {
    /// A record, if it still is what it was made as.
    fn checked<'a>(slf: &'a Bound<'_, Self>) -> PyResult<&'a Self> {
        let (this, class) = (slf.get(), slf.get_type());
        if class.is(&this.class) || Arc::ptr_eq(&terms_of(&class)?.0, &this.terms) {
            return Ok(this);
        }
        let (made, name) = (this.class.bind(slf.py()).name()?, class.name()?);
        Err(PyTypeError::new_err(format!("this record was made as a {made} and is no {name}")))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_status(&self, status: Py<PyAny>, py: Python<'_>) -> PyResult<()> {
        let is_gated = self.terms.kind.is_gated(status.bind(py))?;
        // Code of the program's own may write it, so not under the lock.
        let text = if is_gated { text_of(&status, py) } else { String::new() };
        let mut state = self.lock();
        if is_gated && state.is_being_made {
            state.wanted = Some(status);
            return Ok(());
        }
        if is_gated && !(state.is_signed && state.is_signed_as(&status, &text, py)) {
            let missing = self.missing(&state, &status, &text, py);
            if !missing.is_empty() {
                drop(state);
                let detail = format!("{text:?} needs a complete sign-off: {}", missing.join("; "));
                return Err(refused(py, &detail, &status, missing));
            }
            state.sign(&self.terms, &status, text, py);
        }
        state.is_signed = is_gated;
        state.wanted = None;
        let before = state.values.insert(self.terms.status.clone(), status);
        drop(state);
        drop(before);
        Ok(())
    }

    /// Gives a record that is being made the status that waits, if it is complete already and somebody
    /// wants to read it. From then on it is held still.
    fn give_wanted(&self, py: Python<'_>) {
        let wanted = self.lock().wanted.as_ref().map(|status| status.clone_ref(py));
        let Some(status) = wanted else { return };
        let text = text_of(&status, py);
        let mut state = self.lock();
        let is_wanted = state.wanted.as_ref().is_some_and(|wanted| wanted.is(&status));
        if !is_wanted || !self.missing(&state, &status, &text, py).is_empty() {
            return;
        }
        state.sign(&self.terms, &status, text, py);
        state.is_signed = true;
        let gone = (state.wanted.take(), state.values.insert(self.terms.status.clone(), status));
        drop(state);
        drop(gone);
    }

    /// What each required field lacks for a status.
    fn missing(
        &self,
        state: &State,
        status: &Py<PyAny>,
        as_text: &str,
        py: Python<'_>,
    ) -> Vec<String> {
        let lack = |(name, least): &(String, usize)| {
            let text = state.values.get(name).and_then(|value| {
                value.bind(py).cast_exact::<PyString>().ok()?.to_str().ok().map(str::to_owned)
            });
            let length = visible_length(text.as_deref().unwrap_or_default());
            (length < *least)
                .then(|| format!("{name} has {length} of at least {least} visible characters"))
        };
        let stale = |name: &str| state.staleness(name, status, as_text, py);
        let stale = self.terms.statements().filter_map(stale);
        self.terms.required.iter().filter_map(lack).chain(stale).collect()
    }

    /// The exception for a change to what was signed.
    fn held_still(&self, name: &str, py: Python<'_>) -> PyResult<PyErr> {
        let status = self.lock().values.get(&self.terms.status).map(|status| status.clone_ref(py));
        let status = status.unwrap_or_else(|| py.None());
        let text = status.bind(py).str()?;
        let detail = format!(
            "{name} was signed off as {text:?} and stays as it is; change the status before it"
        );
        Ok(refused(py, &detail, &status, Vec::new()))
    }
}

/// How a status is written.
fn text_of(status: &Py<PyAny>, py: Python<'_>) -> String {
    status.bind(py).str().map_or_else(|_| "this status".to_owned(), |text| text.to_string())
}

fn is_single_text(value: &Py<PyAny>, py: Python<'_>) -> bool {
    let text = value.bind(py).cast_exact::<PyString>().ok();
    text.and_then(|text| text.to_str().ok()).is_some_and(words::is_single)
}

/// Refuses a class whose records would have fields that nobody holds still.
fn check_fields(class: &Bound<'_, PyType>, terms: &Terms) -> PyResult<()> {
    let py = class.py();
    let fields = py.import(intern!(py, "dataclasses"))?.getattr(intern!(py, "fields"))?;
    for field in fields.call1((class,))?.try_iter()? {
        let name = field?.getattr(intern!(py, "name"))?.extract::<String>()?;
        if !terms.has(&name) {
            let class = class.name()?;
            return Err(PyTypeError::new_err(format!(
                "{class} has the field {name}, which nobody holds still; write signoff_gated above \
                 its @dataclass too"
            )));
        }
    }
    Ok(())
}

/// The exception for a change that did not happen.
fn refused(py: Python<'_>, detail: &str, status: &Py<PyAny>, missing: Vec<String>) -> PyErr {
    let made = py
        .import("placet._gated")
        .and_then(|gated| gated.getattr("refusal"))
        .and_then(|refusal| refusal.call1((detail, status, missing)));
    made.map_or_else(|error| error, PyErr::from_value)
}
