//! What is gated in records of a class, said once and for all.
//!
//! A class may be made from several that are gated. Its records are held to the terms of the nearest
//! one, which therefore has to ask for at least as much as every other: otherwise no record is made.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

/// What is gated in records of one class.
pub(super) struct Terms {
    /// The field that holds the status.
    pub(super) status: String,
    pub(super) kind: Kind,
    /// What has to be written for it, and how many characters of it have to show.
    pub(super) required: Vec<(String, usize)>,
    /// All fields of the record.
    pub(super) fields: Vec<String>,
}

/// What can be a status, and which of it takes a sign-off.
pub(super) enum Kind {
    /// Texts, of which these are gated.
    Texts(Vec<String>),
    /// The members of an enum, each of which is one object.
    Members { all: Vec<Py<PyAny>>, gated: Vec<Py<PyAny>> },
}

impl Terms {
    /// The fields with a person's own words: those of which more than one character is asked, or where
    /// there is none, all that are asked for. A name of one character is no statement.
    pub(super) fn statements(&self) -> impl Iterator<Item = &str> {
        let has_longer = self.required.iter().any(|(_, least)| *least > 1);
        let is_statement = move |least: usize| least > 1 || !has_longer;
        let required = self.required.iter();
        required.filter(move |(_, least)| is_statement(*least)).map(|(name, _)| name.as_str())
    }

    pub(super) fn is_statement(&self, name: &str) -> bool {
        self.statements().any(|statement| statement == name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field == name)
    }

    /// Why these ask for less than others do, if they do.
    fn falls_short_of(&self, other: &Self) -> Option<String> {
        if self.status != other.status {
            return Some(format!("its status is not {}", other.status));
        }
        if let Some(why) = self.kind.falls_short_of(&other.kind) {
            return Some(why);
        }
        for (name, least) in &other.required {
            let own = self.required.iter().find(|(field, _)| field == name);
            if own.is_none_or(|(_, own)| own < least) {
                return Some(format!("{name} needs less than {least} visible characters"));
            }
        }
        let free = other.fields.iter().find(|field| !self.has(field))?;
        Some(format!("{free} is not held still"))
    }
}

impl Kind {
    fn new(
        members: Option<Vec<Py<PyAny>>>,
        gated: Vec<Py<PyAny>>,
        py: Python<'_>,
    ) -> PyResult<Self> {
        let Some(all) = members else {
            let text = |one: Py<PyAny>| one.bind(py).cast_exact::<PyString>()?.extract::<String>();
            return Ok(Self::Texts(gated.into_iter().map(text).collect::<PyResult<_>>()?));
        };
        if gated.iter().all(|one| is_one_of(&all, one)) {
            return Ok(Self::Members { all, gated });
        }
        Err(PyTypeError::new_err("a gated status is no member of its enum"))
    }

    /// Whether a status takes a sign-off. Only texts, or only the members of the enum, are statuses:
    /// anything else may say that it equals whatever it likes.
    pub(super) fn is_gated(&self, status: &Bound<'_, PyAny>) -> PyResult<bool> {
        match self {
            Self::Texts(_) if status.is_none() => return Ok(false),
            Self::Texts(gated) => {
                if let Ok(text) = status.cast_exact::<PyString>() {
                    let text = text.to_str()?;
                    return Ok(gated.iter().any(|one| one == text));
                }
            }
            Self::Members { all, gated } => {
                if is_one_of(all, status.as_unbound()) {
                    return Ok(is_one_of(gated, status.as_unbound()));
                }
            }
        }
        let name = status.get_type().name()?;
        Err(PyTypeError::new_err(format!("a status of this record cannot be this {name}")))
    }

    fn falls_short_of(&self, other: &Self) -> Option<String> {
        let covers = match (self, other) {
            (Self::Texts(own), Self::Texts(gated)) => gated.iter().all(|one| own.contains(one)),
            (Self::Members { gated: own, .. }, Self::Members { gated, .. }) => {
                gated.iter().all(|one| is_one_of(own, one))
            }
            _ => false,
        };
        (!covers).then(|| "statuses are free that are gated there".to_owned())
    }
}

fn is_one_of(members: &[Py<PyAny>], one: &Py<PyAny>) -> bool {
    members.iter().any(|member| member.is(one))
}

/// The gated classes, by their addresses. They are kept for ever: a class that went away could leave
/// its address to another.
type Classes = HashMap<usize, (Py<PyType>, Arc<Terms>)>;

static CLASSES: LazyLock<Mutex<Classes>> = LazyLock::new(Mutex::default);

fn classes() -> MutexGuard<'static, Classes> {
    CLASSES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says once and for all what is gated in records of a class, and of those made from it. `members`
/// are all the statuses, where they are those of an enum.
#[pyfunction]
pub(crate) fn gate_records(
    class: Bound<'_, PyType>,
    status: String,
    members: Option<Vec<Py<PyAny>>>,
    gated: Vec<Py<PyAny>>,
    required: Vec<(String, usize)>,
    fields: Vec<String>,
) -> PyResult<()> {
    let kind = Kind::new(members, gated, class.py())?;
    let terms = Terms { status, kind, required, fields };
    let line = line_of(&class);
    if line.first().is_some_and(|(own, _)| own.is(&class)) {
        return Err(PyTypeError::new_err("this class is gated already"));
    }
    strictest(&class, &terms, &line)?;
    classes().insert(class.as_ptr().addr(), (class.unbind(), Arc::new(terms)));
    Ok(())
}

/// What is gated in records of a class, and whether that was said of this very class.
pub(super) fn terms_of(class: &Bound<'_, PyType>) -> PyResult<(Arc<Terms>, bool)> {
    let line = line_of(class);
    let Some((nearest, terms)) = line.first() else {
        let name = class.name()?;
        return Err(PyTypeError::new_err(format!(
            "{name} does not say what is gated; use signoff_gated"
        )));
    };
    strictest(class, terms, &line)?;
    Ok((Arc::clone(terms), nearest.is(class)))
}

/// The gated classes that a class is made from, the nearest first.
fn line_of<'py>(class: &Bound<'py, PyType>) -> Vec<(Bound<'py, PyType>, Arc<Terms>)> {
    let classes = classes();
    let gated = |ancestor: Bound<'py, PyAny>| {
        let (known, terms) = classes.get(&ancestor.as_ptr().addr())?;
        Some((known.bind(ancestor.py()).clone(), Arc::clone(terms)))
    };
    class.mro().iter().filter_map(gated).collect()
}

/// Refuses terms that ask for less than any class does that this one is made from.
fn strictest(
    class: &Bound<'_, PyType>,
    terms: &Terms,
    line: &[(Bound<'_, PyType>, Arc<Terms>)],
) -> PyResult<()> {
    for (ancestor, others) in line {
        if let Some(why) = terms.falls_short_of(others) {
            let (name, ancestor) = (class.name()?, ancestor.name()?);
            return Err(PyTypeError::new_err(format!(
                "{name} is made from {ancestor} and asks for less: {why}; gate at least as much with \
                 signoff_gated"
            )));
        }
    }
    Ok(())
}
