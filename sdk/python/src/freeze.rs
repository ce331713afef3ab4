//! From Python values to what is decided on, and a copy that only Placet holds.
//!
//! Freezing walks a value once and makes two things of it: its JSON, whose canonical text gets the
//! digest, and a *snapshot*, the same value with every container copied. The function that is
//! decided on is later called with the snapshot, so nobody who kept a reference to the original can
//! change what runs. Values that cannot be copied that way (an instance of some class) stay in the
//! snapshot as they are, and are read again before the call.
//!
//! What JSON does not know is turned by `placet._plain` into what it knows, or refused; it also says
//! what the function gets in its place. Numbers that a double does not carry exactly become texts of
//! their digits, so that no two numbers share a digest by rounding.

use placet::core::json::Number;
use placet::{Amount, Json, Object};
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyEllipsis, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};

/// How deep values may be nested. The policy's own limit is stricter; this one keeps the walk from
/// running out of stack, and ends what contains itself.
const MAX_DEPTH: usize = 100;

/// How many values one call may have. More than an honest call has, and frozen in a fraction of a
/// second.
const MAX_VALUES: usize = 200_000;

/// A frozen value: what is decided on, and a copy for the call.
#[pyclass(frozen, module = "placet._core")]
pub(crate) struct Frozen {
    /// What is decided on.
    pub(crate) json: Json,
    /// The same, for the call; none for an empty dict, which is made when it is asked for.
    snapshot: Option<Py<PyAny>>,
    /// Whether nothing in the snapshot can change.
    is_fixed: bool,
    /// How many values and bytes of text it has.
    pub(crate) size: usize,
}

impl Frozen {
    /// Freezes a value.
    pub(crate) fn of(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut walk = Walk { values: 0, bytes: 0, foreign: 0, is_fixed: true };
        let (json, snapshot) = walk.value(value, &mut Place::default())?;
        let Walk { values, bytes, is_fixed, .. } = walk;
        Ok(Self { json, snapshot: Some(snapshot), is_fixed, size: values.saturating_add(bytes) })
    }

    /// The params of a call that has none.
    pub(crate) fn empty() -> Self {
        Self { json: Json::Object(Object::new()), snapshot: None, is_fixed: true, size: 1 }
    }

    /// Whether a value is what was frozen. One that cannot be frozen is not.
    pub(crate) fn is(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        match Self::of(value) {
            Ok(now) => Ok(now.json == self.json),
            Err(error) if error.is_instance_of::<PyException>(value.py()) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[pymethods]
impl Frozen {
    /// The canonical form of RFC 8785: what a digest is taken of.
    pub(crate) fn canonical(&self) -> String {
        self.json.canonical()
    }

    /// A copy that nobody else has.
    pub(crate) fn thaw(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match &self.snapshot {
            Some(snapshot) => thaw(snapshot.bind(py)),
            None => Ok(PyDict::new(py).into_any().unbind()),
        }
    }

    /// Whether what could not be copied is still what it was.
    pub(crate) fn is_unchanged(&self, py: Python<'_>) -> PyResult<bool> {
        match &self.snapshot {
            Some(snapshot) if !self.is_fixed => self.is(snapshot.bind(py)),
            _ => Ok(true),
        }
    }
}

/// Freezes a value. Raises ``ValueError`` where it cannot be written as JSON without loss.
#[pyfunction]
pub(crate) fn freeze(value: &Bound<'_, PyAny>) -> PyResult<Frozen> {
    Frozen::of(value)
}

/// Freezes what must be an object: the params of a call.
pub(crate) fn object(params: &Bound<'_, PyAny>) -> PyResult<(Object, Frozen)> {
    let frozen = Frozen::of(params)?;
    match &frozen.json {
        Json::Object(object) => Ok((object.clone(), frozen)),
        other => {
            let why = format!("params are a dict, but this is {}", other.kind());
            Err(refused(&Place::default(), &why))
        }
    }
}

/// A copy of a snapshot's containers.
fn thaw(snapshot: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let py = snapshot.py();
    if let Ok(dict) = snapshot.cast_exact::<PyDict>() {
        let copy = PyDict::new(py);
        for (key, value) in dict.iter() {
            copy.set_item(key, thaw(&value)?)?;
        }
        return Ok(copy.into_any().unbind());
    }
    if let Ok(list) = snapshot.cast_exact::<PyList>() {
        let copy = PyList::empty(py);
        for value in list.iter() {
            copy.append(thaw(&value)?)?;
        }
        return Ok(copy.into_any().unbind());
    }
    if let Ok(tuple) = snapshot.cast_exact::<PyTuple>() {
        let items = tuple.iter().map(|value| thaw(&value)).collect::<PyResult<Vec<_>>>()?;
        return Ok(PyTuple::new(py, items)?.into_any().unbind());
    }
    Ok(snapshot.clone().unbind())
}

/// Where in the params a value stands: step by step, and nothing for a step from a value to what is
/// made of it, which stands in the same place and is as deep again.
#[derive(Default)]
struct Place(Vec<Option<String>>);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut steps = self.0.iter().flatten().peekable();
        if steps.peek().is_none() {
            return f.write_str("the params");
        }
        // As in a JSON pointer (RFC 6901).
        steps.try_for_each(|step| write!(f, "/{}", step.replace('~', "~0").replace('/', "~1")))
    }
}

fn refused(at: &Place, why: &str) -> PyErr {
    PyValueError::new_err(format!("{at}: {why}"))
}

/// The same for what code of the program's own raised while a value was read. What is no error, such as
/// Ctrl-C, is passed on as it is.
fn unread(at: &Place, error: PyErr, py: Python<'_>) -> PyErr {
    if error.is_instance_of::<PyException>(py) {
        refused(at, &error.value(py).to_string())
    } else {
        error
    }
}

struct Walk {
    values: usize,
    bytes: usize,
    /// How many values there were whose class may behave in any way.
    foreign: usize,
    is_fixed: bool,
}

type Pair = (Json, Py<PyAny>);

impl Walk {
    fn value(&mut self, value: &Bound<'_, PyAny>, at: &mut Place) -> PyResult<Pair> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(refused(at, &format!("there are more than {MAX_VALUES} values in all")));
        }
        if at.0.len() > MAX_DEPTH {
            let why = format!("values are nested deeper than {MAX_DEPTH}, or contain themselves");
            return Err(PyValueError::new_err(format!("the params: {why}")));
        }
        match self.plain(value, at)? {
            Some(pair) => Ok(pair),
            None => self.other(value, at),
        }
    }

    /// What JSON knows. Exact types only: a subclass may behave in any way.
    fn plain(&mut self, value: &Bound<'_, PyAny>, at: &mut Place) -> PyResult<Option<Pair>> {
        let same = |json| Ok(Some((json, value.clone().unbind())));
        if let Ok(text) = value.cast_exact::<PyString>() {
            let text = read(text, at)?;
            self.bytes = self.bytes.saturating_add(text.len());
            return same(Json::String(text));
        }
        if value.is_none() {
            return same(Json::Null);
        }
        if let Ok(flag) = value.cast_exact::<PyBool>() {
            return same(Json::Bool(flag.is_true()));
        }
        if let Ok(int) = value.cast_exact::<PyInt>() {
            return same(whole(int, at)?);
        }
        if let Ok(float) = value.cast_exact::<PyFloat>() {
            return same(real(float, at)?);
        }
        if let Ok(dict) = value.cast_exact::<PyDict>() {
            return self.dict(dict, at).map(Some);
        }
        if let Ok(list) = value.cast_exact::<PyList>() {
            let (items, copy) = self.items(list.iter(), at)?;
            let copy = PyList::new(value.py(), copy)?;
            return Ok(Some((Json::Array(items), copy.into_any().unbind())));
        }
        if let Ok(tuple) = value.cast_exact::<PyTuple>() {
            let (items, copy) = self.items(tuple.iter(), at)?;
            let copy = PyTuple::new(value.py(), copy)?;
            return Ok(Some((Json::Array(items), copy.into_any().unbind())));
        }
        Ok(None)
    }

    fn dict(&mut self, dict: &Bound<'_, PyDict>, at: &mut Place) -> PyResult<Pair> {
        let copy = PyDict::new(dict.py());
        let mut entries = Vec::with_capacity(dict.len());
        for (key, value) in dict.iter() {
            let Ok(name) = key.cast_exact::<PyString>() else {
                return Err(refused(at, "a key is no text; JSON objects have only texts as keys"));
            };
            let name = read(name, at)?;
            at.0.push(Some(name.clone()));
            let (json, snapshot) = self.value(&value, at)?;
            at.0.pop();
            copy.set_item(key, snapshot)?;
            entries.push((name, json));
        }
        let object =
            Object::from_entries(entries).map_err(|error| refused(at, &error.to_string()))?;
        Ok((Json::Object(object), copy.into_any().unbind()))
    }

    fn items<'py>(
        &mut self,
        items: impl Iterator<Item = Bound<'py, PyAny>>,
        at: &mut Place,
    ) -> PyResult<(Vec<Json>, Vec<Py<PyAny>>)> {
        let (mut all, mut copies) = (Vec::new(), Vec::new());
        for (number, item) in items.enumerate() {
            at.0.push(Some(number.to_string()));
            let (json, snapshot) = self.value(&item, at)?;
            at.0.pop();
            all.push(json);
            copies.push(snapshot);
        }
        Ok((all, copies))
    }

    /// What JSON does not know.
    fn other(&mut self, value: &Bound<'_, PyAny>, at: &mut Place) -> PyResult<Pair> {
        let py = value.py();
        let (near, make, known) = plain(value).map_err(|error| unread(at, error, py))?.extract::<(
            Bound<'_, PyAny>,
            Option<Bound<'_, PyAny>>,
            u8,
        )>(
        )?;
        let foreign = self.foreign;
        // What is made of it must be nearer to JSON, or this would never end.
        at.0.push(None);
        let (json, snapshot) = self.value(&near, at)?;
        at.0.pop();
        self.is_fixed &= known != WATCHED;
        let passed = match make {
            None => snapshot,
            Some(make) if make.is(PyEllipsis::get(py)) => {
                if self.foreign > foreign {
                    return Err(refused(at, MAY_BE_ANYTHING));
                }
                value.clone().unbind()
            }
            Some(make) => make.call1((snapshot,)).map_err(|error| unread(at, error, py))?.unbind(),
        };
        self.foreign += usize::from(known == FOREIGN);
        Ok((json, passed))
    }
}

/// What `placet._plain` says of a value that may change.
const WATCHED: u8 = 1;

/// What it says of one whose class may behave in any way.
const FOREIGN: u8 = 2;

const MAY_BE_ANYTHING: &str = "a value in it is of a class of the program's own, which may be one thing \
    to people and another to the function; pass a plain one";

/// What `placet._plain` makes of a value.
fn plain<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static PLAIN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = value.py();
    let import = || Ok::<_, PyErr>(py.import("placet._plain")?.getattr("plain")?.unbind());
    PLAIN.get_or_try_init(py, import)?.bind(py).call1((value,))
}

fn read(text: &Bound<'_, PyString>, at: &Place) -> PyResult<String> {
    let why = "a text with a lone surrogate, which no UTF-8 can carry; decode it properly first";
    text.to_str().map(str::to_owned).map_err(|_| refused(at, why))
}

/// A whole number, or its digits where a double would not carry it.
fn whole(int: &Bound<'_, PyInt>, at: &Place) -> PyResult<Json> {
    let number = match int.extract::<i64>() {
        #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "checked behind it")]
        Ok(small) => Number::new(small as f64).ok().filter(|it| it.as_i64() == Some(small)),
        Err(_) => None,
    };
    match number {
        Some(number) => Ok(Json::Number(number)),
        None => digits(int.as_any(), at),
    }
}

/// From where on neighbouring doubles are whole numbers that are further apart than one.
const FIRST_UNCOUNTED: f64 = 9_007_199_254_740_992.0;

/// A float; where it is a whole number beyond those that doubles count, its digits, like an int's.
fn real(float: &Bound<'_, PyFloat>, at: &Place) -> PyResult<Json> {
    let value = float.value();
    if !value.is_finite() {
        return Err(refused(at, &format!("{value} is no number that can be decided on")));
    }
    let counted = Number::new(value).ok().filter(|_| value.abs() < FIRST_UNCOUNTED);
    match counted {
        Some(number) => Ok(Json::Number(number)),
        None => digits(float.as_any(), at),
    }
}

/// A number as a text of its digits, by `placet._plain` unless its own text is almost that.
fn digits(number: &Bound<'_, PyAny>, at: &Place) -> PyResult<Json> {
    let py = number.py();
    if let Some(text) = own_digits(number)? {
        return Ok(Json::String(text));
    }
    let text = py.import("placet._plain")?.getattr("digits")?.call1((number,));
    let text = text.map_err(|error| unread(at, error, py))?;
    Ok(Json::String(text.extract::<String>()?))
}

/// Longest text of a number that is read here, in bytes.
const SHORT: usize = 40;

/// The digits of an int or a `Decimal` whose text is short and has no exponent. A subclass may write
/// itself as it likes, so it is not asked.
fn own_digits(number: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let is_small = number.cast_exact::<PyInt>().is_ok_and(|int| int.extract::<i64>().is_ok());
    let is_known =
        is_small || number.get_type().is(DECIMAL.import(number.py(), "decimal", "Decimal")?);
    if !is_known {
        return Ok(None);
    }
    let text = number.str()?;
    Ok(text.to_str().ok().and_then(plainest))
}

/// A short number without the zeros behind its point that say nothing.
fn plainest(text: &str) -> Option<String> {
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let figures = whole.strip_prefix('-').unwrap_or(whole);
    if text.len() > SHORT || figures.is_empty() || !is_digits(figures) || !is_digits(part) {
        return None;
    }
    let part = part.trim_end_matches('0');
    Some(match (whole, part) {
        ("-0", "") => "0".to_owned(),
        (whole, "") => whole.to_owned(),
        (whole, part) => format!("{whole}.{part}"),
    })
}

/// The value that a caller claims, in its plainest spelling. What is no amount stays as it was
/// written: that it makes no sense is a finding of the decision, and no reason to lose the action.
pub(crate) fn amount(value: &Bound<'_, PyAny>) -> PyResult<Json> {
    if let Some(text) = own_digits(value)? {
        return Ok(Json::String(text));
    }
    let at = Place(vec![Some("value".to_owned())]);
    if let Ok(text) = value.cast_exact::<PyString>() {
        let text = read(text, &at)?;
        let plainest = text.parse::<Amount>().map(|amount| amount.to_string());
        return Ok(Json::String(plainest.unwrap_or(text)));
    }
    if value.is_instance_of::<PyBool>() {
        return Ok(Json::Bool(value.is_truthy()?));
    }
    digits(value, &at)
}
